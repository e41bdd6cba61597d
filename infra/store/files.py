"""Files that appear whole or not at all: temporary, fsync, rename, fsync of the folder. Both stores write by these."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 1 << 20
TEMPORARY_PREFIX = ".tmp-"


@contextmanager
def temporary_in(folder: Path) -> Iterator[Path]:
    """A free path in a folder (made if missing) for one file; what is there at the end is removed."""
    make_folders(folder)
    path = folder / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def write_durably(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it."""
    with path.open("xb") as file:
        file.write(content)
        _flush(file)


def replace_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; what was there before is replaced."""
    with temporary_in(path.parent) as temporary:
        write_durably(temporary, content)
        move_into_place(temporary, path)


def copy_durably(source: Path, path: Path) -> str:
    """Copy into a new file, wait until the disk has it, and return the sha256 of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, path.open("xb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            digest.update(chunk)
            writer.write(chunk)
        _flush(writer)
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def move_into_place(temporary: Path, path: Path) -> None:
    """Rename a finished temporary over its target; the folder of the target exists."""
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Wait until the disk has a file that another library wrote."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def make_folders(folder: Path) -> None:
    """Make a folder and its parents so that they survive a crash."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has a folder's list of names."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems have no fsync for folders; there the rename itself is what they promise.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
