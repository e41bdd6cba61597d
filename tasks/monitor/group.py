"""One problem's samples with everything that is known of them: what every measure of this folder eats.

They are all samples that may be trained on, those drawn with help included. Measures of what is trained on count these;
measures of how well the model or a judge does on its own count `unaided` or `independent` ones.

Groups are streamed: `read_groups` holds one problem's samples at a time.

Where draws stop at the c-th accepted one (`generate.adaptive`), draw m of a problem, the share of accepted ones is too
high: that one was waited for. Of the m - 1 draws before it every order is as likely, so what they have in the mean is
unbiased: (c - 1) / (m - 1) accepted (Girshick, Mosteller and Savage, 1946). Rates are made of those draws.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, compress

from tasks.core.joined import Candidate, Group, grouped
from tasks.core.records import Label

Known = Callable[[Group], Sequence[bool] | None]
"""which samples of a problem are correct against gold, None where that is not known; called once a problem, in order"""


@dataclass(frozen=True, slots=True)
class Stopping:
    """When the draws of a problem stop, and by whom.

    Attributes:
        judge: name of the one who accepts.
        enough: accepted draws after which a problem stops.
        num_draws: of a problem that does not stop; of one that is given up, where some are.
    """

    judge: str
    enough: int
    num_draws: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundGroup(Group):
    """The samples of one problem and what became of them in the round.

    Attributes:
        correct: against gold, one a sample; None where gold is not known. Whatever is not correct is False:
            truncated and unparseable samples stay in every denominator.
        kept: one a sample: it is trained on as something to be learnt.
        num_before_last: of a problem that stopped, the draws before the last one that it needed; None: it was drawn to
            the end.
    """

    correct: Sequence[bool] | None
    kept: Sequence[bool]
    num_before_last: int | None = None

    @property
    def is_solved(self) -> bool:
        """Whether a sample that was drawn without help is correct."""
        pairs = zip(self.samples, self.correct or (), strict=False)
        return any(is_right and not sample.privileged for sample, is_right in pairs)

    def independent(self) -> RoundGroup:
        """The independent draws alone; of a problem that stopped those that rates may be made of."""
        return self._rated([sample.is_independent for sample in self.samples])

    def unaided(self) -> RoundGroup:
        """The samples that were drawn without help; of a problem that stopped those that rates may be made of."""
        return self._rated([not sample.privileged for sample in self.samples])

    def _rated(self, wanted: Sequence[bool]) -> RoundGroup:
        """The samples marked True; of a problem that stopped the first of them. A first draw always counts: where it is
        the last, too, it was waited for by nobody."""
        if self.num_before_last is None:
            return self.where(wanted)
        most = max(self.num_before_last, 1)
        places = accumulate(wanted)
        first = self.where([is_wanted and place <= most for is_wanted, place in zip(wanted, places, strict=True)])
        return replace(first, num_before_last=self.num_before_last)

    def where(self, wanted: Sequence[bool]) -> RoundGroup:
        """The samples marked True."""
        if all(wanted):
            return self
        part = Group.where(self, wanted)
        correct = None if self.correct is None else list(compress(self.correct, wanted))
        return RoundGroup(
            part.problem, part.samples, part.verdicts, correct=correct, kept=list(compress(self.kept, wanted))
        )


def read_groups(
    candidates: Iterable[Candidate], kept_ids: Container[str], known: Known, stopping: Stopping | None = None
) -> Iterator[RoundGroup]:
    """The round's problems, in the order of the samples.

    Args:
        stopping: what stopped their draws; None: all were drawn to the end.
    """
    for group in grouped(candidates):
        kept = [sample.id in kept_ids for sample in group.samples]
        before = num_before_last(group, stopping) if stopping is not None else None
        yield RoundGroup(
            group.problem, group.samples, group.verdicts, correct=known(group), kept=kept, num_before_last=before
        )


def num_before_last(group: Group, stopping: Stopping) -> int | None:
    """The draws of a problem before the one with which enough were accepted; None where that never came."""
    verdicts = zip(group.samples, group.verdicts[stopping.judge], strict=True)
    accepted = [verdict.label == Label.CORRECT for sample, verdict in verdicts if not sample.privileged]
    return next((place for place, number in enumerate(accumulate(accepted)) if number >= stopping.enough), None)
