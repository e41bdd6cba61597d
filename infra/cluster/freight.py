"""Files of one errand on their way between the flow and a node: objects of the store, by content.

    freight = Freight(store, "EXPERIMENT/cluster/errands/NAME")
    sent = freight.send(folder, paths)          # one side
    freight.fetch(sent, folder)                 # the other

A saved state is a list of such files, `saved.json`, written when all of them are there: whoever does the errand next,
on whatever node, goes on from it. A node that was taken for lost, and is not, finds that it is no longer its own to
replace.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from configs.errors import StoreError
from infra.cluster.parcel import ParcelFile
from infra.store.base import Store
from infra.store.errors import DamagedObjectError
from infra.store.files import sha256_of

SAVED = "saved.json"


def send_file(store: Store, folder: str, root: Path, path: Path) -> ParcelFile:
    """One file below `root` as an object below `folder` of the store, put there unless its content is there."""
    sha256, size = sha256_of(path), os.path.getsize(path)
    key = f"{folder}/{sha256}"
    if not store.verify(key, sha256, size):
        store.put_file(key, path, sha256)
    return ParcelFile(path.relative_to(root).as_posix(), key, sha256, size)


class Freight:
    """What one errand has in the store.

    Args:
        folder: prefix of all of it.
    """

    def __init__(self, store: Store, folder: str) -> None:
        self._store, self.folder = store, folder
        self._saved: bytes | None = None

    def send(self, root: Path, paths: Iterable[Path]) -> tuple[ParcelFile, ...]:
        """Files below a folder, as objects of the store."""
        return tuple(send_file(self._store, self.folder, root, path) for path in paths)

    def send_all(self, root: Path) -> tuple[ParcelFile, ...]:
        """Every file below a folder, as objects of the store."""
        return self.send(root, sorted(path for path in root.rglob("*") if path.is_file()))

    def fetch(self, files: Iterable[ParcelFile], root: Path) -> None:
        """Have files below a folder.

        Raises:
            StoreError: one is missing, or damaged.
        """
        for file in files:
            self._store.get_file(file.key, root / file.name, file.sha256)

    def drop(self, files: Iterable[ParcelFile]) -> None:
        """Nobody fetches these any more."""
        for key in {file.key for file in files}:
            self._store.delete(key)

    def within(self, name: str) -> Freight:
        """A part of it, whose files are dropped without a look at those of the others."""
        return Freight(self._store, f"{self.folder}/{name}")

    def save(self, files: Sequence[ParcelFile]) -> None:
        """Have a state of these files, in place of the one that was brought back, or that was saved here before.

        Raises:
            StoreError: another machine has saved one since.
        """
        key, content = f"{self.folder}/{SAVED}", json.dumps([asdict(file) for file in files]).encode()
        is_ours = (
            self._store.put_new(key, content) if self._saved is None else self._store.replace(key, self._saved, content)
        )
        if not is_ours and self._store.read(key) != content:
            raise StoreError("another machine does this work now", "nothing: what it has saved is gone on from")
        before, self._saved = self._saved, content
        for gone in {file.key for file in _files(before)} - {file.key for file in files}:
            self._store.delete(gone)

    def bring_back(self, root: Path) -> None:
        """Have the files of the saved state below a folder; none where none was saved, or where it is not whole."""
        self._saved = self._store.read(f"{self.folder}/{SAVED}")
        try:
            self.fetch(_files(self._saved), root)
        except DamagedObjectError:
            shutil.rmtree(root, ignore_errors=True)

    def clear(self) -> None:
        """Nothing of it is needed any more."""
        for key in list(self._store.keys(f"{self.folder}/")):
            self._store.delete(key)


def _files(saved: bytes | None) -> tuple[ParcelFile, ...]:
    return tuple(ParcelFile(**file) for file in json.loads(saved)) if saved else ()
