"""One problem's samples with everything that is known of them: what every measure of this folder eats.

They are all samples that may be trained on, those drawn with help included. Measures of what is trained on count these;
measures of how well the model or a judge does on its own count `unaided` or `independent` ones.

Groups are streamed: `read_groups` holds one problem's samples at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from tasks.core.joined import Candidate, Group, grouped

Known = Callable[[Group], Sequence[bool] | None]
"""which samples of a problem are correct against gold, None where that is not known; called once a problem, in order"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundGroup(Group):
    """The samples of one problem and what became of them in the round.

    Attributes:
        correct: against gold, one a sample; None where gold is not known. Whatever is not correct is False:
            truncated and unparseable samples stay in every denominator.
        kept: one a sample: it is trained on as something to be learnt.
    """

    correct: Sequence[bool] | None
    kept: Sequence[bool]

    def independent(self) -> RoundGroup:
        """The independent draws alone."""
        return self.where([sample.is_independent for sample in self.samples])

    def unaided(self) -> RoundGroup:
        """The samples that were drawn without help."""
        return self.where([not sample.privileged for sample in self.samples])

    def where(self, wanted: Sequence[bool]) -> RoundGroup:
        """The samples marked True."""
        if all(wanted):
            return self
        part = Group.where(self, wanted)
        correct = None if self.correct is None else list(compress(self.correct, wanted))
        return RoundGroup(
            part.problem, part.samples, part.verdicts, correct=correct, kept=list(compress(self.kept, wanted))
        )


def read_groups(candidates: Iterable[Candidate], kept_ids: Container[str], known: Known) -> Iterator[RoundGroup]:
    """The round's problems, in the order of the samples."""
    for group in grouped(candidates):
        kept = [sample.id in kept_ids for sample in group.samples]
        yield RoundGroup(group.problem, group.samples, group.verdicts, correct=known(group), kept=kept)
