"""Connect to an S3 bucket. Called by `open.py`.

Server and credentials come from the standard chain: `AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID`, profiles, roles.
"""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from infra.store.s3 import S3Store
from infra.store.s3_errors import explain_s3_error


def open_s3(bucket: str, prefix: str) -> S3Store:
    """The store below a prefix of a bucket, after one listing has shown that bucket and credentials work.

    Raises:
        StoreError: the bucket is missing, the server out of reach, or the credentials are missing or refused.
    """
    # Checksum headers are new in boto3 1.36 and refused by many servers (boto3 issue 4392); sha256 is ours to check.
    config = Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": 5},
        connect_timeout=10,
        max_pool_connections=20,
    )
    try:
        # A session of its own: boto3's default one keeps the first credentials it found.
        client = boto3.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        raise explain_s3_error(error, f"cannot open the store s3://{bucket}/{prefix}", bucket) from error
    store = S3Store(bucket, prefix, client)
    store.check()
    return store
