"""Copying an experiment into another store: a bucket that moves, or a backup of what a name holds.

What is published last is copied last, so a copy that a kill broke off holds no step that is not whole, and the same
command goes on. Files that a record promises are fetched and stored by the record's digest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from configs.errors import StoreError
from infra.store.base import Store
from infra.store.files import sha256_of
from infra.store.lease.claim import lease_key
from tasks.core.answer_folder import read_shard_records
from tasks.core.refs import FileRef
from tasks.housekeeping.inventory import Inventory
from tasks.housekeeping.steps import RECORD

LAST = ("/reports/", "/recipe.yaml")
"""what makes rounds, and the experiment, known: after all steps"""


@dataclass(frozen=True)
class Copied:
    """How many objects are now in the other store, and how many of them, with how many bytes, had to be sent."""

    num_objects: int
    num_sent: int
    num_bytes: int


def copy_experiment(source: Store, inventory: Inventory, target: Store, progress: Callable[[int, int], None]) -> Copied:
    """Copy everything that an experiment published.

    Args:
        inventory: of the experiment in `source`; nobody may write it meanwhile.
        progress: told how many of how many objects are done.

    Raises:
        StoreError: a file is damaged, or the other store holds another experiment of this name.
    """
    promised = dict(_promised(source, inventory))
    keys = sorted(_published(source, inventory.experiment), key=lambda key: (_rank(key, promised), key))
    num_sent = num_bytes = 0
    with tempfile.TemporaryDirectory(prefix="selfloop-copy-") as folder:
        for number, key in enumerate(keys):
            sent = _copy(source, target, key, promised.get(key), Path(folder) / "object")
            num_sent, num_bytes = num_sent + (sent is not None), num_bytes + (sent or 0)
            progress(number + 1, len(keys))
    return Copied(len(keys), num_sent, num_bytes)


def _published(store: Store, experiment: str) -> Iterator[str]:
    lease = lease_key(experiment)
    own = (lease, f"{lease.removesuffix('.json')}-claims/", f"{experiment}/damaged/")
    return (key for key in store.keys(f"{experiment}/") if not key.startswith(own))


def _promised(store: Store, inventory: Inventory) -> Iterator[tuple[str, FileRef]]:
    """Every file whose digest a record holds, by key."""
    for step in inventory.steps:
        for file in step.ref.files:
            yield f"{step.ref.prefix}/{file.name}", file
    for item in inventory.answers:
        for key, shard in read_shard_records(store, item.prefix + "/"):
            if shard is not None:
                yield key.removesuffix(".json") + ".parquet", shard.file


def _rank(key: str, promised: dict[str, FileRef]) -> int:
    """Files, then what says that they are there, then what says that rounds are finished."""
    if key in promised:
        return 0
    return 2 if any(part in key for part in LAST) else 1


def _copy(source: Store, target: Store, key: str, file: FileRef | None, scratch: Path) -> int | None:
    """Bring one object over; returns the bytes sent, None if it was there already."""
    if file is not None:
        if target.verify(key, file.sha256, file.size_bytes):
            return None
        source.get_file(key, scratch, file.sha256)
        target.put_file(key, scratch, file.sha256)
        return file.size_bytes
    content, there = source.read(key), target.read(key)
    if content is None or content == there:
        return None
    if there is not None and key.endswith(RECORD):
        raise StoreError(
            f"{target.uri} holds another experiment of this name: {key} differs there",
            "copy into another store, or remove what is there first",
        )
    scratch.write_bytes(content)
    target.put_file(key, scratch, sha256_of(scratch))
    return len(content)
