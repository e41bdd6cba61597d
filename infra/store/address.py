"""Open a store by its address: a folder, or S3. Called by the command line and the flows; imports boto3 only for S3.

To add a kind of store: a file like `folder.py`, an entry in SCHEMES.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from configs.errors import StoreError
from infra.store.base import Store
from infra.store.folder import FolderStore
from infra.store.keys import check_prefix

EXPECTED = "write a folder such as runs, or s3://bucket/prefix"


def open_store(uri: str) -> Store:
    """The store at an address.

    Args:
        uri: a path or file:///path (the folder is made if missing), or s3://bucket/prefix.

    Raises:
        StoreError: the address is none of these, or what stands there cannot be used.
    """
    if not uri.strip():
        raise StoreError("the address of the store is empty", fix=EXPECTED)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", uri)
    if scheme is None:
        return FolderStore(Path(uri))
    opener = SCHEMES.get(scheme[1].lower())
    if opener is None:
        raise StoreError(f"there is no kind of store for addresses that start with {scheme[0]}", fix=EXPECTED)
    return opener(uri)


def _parse_file(uri: str) -> Path:
    address = urlsplit(uri)
    if address.netloc not in ("", "localhost"):
        raise StoreError(f"{uri} names a host where a path is needed", fix="write three slashes: file:///path")
    return Path(unquote(address.path))


def _open_s3(uri: str) -> Store:
    bucket, _, prefix = uri.partition("://")[2].partition("/")
    if "@" in bucket:
        raise StoreError(
            "the address of an S3 store holds no credentials",
            fix="write s3://bucket/prefix, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if not bucket:
        raise StoreError(f"{uri} names no bucket", fix="write s3://bucket/prefix")
    prefix = prefix.rstrip("/")
    check_prefix(prefix, uri)
    from infra.store.s3.client import open_s3

    return open_s3(bucket, prefix)


SCHEMES: dict[str, Callable[[str], Store]] = {
    "file": lambda uri: FolderStore(_parse_file(uri)),
    "s3": _open_s3,
}
"""from what stands before `://`, in small letters, to what opens the whole address"""
