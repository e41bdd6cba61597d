"""Is the champion better than the start model on the report set? Exact McNemar on the same problems."""

from __future__ import annotations

from tasks.core.files import ITEMS
from tasks.core.ledger import Ledger
from tasks.core.records import ItemResult
from tasks.core.refs import StepRef
from tasks.evaluate.statistics import mcnemar_exact, paired_counts
from tasks.report.entry import ReportEntry
from tasks.report.rounds import champion_of


def champion_p_value(ledger: Ledger, entries: list[ReportEntry]) -> float | None:
    """Two-sided p-value; None while the start model holds the title."""
    champion = champion_of([entry.report for entry in entries])
    if champion.round == 0:
        return None
    state = entries[-1].state
    first, last = (_report_items(ledger, model.evaluation) for model in (state.first, state.standing.champion))
    counts = paired_counts(first, last)
    return mcnemar_exact(counts.gained, counts.lost)


def _report_items(ledger: Ledger, evaluation: StepRef) -> list[ItemResult]:
    return [item for item in ITEMS.read(ledger, evaluation) if item.suite == "report"]
