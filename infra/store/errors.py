"""The errors both kinds of store raise: each names the store, the key and the fix."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from configs.errors import StoreError

FULL_BYTES = 1 << 20
"""less free space than this counts as a full disk once something has failed"""


class DamagedObjectError(StoreError):
    """An object is missing, or its content is not what its record promises."""


def missing_object(key: str, uri: str) -> DamagedObjectError:
    """The error for an object that should be there."""
    return DamagedObjectError(
        f"{key!r} is not in the store {uri}", fix="restore it from a copy, or run the step that makes it"
    )


def damaged_object(key: str, uri: str, expected: str, found: str) -> DamagedObjectError:
    """The error for an object whose content is not what its record promises."""
    return DamagedObjectError(
        f"{key!r} in the store {uri} is damaged: its record promises sha256 {expected}, its content has {found}",
        fix="restore it from a copy, or run again: the step that made it is computed anew",
    )


def changed_file(key: str, uri: str, path: Path, expected: str, found: str) -> StoreError:
    """The error for a local file that is not what its digest says at the time it is stored."""
    return StoreError(
        f"cannot store {key!r} in {uri}: {path} has sha256 {found}, not {expected} as announced",
        fix="let nothing write to the file while it is stored, and run again",
    )


def explain_full_disk(error: Exception, action: str, folder: Path) -> StoreError | None:
    """The error to raise if work in a folder failed because its disk is full; None if it failed for another reason.

    Libraries and child processes report a full disk in words of their own, so the disk itself is asked as well.
    """
    if isinstance(error, StoreError):
        return None
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return explain_os_error(error, action, folder)
    try:
        is_full = shutil.disk_usage(folder).free < FULL_BYTES
    except OSError:
        return None
    reason, fix = _reasons(folder)[errno.ENOSPC]
    first = next(iter(str(error).splitlines()), type(error).__name__)
    return StoreError(f"{action}: {reason}; what failed: {first}", fix=fix) if is_full else None


def explain_os_error(error: OSError, action: str, place: Path) -> StoreError:
    """The error to raise for an operating system's error.

    Args:
        action: what failed, with key and store, such as "cannot store 'a/b' in /data/store".
        place: the folder that was written to, for errors that name no file themselves (a full disk does not).
    """
    if isinstance(error.filename, str):
        place = Path(error.filename).parent
    reason, fix = _reasons(place).get(error.errno or 0, (error.strerror or str(error), f"look at {place}"))
    return StoreError(f"{action}: {reason}", fix=fix)


def _reasons(place: Path) -> dict[int, tuple[str, str]]:
    full = f"free space on the file system of {place}, or choose another place; then run the same command again"
    access = f"give this user the right to read and write in {place}, or choose another place"
    blocked = f"move away the file or folder that is in the way below {place}"
    return {
        errno.ENOSPC: ("the disk is full", full),
        errno.EDQUOT: ("the disk quota is used up", full),
        errno.EFBIG: ("the file is larger than this process may write", "raise the limit: ulimit -f unlimited"),
        errno.EACCES: ("permission denied", access),
        errno.EPERM: ("operation not permitted", access),
        errno.EROFS: ("the file system is read-only", f"mount it writable, or choose another place than {place}"),
        errno.ENOTDIR: ("a file stands where a folder is needed", blocked),
        errno.EEXIST: ("a file stands where a folder is needed", blocked),
        errno.EISDIR: ("a folder stands where a file is needed", blocked),
        errno.ENAMETOOLONG: ("the name is too long for the file system", "shorten the experiment's name"),
        errno.EXDEV: (
            "part of the store lies on another file system",
            f"keep everything below {place} on one file system (no links or mounts inside a store)",
        ),
    }
