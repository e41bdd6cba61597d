"""What became of one run within the budget: its rounds over what they took, and the model that counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from configs.schema.study import Budget
from tasks.report.rounds import RoundReport
from tasks.study.spending import NOTHING, Spent, may_go_on, spent_in

SHOWN = ("distinct_rate", "mean_tokens", "truncated_rate")
"""numbers of the last round's samples that the table shows"""


@dataclass(frozen=True)
class Point:
    """A round: what was spent up to it, and how its model does.

    Attributes:
        accuracy: greedy, on the report set; of the model before, where the round made none.
        action: what was decided of it.
        elsewhere: scores of its model on other tasks (`evaluate.benchmarks`), by name; empty where it was not asked.
    """

    round: int
    spent: Spent
    accuracy: float
    action: str
    metrics: Mapping[str, float] = field(repr=False)
    elsewhere: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """One run.

    Attributes:
        points: rounds within the budget, from round 0; never empty.
        note: what a reader has to know, such as why it ended early.
    """

    points: tuple[Point, ...]
    note: str = ""

    @property
    def first(self) -> Point:
        return self.points[0]

    def counted(self, score: Literal["last", "champion"]) -> Point:
        """The round whose model counts."""
        if score == "last":
            return self.points[-1]
        standing = [point for point in self.points if point.action in ("baseline", "promote")]
        return max(standing, key=lambda point: (point.metrics["select_accuracy"], -point.round))

    def elsewhere(self) -> dict[str, tuple[float, float]]:
        """By benchmark: the score of the newest model that was asked, and how far it is from that of round 0."""
        before = self.first.elsewhere
        asked = [point.elsewhere for point in self.points if point.elsewhere]
        return (
            {name: (value, value - before[name]) for name, value in asked[-1].items() if name in before}
            if asked
            else {}
        )

    def shown(self) -> dict[str, float]:
        """Numbers of the samples and the model of the last round, and pass@k of its model where it was asked for."""
        last = self.points[-1].metrics
        return {name: last[name] for name in last if name in SHOWN or name.startswith("report_pass_at_")}


def course_of(reports: Sequence[RoundReport], budget: Budget, note: str = "") -> Course:
    """From the rounds of a run to what counts of them.

    Args:
        reports: from round 0.
    """
    points: list[Point] = []
    total = NOTHING
    for report in reports:
        total = total.plus(spent_in(report.metrics))
        if report.round and total.against(budget) > 1:
            over = f"round {report.round} took it to {total.against(budget):.0%} of the budget and is not counted"
            return Course(tuple(points), "; ".join(filter(None, (note, over))))
        accuracy = report.metrics.get("report_accuracy", points[-1].accuracy if points else 0.0)
        metrics = {"select_accuracy": points[-1].metrics["select_accuracy"] if points else 0.0, **report.metrics}
        elsewhere = {row.name: row.value for row in report.benchmarks if row.model == report.candidate}
        points.append(Point(report.round, total, accuracy, report.action, metrics, elsewhere))
    if len(points) == 1 and total.against(budget) > 1:
        little = f"round 0 took it to {total.against(budget):.0%} of the budget, and no round fits"
        note = "; ".join(filter(None, (note, little)))
    return Course(tuple(points), note)


def has_budget_left(reports: Sequence[RoundReport], budget: Budget) -> bool:
    """Whether another round may begin."""
    return may_go_on([spent_in(report.metrics) for report in reports], budget)
