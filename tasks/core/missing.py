"""What a stage asked and did not get: counted, named by its reasons, and limited by the recipe's guards. Pure.

Nothing that one question does ends a stage. Many of them do: a server that filters half of a round, or a context that
holds no prompt, is a mistake of the set-up, and a round that goes on without half of its items measures something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from configs.errors import GuardError
from configs.schema.guard import MISSING_LIMIT, MISSING_SHARE, Guard
from infra.engines.questions import Missing, MissingReason
from tasks.core.step import Summary

NUM_FIRST = 20
"""Where none of the first questions of a stage has an answer, the rest is not asked."""
SHOWN_CHARACTERS = 300
FIRST = "first_missing_"
"""beginning of the names under which a summary says what the first item of a reason was"""
FIX = (
    "mend what the reasons name and run again: what is missing is asked again, and nothing else; to go on without it "
    "write a guard {{metric: {metric}, above: {share:g}, action: stop}}"
)


@dataclass
class MissingTally:
    """Counts the answers of one stage while they stream by.

    Args:
        limit: share of missing answers above which the stage ends.
        stage: what messages call it.

    Attributes:
        num_asked: answers asked for.
        counts: missing answers by reason.
        first: by reason, the first that was met.
    """

    limit: float = 1.0
    stage: str = "this stage"
    num_asked: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Missing] = field(default_factory=dict)
    _num_questions: int = 0

    def add(self, num_asked: int, missing: Sequence[Missing]) -> None:
        """Count one question.

        Raises:
            GuardError: none of the first `NUM_FIRST` questions has an answer.
        """
        self.num_asked += num_asked
        self._num_questions += bool(missing)
        for row in missing:
            self.counts[row.reason] += 1
            self.first.setdefault(row.reason, row)
        if self.limit < 1 and self._num_questions == NUM_FIRST and self.num_missing == self.num_asked:
            raise self._error(f"none of the first {self.num_missing} answers could be had")

    @property
    def num_missing(self) -> int:
        return self.counts.total()

    @property
    def share(self) -> float:
        """Of the answers asked for; 0 where nothing was."""
        return self.num_missing / self.num_asked if self.num_asked else 0.0

    def check(self) -> None:
        """Called at a stage's end, before it is published.

        Raises:
            GuardError: the share is above the limit, and it is not one question alone.
        """
        if self._num_questions > 1 and self.share > self.limit:
            words = f"{self.num_missing} of {self.num_asked} answers are missing ({self.share:.0%})"
            raise self._error(f"{words}, and the limit is {self.limit:.0%}")

    def words(self) -> str:
        """How many are missing, and the first of each reason."""
        return f"{self.num_missing} of {self.num_asked} answers are missing: {self._reasons()}"

    def summary(self, stage: str) -> Summary:
        """num_missing_STAGE, missing_share_STAGE, and by reason num_missing_STAGE_REASON and, in words,
        first_missing_STAGE_REASON; nothing where nothing is missing."""
        if not self.num_missing:
            return {}
        numbers: Summary = {f"num_missing_{stage}": self.num_missing, f"{MISSING_SHARE}_{stage}": self.share}
        if self._num_questions == 1:
            numbers[f"{MISSING_SHARE}_{stage}"] = 0.0  # one question passes no limit, whatever its share
        for reason, count in self.counts.items():
            numbers[f"num_missing_{stage}_{reason}"] = count
            numbers[f"{FIRST}{stage}_{reason}"] = _first(self.first[reason])
        return numbers

    def _reasons(self) -> str:
        return "; ".join(
            f"{reason} {count} times, first {_first(self.first[reason])}" for reason, count in self.counts.items()
        )

    def _error(self, words: str) -> GuardError:
        fix = FIX.format(metric=MISSING_SHARE, share=min(1.0, round(self.share + 0.05, 2)))
        return GuardError(f"{self.stage}: {words}: {self._reasons()}", fix)


def limit_of(guards: Iterable[Guard]) -> float:
    """The share of missing answers above which a stage ends: what the guards say; the default where there are some, and
    none speaks of it."""
    guards = list(guards)
    own = [guard for guard in guards if guard.metric == MISSING_SHARE] or ([MISSING_LIMIT] if guards else [])
    return min((guard.above for guard in own if guard.action == "stop" and guard.above is not None), default=1.0)


def largest_share(metrics: Mapping[str, float]) -> dict[str, float]:
    """`missing_share` of a round: the largest of its stages'; empty where nothing is missing."""
    shares = [value for name, value in metrics.items() if name.startswith(f"{MISSING_SHARE}_")]
    return {MISSING_SHARE: max(shares)} if shares else {}


def first_of_each(summary: Summary) -> list[str]:
    """What a step's summary says of missing answers, one line a reason: `judge: filtered 3 times, first ...`."""
    lines = []
    for name, words in summary.items():
        if name.startswith(FIRST):
            place = name.removeprefix(FIRST)
            stage, reason = next((place[: -len(end) - 1], end) for end in MissingReason if place.endswith(f"_{end}"))
            lines.append(f"{stage}: {reason} {summary[f'num_missing_{place}']} times, first {words}")
    return lines


def _first(row: Missing) -> str:
    words = f"'{row.id}': {row.detail}"
    return words if len(words) <= SHOWN_CHARACTERS else f"{words[:SHOWN_CHARACTERS]}..."
