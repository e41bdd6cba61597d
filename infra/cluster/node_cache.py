"""Models on the disk of a node, by their content: each is fetched once, however many sessions and experiments use it.

    cache = NodeCache(node_folder() / "models", store)
    files = cache.unpack(parcel)      # a ModelFiles; its folders stay as long as this process lives

A folder is fetched by one process of the node while the others wait for it (flock), and appears whole. Whoever uses it
holds a shared lock on it. What nobody has used for longest goes where there is more than the limit.

    SELFLOOP_NODE_CACHE      the folder, by default ~/.cache/selfloop; models lie in its folder models
    SELFLOOP_NODE_CACHE_GIB  what may lie there, by default 200
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from configs.errors import EngineError
from infra.cluster.parcel import ModelParcel, ParcelFile, digest_of
from infra.engines.models.model_files import ModelFiles
from infra.process.locks import held, hold
from infra.store.base import Store
from infra.store.errors import explain_os_error

FOLDER_VARIABLE = "SELFLOOP_NODE_CACHE"
GIB_VARIABLE = "SELFLOOP_NODE_CACHE_GIB"
DEFAULT_GIB = 200.0


def node_folder() -> Path:
    """What a node keeps for runs, whoever they belong to."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path.home() / ".cache/selfloop").absolute()


def limit_bytes() -> int:
    """How much of them may lie there.

    Raises:
        EngineError: the variable is no number.
    """
    told = os.environ.get(GIB_VARIABLE) or str(DEFAULT_GIB)
    try:
        return int(float(told) * 2**30)
    except (ValueError, OverflowError):
        raise EngineError(f"{GIB_VARIABLE}={told} is no number", "write how many GiB models may take") from None


class NodeCache:
    """The models of one node, for one process of it.

    Args:
        folder: made if missing.
    """

    def __init__(self, folder: Path, store: Store) -> None:
        self._folder, self._store = folder, store
        self._held: dict[str, int] = {}

    def unpack(self, parcel: ModelParcel) -> ModelFiles:
        """The model's folders, fetched and verified where they are not here yet.

        Raises:
            StoreError: the store does not give a file, or the disk is full.
            EngineError: what was fetched is no model.
        """
        model = ModelFiles(
            weights=self.folder(parcel.weights),
            adapter=self.folder(parcel.adapter) if parcel.adapter else None,
            probe=self.folder(parcel.probe) / parcel.probe[0].name if parcel.probe else None,
            **parcel.settings,
        )
        model.check()
        return model

    def folder(self, files: Sequence[ParcelFile]) -> Path:
        """A folder of these files, fetched and verified where it is not here yet; StoreError as of `unpack`."""
        digest = digest_of(files)
        place = self._folder / digest
        if digest not in self._held:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with held(_lock_of(place)):
                    if not place.is_dir():
                        self._fill(place, files)
                    self._held[digest] = hold(place, shared=True)
            except OSError as error:
                raise explain_os_error(error, f"cannot fetch a model into {place}", self._folder) from error
            self._make_room()
        os.utime(place)
        return place

    def close(self) -> None:
        """Nothing of it is used any more."""
        while self._held:
            os.close(self._held.popitem()[1])

    def _fill(self, place: Path, files: Sequence[ParcelFile]) -> None:
        """Fetch into a folder beside it, which then gets its name."""
        growing = place.with_suffix(".part")
        shutil.rmtree(growing, ignore_errors=True)  # of a process that was killed: this one holds the lock
        for file in files:
            self._store.get_file(file.key, growing / file.name, file.sha256)
        growing.rename(place)

    def _make_room(self) -> None:
        """Remove what was not used for longest and is not used now, until the rest fits."""
        found = sorted(
            (path for path in self._folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
        )
        excess = sum(map(_size, found)) - limit_bytes()
        for path in found:
            if excess <= 0:
                return
            with contextlib.suppress(OSError), held(_lock_of(path), waits=False), held(path, waits=False):
                excess -= _size(path)  # where somebody uses it, a lock was refused
                path.rename(path.with_suffix(".part"))
                shutil.rmtree(path.with_suffix(".part"))


def _lock_of(place: Path) -> Path:
    return place.with_suffix(".lock")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
