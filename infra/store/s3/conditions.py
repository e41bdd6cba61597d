"""Ask an S3 server once whether it enforces conditional writes. Called by `store.py`; many servers ignore the headers.

A server without conditional writes ignores the header, or refuses the write in a way of its own: 400, 403, 404, 405,
501. What a refusal means, the same write without the header shows: where it goes through right after, the header was
refused; where it does not, access is, and that is told as what it is. A store that is taken for one without conditions
by mistake would lose its guard against a second writer.
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
OF_THE_MOMENT = (408, 409, 425, 429)
"""answers about this moment, which say nothing about the header"""


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

    def plainly() -> None:
        client.put_object(**probe)

    try:
        return Conditions(
            create=_is_refused(lambda: client.put_object(**probe, IfNoneMatch="*"), plainly),
            replace=_is_refused(lambda: client.put_object(**probe, IfMatch=f'"{"0" * 32}"'), plainly),
        )
    finally:
        client.delete_object(Bucket=bucket, Key=probe["Key"])


def _is_refused(write: Callable[[], Any], plainly: Callable[[], None]) -> bool:
    """Whether the server refuses a write because its condition does not hold.

    Args:
        plainly: the same write without a condition.

    Raises:
        ClientError: it refuses the write for another reason than its header.
    """
    try:
        write()
    except ClientError as error:
        if status_of(error) == PRECONDITION_FAILED:
            return True
        if not _may_mean_the_header(status_of(error)):
            raise
        try:
            plainly()
        except ClientError:
            raise error from None
    return False


def _may_mean_the_header(status: int) -> bool:
    return status == NOT_IMPLEMENTED or (400 <= status < 500 and status not in OF_THE_MOMENT)
