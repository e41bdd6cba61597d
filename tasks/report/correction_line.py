"""One line on self-correction below a table of rounds: what revising did to the answers of the report set. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.report.rounds import RoundReport

_PREFIX = "report_revise_"
ORACLE = "; oracle feedback: tests that grade were shown"


def correction_line(reports: Sequence[RoundReport]) -> str | None:
    """Of the last round whose model was asked to revise its answers; None where none was.

    `self-correction, round 2, report: 40.0 % -> 60.0 % (wrong to right 30.0 %, right to wrong 10.0 % of all); majority
    of 2.3 draws 47.3 %`
    """
    asked = [report for report in reports if f"{_PREFIX}accuracy_t1" in report.metrics]
    if not asked:
        return None
    known = {name.removeprefix(_PREFIX): value for name, value in asked[-1].metrics.items() if name.startswith(_PREFIX)}
    first, final, gained, lost = (
        f"{100 * known[name]:.1f} %" for name in ("accuracy_t1", "accuracy_final", "wrong_to_right", "right_to_wrong")
    )
    line = (
        f"self-correction, round {asked[-1].round}, report: {first} -> {final} "
        f"(wrong to right {gained}, right to wrong {lost} of all)"
    )
    line += ORACLE if "oracle_feedback" in known else ""
    if "majority_at_budget" not in known:
        return line
    return f"{line}; majority of {known['budget']:.1f} draws {100 * known['majority_at_budget']:.1f} %"
