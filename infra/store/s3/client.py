"""Connect to an S3 bucket. Called by `address.py`.

Server and credentials come from the standard chain: `AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID`, profiles, roles.
"""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from infra.store.s3.errors import explain_s3_error
from infra.store.s3.store import S3Store


def open_s3(bucket: str, prefix: str) -> S3Store:
    """The store below a prefix of a bucket, after one listing has shown that bucket and credentials work.

    Raises:
        StoreError: the bucket is missing, the server out of reach, or the credentials are missing or refused.
    """
    try:
        # A session of its own: boto3's default one keeps the first credentials it found.
        client = boto3.Session().client("s3", config=client_config())
    except (BotoCoreError, ValueError) as error:
        raise explain_s3_error(error, f"cannot open the store s3://{bucket}/{prefix}", bucket) from error
    store = S3Store(bucket, prefix, client)
    store.check()
    return store


def client_config(silence_seconds: float = 20.0) -> Config:
    """How boto3 talks to the server.

    Args:
        silence_seconds: how long a server may say nothing before a try counts as failed.
    """
    return Config(
        # Checksum headers, new in boto3 1.36, are refused by many servers (boto3 issue 4392); we check sha256.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # Few quick tries: `patience.py` waits for a server that comes back. botocore's own tries end within a
        # second where nothing listens, and last 5 minutes by default where a server accepts and says nothing.
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=5,
        read_timeout=silence_seconds,
        max_pool_connections=20,
    )
