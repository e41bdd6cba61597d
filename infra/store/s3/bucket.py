"""Create the bucket of an S3 store. Called by `flows/services/bootstrap.py`; a run itself never makes one."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.store.s3.errors import explain_s3_error, status_of

NOT_FOUND = 404
OURS_ALREADY = "BucketAlreadyOwnedByYou"


def ensure_bucket(bucket: str) -> bool:
    """Make the bucket unless it is there; True if it was made. Server and credentials come from the environment.

    Raises:
        StoreError: the server is out of reach, refuses the credentials, or the bucket is somebody else's.
    """
    action = f"cannot make the bucket {bucket}"
    try:
        client = boto3.Session().client("s3")
        action += f" (server {client.meta.endpoint_url})"
        try:
            client.head_bucket(Bucket=bucket)
            return False
        except ClientError as error:
            if status_of(error) != NOT_FOUND:
                raise
        region = client.meta.region_name
        # Amazon wants the region of every bucket named, but for its first region.
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
        client.create_bucket(Bucket=bucket, **place)
        return True
    except ClientError as error:
        if error.response["Error"].get("Code") == OURS_ALREADY:  # another bootstrap was faster
            return False
        raise explain_s3_error(error, action, bucket) from error
    except (BotoCoreError, ValueError) as error:
        raise explain_s3_error(error, action, bucket) from error
