"""What rules found in samples, kept as answers of models are: a verdict that was reached is not reached again.

A rule's question is the text and, for judges that compare with it, the gold answer; so a corrected gold answer, another
verifier or another pattern ask again about what they change, and about nothing else. A time limit that was passed and a
process that died say nothing about the sample: they are no answers, and the next run looks again. Called by
`tasks/judge/verdicts.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from time import monotonic
from typing import ClassVar

from configs.schema.judges.kinds import Judge
from configs.schema.marks import identity
from infra.sandbox.killable import Outcome
from tasks.core.answer_folder import AnswerFolder
from tasks.core.answers import Answers
from tasks.core.step import digest
from tasks.judge.verifiers import pool
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item, reads_text_alone, verifier_versions

VERSION = 2
"""of a rule's answers; before the second, a time limit that was passed was one"""
OUTCOMES_PER_SHARD = 4096
"""at most: most rules take far less than a millisecond"""
SECONDS_PER_SHARD = 10.0
"""about: what a kill costs of a slow rule's work"""
MOST_WAITING = 1 << 14
"""items in memory that were read and not yielded: known ones that wait for a new one before them"""
_ONE = range(1)


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


def rule_outcomes(
    judge: Judge, items: Iterable[Item], verify: pool.Verify, answers: Answers | None
) -> Generator[pool.Outcome, None, None]:
    """One outcome an item, in their order; those of before from the answers, where there are any.

    Raises:
        UserError: the verifier could not be made, as when a user's file cannot be imported.
        StoreError: the lease was lost, or the store failed.
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
    folder = answers.folder({"version": VERSION, "who": who, "service": "verify"}, OutcomeRow)

    def show(number: int) -> None:
        answers.progress.update(number, None, judge.name)

    yield from _Verifying(items, judge, folder, lambda new: verify(judge, new), show).outcomes()


class _Verifying:
    """One stream of items: what is known of them is looked up, the rest is verified, in one order."""

    def __init__(
        self,
        items: Iterable[Item],
        judge: Judge,
        folder: AnswerFolder[OutcomeRow],
        verify: Callable[[Iterator[Item]], Generator[pool.Outcome, None, None]],
        show: Callable[[int], None],
    ) -> None:
        self._items, self._folder, self._verify, self._show = iter(items), folder, verify, show
        self._key = _question_of(judge)
        self._waiting: deque[str] = deque()
        self._asked: deque[str] = deque()
        self._under_way: set[str] = set()
        self._found: dict[str, pool.Outcome] = {}
        self._rows: list[OutcomeRow] = []
        self._published_at, self._num_found = monotonic(), 0

    def outcomes(self) -> Iterator[pool.Outcome]:
        """One an item. Verifiers are started where something is new."""
        try:
            for item in self._items:
                if self._is_new(item):
                    with closing(self._verify(self._new_from(item))) as outcomes:
                        for outcome in outcomes:
                            self._take(outcome)
                            yield from self._answered()
                yield from self._answered()
        finally:  # who takes one outcome an item stops before the end
            self._publish()

    def _is_new(self, item: Item) -> bool:
        key = self._key(item)
        self._waiting.append(key)
        if key in self._under_way or key in self._found or not self._folder.missing(key, _ONE):
            return False
        self._asked.append(key)
        self._under_way.add(key)
        return True

    def _new_from(self, item: Item) -> Iterator[Item]:
        """This item and the new ones after it, as far ahead as there is room."""
        yield item
        while len(self._waiting) < MOST_WAITING:
            following = next(self._items, None)
            if following is None:
                return
            if self._is_new(following):
                yield following

    def _take(self, outcome: pool.Outcome) -> None:
        key = self._asked.popleft()  # outcomes come in the items' order
        self._under_way.remove(key)
        self._found[key] = outcome
        if _lasts(outcome):
            self._rows.append(_to_row(key, outcome))
        if len(self._rows) >= OUTCOMES_PER_SHARD or monotonic() - self._published_at > SECONDS_PER_SHARD:
            self._publish()

    def _publish(self) -> None:
        """Let go of what the folder has from now on; a failure is kept for those that wait for it."""
        rows, self._rows, self._published_at = self._rows, [], monotonic()
        if not rows and not self._found:
            return
        self._num_found += len(self._found)
        self._found = {key: self._found[key] for key in {*self._waiting} & self._found.keys()}
        if rows:
            self._folder.publish(rows, is_read_next=False)
        self._show(self._num_found)

    def _answered(self) -> Iterator[pool.Outcome]:
        """The oldest items, as far as they are answered."""
        while self._waiting and self._waiting[0] not in self._under_way:
            key = self._waiting.popleft()
            yield self._found[key] if key in self._found else _to_outcome(self._folder.rows(key, _ONE)[0])


def _question_of(judge: Judge) -> Callable[[Item], str]:
    """What identifies an item to a judge's rule, as 32 hexadecimal digits. Of text and gold a digest without JSON:
    there may be millions, and most rules take less time than JSON does."""
    assert judge.rule is not None, "called for judges with a rule"
    reads_gold = judge.reads_gold
    if not reads_text_alone(judge.rule):
        return lambda item: digest([asdict(part) for part in item])[:32]

    def question(item: Item) -> str:
        problem, sample = item
        gold = problem.gold if reads_gold else None
        asked = f"{-1 if gold is None else len(gold)} {gold or ''}{sample.text}"
        return sha256(asked.encode(errors="surrogatepass")).hexdigest()[:32]

    return question


def _lasts(outcome: pool.Outcome) -> bool:
    """Whether it says something about the item, rather than about this machine at this time."""
    return outcome.failure is None or outcome.failure.startswith("raised")


def _to_row(key: str, outcome: pool.Outcome) -> OutcomeRow:
    found = outcome.value or Finding()
    return OutcomeRow(key, found.answer, found.is_correct, found.score, found.note, outcome.failure)


def _to_outcome(row: OutcomeRow) -> Outcome:
    if row.failure is not None:
        return Outcome(failure=row.failure)
    return Outcome(Finding(row.answer, row.is_correct, row.score, row.note))
