"""A store in a folder: one file an object, at ROOT/KEY. Opened by `address.py`; the default of a run without services.

Objects are written to ROOT/.selfloop, synced, then renamed into place. Everything that changes an object does so under
one lock (flock on ROOT/.selfloop/lock), so `put_new` and `replace` are atomic between threads and processes. `put_new`
makes a hard link besides, which is exclusive even on network file systems where flock is local to a machine.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.store.base import Upload
from infra.store.errors import changed_file, damaged_object, explain_os_error, missing_object
from infra.store.files import (
    TEMPORARY_PREFIX,
    copy_durably,
    make_folders,
    move_into_place,
    sha256_of,
    sync_folder,
    temporary_in,
    write_durably,
)
from infra.store.keys import RESERVED, check_key, check_prefix, is_reserved

ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
STALE_SECONDS = 3600.0
"""Age of its last write at which a temporary is what a killed process left; a live one is written all the time."""


class FolderStore:
    """Objects below one folder; the folder is made if missing. See `base.Store` for the methods."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.uri = str(self.root)
        self._own = self.root / RESERVED
        try:
            make_folders(self.root)
        except OSError as error:
            raise explain_os_error(error, f"cannot open the store {self.uri}", self.root.parent) from error
        self._sweep()

    def excludes_writers(self) -> bool:
        return True

    def put_file(self, key: str, path: Path, sha256: str) -> None:
        target = self._path(key)
        with self._attempt("store", key), temporary_in(self._own) as temporary:
            found = copy_durably(path, temporary)
            if found != sha256:
                raise changed_file(key, self.uri, path, expected=sha256, found=found)
            self._publish(temporary, target)

    def get_file(self, key: str, path: Path, sha256: str) -> None:
        target = self._path(key)
        with self._attempt("fetch", key, place=path.parent), temporary_in(path.parent) as temporary:
            try:
                found = copy_durably(target, temporary)
            except ABSENT as error:
                raise missing_object(key, self.uri) from error
            if found != sha256:
                raise damaged_object(key, self.uri, expected=sha256, found=found)
            move_into_place(temporary, path)

    def verify(self, key: str, sha256: str, size_bytes: int) -> bool:
        path = self._path(key)
        with self._attempt("verify", key), suppress(*ABSENT):
            return path.stat().st_size == size_bytes and sha256_of(path) == sha256
        return False

    def read(self, key: str) -> bytes | None:
        path = self._path(key)
        with self._attempt("read", key), suppress(*ABSENT):
            return path.read_bytes()
        return None

    def put_new(self, key: str, content: bytes) -> bool:
        path = self._path(key)
        with self._attempt("create", key), temporary_in(self._own) as temporary:
            write_durably(temporary, content)
            make_folders(path.parent)
            with self._locked():
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
                is_new = _link(temporary, path)
            sync_folder(path.parent)
            return is_new

    def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        with self._attempt("store", key), temporary_in(self._own) as temporary:
            write_durably(temporary, content)
            self._publish(temporary, path)

    def replace(self, key: str, expected: bytes, content: bytes) -> bool:
        path = self._path(key)
        with self._attempt("replace", key), temporary_in(self._own) as temporary:
            write_durably(temporary, content)
            with self._locked():
                if self.read(key) != expected:
                    return False
                move_into_place(temporary, path)
                return True

    def keys(self, prefix: str) -> Iterator[str]:
        check_prefix(prefix, self.uri)
        folder = self.root / prefix.rpartition("/")[0]
        with self._attempt("list", prefix):
            found = [(Path(parent) / name).relative_to(self.root).as_posix() for parent, name in _walk(folder)]
        yield from sorted(key for key in found if key.startswith(prefix) and not is_reserved(key))

    def move(self, key: str, to: str) -> None:
        path, target = self._path(key), self._path(to)
        with self._attempt("move", key), suppress(*ABSENT):
            if not path.is_file():
                return
            self._publish(path, target)
            sync_folder(path.parent)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._attempt("delete", key), suppress(*ABSENT), self._locked():
            path.unlink()
            sync_folder(path.parent)

    def uploads(self, prefix: str) -> list[Upload]:
        return []

    def remove_upload(self, upload: Upload) -> None:
        """Nothing to do: there are none."""

    def _path(self, key: str) -> Path:
        check_key(key, self.uri)
        return self.root / key

    def _publish(self, temporary: Path, path: Path) -> None:
        make_folders(path.parent)
        with self._locked():
            move_into_place(temporary, path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_folders(self._own)
        with (self._own / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _attempt(self, verb: str, key: str, place: Path | None = None) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explain_os_error(error, f"cannot {verb} {key!r} in {self.uri}", place or self.root) from error

    def _sweep(self) -> None:
        """Remove what killed processes left. A store that may only be read keeps it: it is never listed."""
        with suppress(OSError):
            for path in self._own.glob(f"{TEMPORARY_PREFIX}*"):
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()


def _link(temporary: Path, path: Path) -> bool:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP):
            raise
        if path.exists():
            return False
        os.replace(temporary, path)  # a file system without hard links: the lock alone has to do
    return True


def _walk(folder: Path) -> Iterator[tuple[str, str]]:
    def refuse(error: OSError) -> None:
        if not isinstance(error, ABSENT):
            raise error

    for parent, _folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        yield from ((parent, name) for name in names)
