"""Turn the errors of boto3 into ones that name the address and the fix, without credentials. Called by `store.py`."""

from __future__ import annotations

import re

from boto3.exceptions import Boto3Error
from botocore import exceptions
from botocore.exceptions import ClientError

from configs.errors import StoreError

PRECONDITION_FAILED = 412
CONFLICT = 409

CREDENTIALS_IN_ADDRESS = re.compile(r"//[^/@\s]*@")

NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.ProfileNotFound,
)
NO_SERVER = (exceptions.HTTPClientError, exceptions.ConnectionError)
REFUSED_CREDENTIALS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken")
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired")
WRONG_CLOCK = ("RequestTimeTooSkewed",)
WRONG_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")


def status_of(error: ClientError) -> int:
    """The HTTP status of the server's answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def find_answer(error: BaseException) -> ClientError | None:
    """The server's answer that an error is, or was raised for: boto3's transfers wrap it. Any other error may be raised
    while an answer is dealt with (a lost connection, as what stands in a write's way is looked at), and is its own."""
    found = error.__context__ if isinstance(error, Boto3Error) else error
    return found if isinstance(found, ClientError) else None


def is_missing(error: ClientError) -> bool:
    """True if there is no such object (and not: no such bucket)."""
    return error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound")


def explain_s3_error(error: Exception, action: str, bucket: str) -> StoreError:
    """The error to raise instead.

    Args:
        action: what failed, with address, such as "cannot open the store s3://bucket (server http://host:9000)".
    """
    answer = find_answer(error)
    reason, fix = _explain_answer(answer, bucket) if answer else _explain_failure(error)
    return StoreError(CREDENTIALS_IN_ADDRESS.sub("//", f"{action}: {reason}"), fix=fix)


def _explain_failure(error: Exception) -> tuple[str, str]:
    if isinstance(error, NO_CREDENTIALS):
        return "no usable credentials were found", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if isinstance(error, NO_SERVER):
        return "the server cannot be reached", "start the server, or set AWS_ENDPOINT_URL_S3 to its address"
    if isinstance(error, (exceptions.IncompleteReadError, ConnectionError, TimeoutError)):
        return "the server's answers break off", "see the server's log and the network, then run again"
    if isinstance(error, exceptions.ParamValidationError):
        return "the name of the bucket is not valid", "write s3://bucket/prefix with the name of an existing bucket"
    return f"{type(error).__name__}: {error}", "check AWS_ENDPOINT_URL_S3, the credentials and the bucket"


def _explain_answer(error: ClientError, bucket: str) -> tuple[str, str]:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code == "NoSuchBucket":
        return f"there is no bucket {bucket!r}", f"create it (aws s3 mb s3://{bucket}), or correct the store's address"
    # An answer to HEAD has no body, so of an expired token nothing but the status is seen there.
    if code in EXPIRED or (error.operation_name == "HeadObject" and status_of(error) == 400):
        return "the credentials have expired", (
            "get new ones (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or `aws sso login`), "
            "then run the same command again: it goes on from here"
        )
    if code in WRONG_CLOCK:
        return "the clocks of this machine and of the server differ too much", "set this machine's clock (NTP)"
    if code in REFUSED_CREDENTIALS:
        return "the server does not accept the credentials", "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if code in WRONG_REGION:
        return "the bucket lives in another region", "set AWS_DEFAULT_REGION to the region of the bucket"
    if code == "AccessDenied" or status_of(error) == 403:
        rights = "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject"
        return "access denied", f"grant these credentials {rights} on the bucket {bucket!r}"
    return f"the server answered {status_of(error)} {code}: {message}", "see the server's log, then run again"
