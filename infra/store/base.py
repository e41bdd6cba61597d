"""What a store can do. Two kinds exist: a folder (`folder.py`) and S3 (`s3/store.py`); `address.py` picks by address.

A store maps keys (`a/b/c`, relative, no `..`) to bytes. Objects are never seen half-written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Upload:
    """A file's upload in parts that has begun and not ended: it shows no object, and its parts take up room.

    Attributes:
        key: what would be stored.
        id: the server's name for it.
        started_at: by the server's clock.
    """

    key: str
    id: str
    started_at: datetime


class Store(Protocol):
    """Objects by key. Every method raises StoreError with the store's address, the key and a fix when it fails."""

    uri: str
    """address without credentials: an absolute folder path, or s3://bucket/prefix"""

    def excludes_writers(self) -> bool:
        """True if `put_new` and `replace` hold between writers at the same time. False on S3 servers that ignore
        If-None-Match or If-Match: there both look first and write then."""

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        """Store a file under a key, whole or not at all, replacing what was there. Large files go in parts."""

    def get_file(self, key: str, path: Path, sha256: str) -> None:
        """Fetch an object into a file (parents are made; whole or not at all).

        Raises:
            StoreError: the object is missing, or its content is not what `sha256` promises: the message names
                the key and both digests.
        """

    def verify(self, key: str, sha256: str, size_bytes: int) -> bool:
        """True if the object is there and sound, as far as can be told without a download: a folder reads it
        whole, S3 compares size and the digest kept in its metadata."""

    def read(self, key: str) -> bytes | None:
        """A small object's bytes; None if there is none."""

    def put_new(self, key: str, content: bytes) -> bool:
        """Create a small object if the key is free; False, and nothing changed, if it is taken."""

    def put(self, key: str, content: bytes) -> None:
        """Create or replace a small object."""

    def replace(self, key: str, expected: bytes, content: bytes) -> bool:
        """Replace a small object if it still holds `expected`; False, and nothing changed, otherwise."""

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys that start with a prefix, sorted."""

    def move(self, key: str, to: str) -> None:
        """Give an object another key, replacing what was there; nothing happens if there is no object. A move that
        is broken off leaves the object under the old key, or under both."""

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""

    def uploads(self, prefix: str) -> list[Upload]:
        """Uploads to keys that start with a prefix, oldest first: those of now, and those that a kill broke off. A
        folder has none; it removes its own temporaries when it is opened."""

    def remove_upload(self, upload: Upload) -> None:
        """Remove the parts of an upload; nothing happens if it has ended."""
