"""What rules found in samples, asked as a model is: a verdict that was reached is not reached again.

A rule's question is the text and, for judges that compare with it, the gold answer; so a corrected gold answer, another
verifier or another pattern ask again about what they change, and about nothing else. Called by `verdicts.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from configs.schema.judge import Judge
from configs.schema.marks import identity
from infra.sandbox.killable import Outcome
from tasks.core.answers import Answerer, Answers
from tasks.core.services import Answered, Keyed, OnProgress, Service
from tasks.judge.verifiers import pool
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item, reads_text_alone, verifier_versions

OUTCOMES_PER_SHARD = 1024
"""at least: most rules take far less than a millisecond"""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """An outcome as a row: a Finding, or a failure in words."""

    VERSION: ClassVar[int] = 1
    question: str
    answer: str | None
    is_correct: bool | None
    score: float | None
    note: str | None
    failure: str | None
    draw: int = 0


class RuleService(Service[Item, OutcomeRow]):
    """A judge's rule looks at samples that are not truncated."""

    name, record = "verify", OutcomeRow

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def _content(self, question: Item) -> Any:
        problem, sample = question
        assert self._judge.rule is not None, "called for judges with a rule"
        if not reads_text_alone(self._judge.rule):
            return [asdict(problem), asdict(sample)]
        return [sample.text, problem.gold if self._judge.reads_gold else None]

    def ask(self, verify: Any, shards: Iterator[Keyed[Item]], on_progress: OnProgress) -> Answered[OutcomeRow]:
        under_way: deque[list[str]] = deque()

        def items() -> Iterator[Item]:
            for shard in shards:
                under_way.append([key for key, _ in shard])
                yield from (item for _, item in shard)

        rows: list[OutcomeRow] = []
        num_done = 0
        with closing(verify(items())) as outcomes:
            for outcome in outcomes:
                rows.append(_to_row(under_way[0][len(rows)], outcome))
                if len(rows) == len(under_way[0]):
                    num_done += len(rows)
                    on_progress(num_done, 0)
                    yield under_way.popleft(), rows
                    rows = []


def rule_outcomes(
    judge: Judge, items: Iterable[Item], verify: pool.Verify, answers: Answers | None
) -> Generator[pool.Outcome, None, None]:
    """One outcome an item, in their order; those of before from the answers, where there are any.

    Raises:
        UserError: the verifier could not be made, as when a user's file cannot be imported.
    """
    if answers is None:
        yield from verify(judge, items)
        return
    assert judge.rule is not None, "called for judges with a rule"
    who = {
        "verifier": identity(judge.rule, answers.contents),
        "versions": verifier_versions(judge.rule),
        "reads_gold": judge.reads_gold,
    }
    opened: Callable[[], Any] = lambda: lambda waiting: verify(judge, waiting)  # noqa: E731
    answerer = Answerer(who, opened)
    shard_size = max(OUTCOMES_PER_SHARD, answers.shard_size)
    for _, (row,) in answers.run(answerer, RuleService(judge), items, shard_size, note=judge.name):
        assert isinstance(row, OutcomeRow), "a rule answers everything, if only by a failure"
        yield _to_outcome(row)


def _to_row(key: str, outcome: pool.Outcome) -> OutcomeRow:
    found = outcome.value or Finding()
    return OutcomeRow(key, found.answer, found.is_correct, found.score, found.note, outcome.failure)


def _to_outcome(row: OutcomeRow) -> Outcome:
    if row.failure is not None:
        return Outcome(failure=row.failure)
    return Outcome(Finding(row.answer, row.is_correct, row.score, row.note))
