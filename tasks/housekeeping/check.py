"""Does every record's file exist, with the digest that the record promises?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infra.store.base import Store
from tasks.core.answer_folder import read_shard_records
from tasks.housekeeping.inventory import Inventory


def find_damage(store: Store, inventory: Inventory, progress: Callable[[int, int], None]) -> Iterator[str]:
    """What is wrong, one line each: damaged records, files that are missing or changed, damaged answers.

    Args:
        progress: told how many of how many steps are done.
    """
    yield from inventory.damaged
    for number, step in enumerate(inventory.steps):
        for file in step.ref.files:
            key = f"{step.ref.prefix}/{file.name}"
            if not store.verify(key, file.sha256, file.size_bytes):
                yield (
                    f"{key} is missing, or its content does not match the record's digest: run the experiment again, "
                    "only this step is computed anew"
                )
        progress(number + 1, len(inventory.steps))
    for item in inventory.answers:
        for key, shard in read_shard_records(store, item.prefix + "/"):
            table = key.removesuffix(".json") + ".parquet"
            if shard is None or not store.verify(table, shard.file.sha256, shard.file.size_bytes):
                damaged = key if shard is None else table
                yield f"{damaged} is missing or damaged: run the experiment again, what it answers is asked again"
