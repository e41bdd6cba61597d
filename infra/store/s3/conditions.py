"""Ask an S3 server once whether it enforces conditional writes. Called by `s3.py`; many servers ignore the headers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.store.keys import RESERVED
from infra.store.s3.errors import PRECONDITION_FAILED, status_of

UNSUPPORTED = (400, 501)
"""Answers of servers that refuse the header itself; the same write without it went through just before."""


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
    try:
        write()
    except ClientError as error:
        if status_of(error) in UNSUPPORTED:
            return False
        if status_of(error) == PRECONDITION_FAILED:
            return True
        raise
    return False
