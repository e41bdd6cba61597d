"""What became of each held-out problem in a round, read back from the store. Used where MLflow is written."""

from __future__ import annotations

from configs.errors import StoreError
from tasks.core.files import HELD_OUT, ITEMS
from tasks.core.ledger import Ledger
from tasks.evaluate.stage import EVALUATE
from tasks.housekeeping.steps import find_step
from tasks.report.entry import ReportEntry, find_entry
from tasks.report.item_changes import ItemChange, item_changes


def read_changes(ledger: Ledger, entry: ReportEntry) -> list[ItemChange]:
    """Each problem with what the round's candidate and the model that it had to beat made of it.

    Empty where the round evaluated nothing, or where its results were cleared away.
    """
    prefix = entry.report.steps.get(EVALUATE.name)
    if prefix is None:
        return []
    try:
        problems = {
            suite: {row.id: row for row in table.read(ledger, entry.state.problems)}
            for suite, table in HELD_OUT.items()
        }
        now = list(ITEMS.read(ledger, find_step(ledger.store, prefix)))
        beaten = _evaluation_of_beaten(ledger, entry)
        before = list(ITEMS.read(ledger, find_step(ledger.store, beaten))) if beaten else []
    except StoreError:
        return []
    return item_changes(problems, now, before)


def _evaluation_of_beaten(ledger: Ledger, entry: ReportEntry) -> str | None:
    """Prefix of the evaluation of the model that the round started from."""
    for round in range(entry.report.round - 1, -1, -1):
        earlier = find_entry(ledger.store, entry.report.experiment, round)
        if earlier is not None and earlier.report.candidate == entry.report.incumbent:
            return earlier.report.steps.get(EVALUATE.name)
    return None
