"""Which keys a store accepts. Both kinds of store call this before they touch anything."""

from __future__ import annotations

from configs.errors import StoreError

RESERVED = ".selfloop"
"""First part of the keys a store keeps for itself: temporaries, the lock, the probe of an S3 server."""


def check_key(key: str, store_uri: str) -> None:
    """Refuse a key that could leave the store or that the two kinds of store would read differently.

    Raises:
        StoreError: naming the key, the store and the offending part.
    """
    reason = _find_fault(key)
    if reason:
        raise StoreError(
            f"{key!r} is no key for the store {store_uri}: {reason}",
            fix="write a relative key such as experiment/round-001/judge/record.json",
        )


def check_prefix(prefix: str, store_uri: str) -> None:
    """Refuse a prefix that no accepted key can start with; the empty prefix and a last `/` are fine."""
    if prefix:
        check_key(prefix.removesuffix("/"), store_uri)


def is_reserved(key: str) -> bool:
    """True for keys a store keeps for itself; they are never listed."""
    return key.split("/", 1)[0] == RESERVED


def _find_fault(key: str) -> str | None:
    parts = key.split("/")
    if not key:
        return "it is empty"
    if "\\" in key or not key.isprintable():
        return "it has a backslash or a control character"
    if key.startswith("/"):
        return "it is absolute"
    if "" in parts:
        return "it has an empty part"
    if "." in parts or ".." in parts:
        return "it has a part '.' or '..'"
    if is_reserved(key):
        return f"{RESERVED}/ belongs to the store itself"
    return None
