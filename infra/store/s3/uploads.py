"""Uploads that a kill broke off: find them, remove them. Called by housekeeping.

A multipart upload that never ended shows no object, but a server keeps its parts and may charge for them. A folder has
none: it removes its own temporaries when it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.store.base import Store

DAY_SECONDS = 86400.0


@dataclass(frozen=True)
class Upload:
    """A multipart upload that has not ended.

    Attributes:
        key: what would have been stored, relative to the store.
        id: the server's name for it.
        started_at: by the server's clock.
    """

    key: str
    id: str
    started_at: datetime


def abandoned_uploads(store: Store, older_than_seconds: float = DAY_SECONDS) -> list[Upload]:
    """Uploads of the store's prefix that began long ago and have not ended, oldest first.

    Args:
        older_than_seconds: must exceed what the largest file takes, else a live upload looks abandoned.

    Raises:
        StoreError: the server cannot be asked, or does not list uploads.
    """
    if not store.uri.startswith("s3://"):
        return []
    from infra.store.s3.store import S3Store

    assert isinstance(store, S3Store)
    latest = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
    found = (Upload(*fields) for fields in store.list_uploads())
    return sorted((one for one in found if one.started_at <= latest), key=lambda one: (one.started_at, one.key))


def remove_uploads(store: Store, uploads: Iterable[Upload]) -> int:
    """Remove the parts of uploads; returns how many uploads. One that ended meanwhile is left alone.

    Raises:
        StoreError: the server cannot be reached, or refuses (s3:AbortMultipartUpload is needed).
    """
    from infra.store.s3.store import S3Store

    count = 0
    for upload in uploads:
        assert isinstance(store, S3Store), f"{store.uri} has no uploads"
        store.abort_upload(upload.key, upload.id)
        count += 1
    return count
