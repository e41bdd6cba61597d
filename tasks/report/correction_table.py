"""The flow table: what revising does to the answers of the report set, a row a round. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report.rounds import RoundReport

_PREFIX = "report_revise_"
_TURN = "accuracy_t"
_AFTER = (
    ("wrong to right", "wrong_to_right"),
    ("right to wrong", "right_to_wrong"),
    ("p", "p_value"),
    ("right called right", "verdict_recall_right"),
    ("wrong called wrong", "verdict_recall_wrong"),
    ("draws", "budget"),
    ("their majority", "majority_at_budget"),
)
"""what stands behind the accuracies by turn: heads, and metrics of docs/metrics.md"""


def correction_rows(reports: Sequence[RoundReport]) -> list[tuple[str, ...]]:
    """Heads, then the round's number and texts of each round whose model was asked to revise; no row where none was.

    Accuracies by turn, moves as shares of all problems with the p-value of the exact McNemar test of the last turn
    against the first, what the model's own verdicts are worth, and the majority of as many draws as the chain's tokens
    pay for. `-` stands for what there is not.
    """
    asked = [report for report in reports if f"{_PREFIX}{_TURN}1" in report.metrics]
    if not asked:
        return []
    turns = max(_num_turns(report) for report in asked)
    columns = [(f"turn {turn}", f"{_TURN}{turn}") for turn in range(1, turns + 1)] + list(_AFTER)
    heads = ("round", *(head for head, _ in columns))
    return [heads, *((str(report.round), *(_cell(report, name) for _, name in columns)) for report in asked)]


def _num_turns(report: RoundReport) -> int:
    """The most attempts of a chain."""
    turns = (name.removeprefix(_PREFIX + _TURN) for name in report.metrics if name.startswith(_PREFIX + _TURN))
    return max(int(turn) for turn in turns if turn.isdigit())


def _cell(report: RoundReport, name: str) -> str:
    value = report.metrics.get(_PREFIX + name)
    if value is None:
        return "-"
    if name == "p_value":
        return f"{value:.2g}"
    return f"{value:.1f}" if name == "budget" else f"{100 * value:.1f} %"
