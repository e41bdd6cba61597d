"""Removing steps in an order that a kill at any moment leaves sound.

First the note that a round loses steps, so that the loop goes on behind it; then its answers, as long as its steps tell
the next housekeeping of them; then for each step its record, and its files after that: no record, no step. What a kill
leaves of files is an abandoned upload to the next housekeeping.
"""

from __future__ import annotations

from collections.abc import Callable

from infra.store.base import Store
from tasks.core.shared import note_key
from tasks.housekeeping.cleared import Cleared, write_cleared
from tasks.housekeeping.inventory import Inventory
from tasks.housekeeping.retention import Removal
from tasks.housekeeping.steps import RECORD
from tasks.promote.records import utc_now


def remove(store: Store, inventory: Inventory, removal: Removal, by: str, guard: Callable[[], None]) -> None:
    """Remove it.

    Args:
        guard: called before every step and every folder; raises when the experiment's lease was lost.
    """
    for round, steps in sorted(removal.rounds.items()):
        guard()
        model = inventory.entries[round].model
        note = Cleared(
            round=round, digest=model.digest if model else None, steps=tuple(step.ref.prefix for step in steps),
            by=by, at=utc_now(),
        )  # fmt: skip
        write_cleared(store, inventory.experiment, note)
    for item in removal.answers:
        guard()
        store.delete(note_key("answers", item.prefix.rpartition("/")[2], item.prefix))
        for key in sorted(item.keys, key=lambda key: not key.endswith(".json")):
            store.delete(key)
    for step in removal.steps():
        guard()
        store.delete(note_key("steps", step.ref.key, step.ref.prefix))
        store.delete(step.ref.prefix + RECORD)
        for key in list(store.keys(step.ref.prefix + "/")):
            store.delete(key)
    for left in removal.abandoned:
        guard()
        for key in left.keys:
            store.delete(key)
