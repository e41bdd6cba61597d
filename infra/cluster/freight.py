"""Files of one errand on their way between the flow and a node: objects of the store, by content.

    freight = Freight(store, "EXPERIMENT/cluster/errands/NAME")
    sent = freight.send(folder, paths)          # one side
    freight.fetch(sent, folder)                 # the other

A saved state is a list of such files, `saved.json`, written when all of them are there: whoever does the errand next,
on whatever node, goes on from it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

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

    def send(self, root: Path, paths: Iterable[Path]) -> tuple[ParcelFile, ...]:
        """Files below a folder, as objects of the store."""
        return tuple(send_file(self._store, self.folder, root, path) for path in paths)

    def fetch(self, files: Iterable[ParcelFile], root: Path) -> None:
        """Have files below a folder.

        Raises:
            StoreError: one is missing, or damaged.
        """
        for file in files:
            self._store.get_file(file.key, root / file.name, file.sha256)

    def save(self, files: Sequence[ParcelFile], before: Sequence[ParcelFile]) -> None:
        """Have a state of these files, in place of one that was saved before."""
        self._store.put(f"{self.folder}/{SAVED}", json.dumps([asdict(file) for file in files]).encode())
        for key in {file.key for file in before} - {file.key for file in files}:
            self._store.delete(key)

    def bring_back(self, root: Path) -> tuple[ParcelFile, ...]:
        """The files of the saved state, which lie below a folder afterwards; none where none was saved, or where it
        is not whole."""
        found = self._store.read(f"{self.folder}/{SAVED}")
        files = tuple(ParcelFile(**file) for file in json.loads(found)) if found else ()
        try:
            self.fetch(files, root)
        except DamagedObjectError:
            shutil.rmtree(root, ignore_errors=True)
            return ()
        return files

    def clear(self) -> None:
        """Nothing of it is needed any more."""
        for key in list(self._store.keys(f"{self.folder}/")):
            self._store.delete(key)
