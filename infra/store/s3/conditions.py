"""Ask an S3 server once whether it enforces conditional writes. Called by `s3.py`; many servers ignore the headers.

A server without conditional writes either ignores the header, or says that it does not know it: 501, or 400 with a code
that speaks of the request's form. Every other refusal (403, 404, 405, 409, a 400 of another kind) is an error of access
and is told as one: a store that is taken for one without conditions loses its guard against a second writer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.store.keys import RESERVED
from infra.store.s3.errors import PRECONDITION_FAILED, status_of

NOT_IMPLEMENTED = 501
UNKNOWN_HEADER = ("InvalidArgument", "InvalidRequest", "NotImplemented", "UnsupportedArgument", "UnsupportedHeader", "BadRequest", "")
"""codes of a 400 that may mean the header itself; the same write without it went through just before"""


@dataclass(frozen=True)
class Conditions:
    """Which conditions the server enforces."""

    create: bool
    """`If-None-Match: *`: only if there is no object"""
    replace: bool
    """`If-Match: ETAG`: only if the object is the one seen before"""


def probe_conditions(client: Any, bucket: str, prefix: str) -> Conditions:
    """Write a probe object, try to overwrite it under conditions that do not hold, and remove it."""
    probe = {"Bucket": bucket, "Key": f"{prefix}{RESERVED}/probe-{uuid.uuid4().hex}", "Body": b"probe"}
    client.put_object(**probe)
    try:
        return Conditions(
            create=_is_refused(lambda: client.put_object(**probe, IfNoneMatch="*")),
            replace=_is_refused(lambda: client.put_object(**probe, IfMatch=f'"{"0" * 32}"')),
        )
    finally:
        client.delete_object(Bucket=bucket, Key=probe["Key"])


def _is_refused(write: Callable[[], Any]) -> bool:
    """Whether the server refuses a write whose condition does not hold, for that reason.

    Raises:
        ClientError: it refuses it for another.
    """
    try:
        write()
    except ClientError as error:
        if status_of(error) == PRECONDITION_FAILED:
            return True
        if _knows_no_conditions(error):
            return False
        raise
    return False


def _knows_no_conditions(error: ClientError) -> bool:
    code = error.response["Error"].get("Code", "")
    return status_of(error) == NOT_IMPLEMENTED or (status_of(error) == 400 and code in UNKNOWN_HEADER)
