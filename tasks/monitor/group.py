"""One problem's samples with everything that is known of them: what every measure of this folder eats.

Groups are streamed: `read_groups` holds one problem's samples at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, groupby

from configs.errors import UserError
from tasks.core.records import Sample, Verdict

Known = Callable[[Sequence[Sample], Mapping[str, Sequence[Verdict]]], Sequence[bool] | None]
"""which samples of a problem are correct against gold, None where that is not known; called once a problem, in order"""


@dataclass(frozen=True, slots=True)
class Group:
    """The samples of one problem, in order of index.

    Attributes:
        verdicts: by judge, one a sample, in the samples' order.
        correct: against gold, one a sample; None where gold is not known. Whatever is not correct is False:
            truncated and unparseable samples stay in every denominator.
        kept: one a sample: it is trained on as something to be learnt.
    """

    problem_id: str
    samples: Sequence[Sample]
    verdicts: Mapping[str, Sequence[Verdict]]
    correct: Sequence[bool] | None
    kept: Sequence[bool]

    def independent(self) -> Group:
        """The independent draws alone."""
        return self.where([sample.is_independent for sample in self.samples])

    def where(self, wanted: Sequence[bool]) -> Group:
        """The samples marked True."""
        if all(wanted):
            return self
        return Group(
            self.problem_id,
            list(compress(self.samples, wanted)),
            {judge: list(compress(verdicts, wanted)) for judge, verdicts in self.verdicts.items()},
            None if self.correct is None else list(compress(self.correct, wanted)),
            list(compress(self.kept, wanted)),
        )


def read_groups(
    samples: Iterable[Sample],
    verdicts: Iterable[Verdict],
    judge_names: Sequence[str],
    kept_ids: Container[str],
    known: Known,
) -> Iterator[Group]:
    """The round's problems, in the order of the samples.

    Args:
        verdicts: those of each sample together, in the order of the samples.
        judge_names: each has a verdict on every sample.

    Raises:
        UserError: the verdicts are not those of the samples.
    """
    stream = groupby(verdicts, key=lambda verdict: verdict.sample_id)
    for problem_id, members in groupby(samples, key=lambda sample: sample.problem_id):
        group = list(members)
        by_judge: dict[str, list[Verdict]] = {name: [] for name in judge_names}
        for sample in group:
            for name, verdict in _verdicts_of(sample, stream, judge_names).items():
                by_judge[name].append(verdict)
        correct = known(group, by_judge)
        yield Group(problem_id, group, by_judge, correct, [sample.id in kept_ids for sample in group])


def _verdicts_of(
    sample: Sample, stream: Iterator[tuple[str, Iterator[Verdict]]], judge_names: Sequence[str]
) -> dict[str, Verdict]:
    sample_id, verdicts = next(stream, ("the end", iter(())))
    by_name = {verdict.judge: verdict for verdict in verdicts}
    if sample_id != sample.id or by_name.keys() != set(judge_names):
        raise UserError(
            f"the verdicts are not those of the samples: sample {sample.id} stands where {sample_id} is judged "
            f"by {', '.join(sorted(by_name)) or 'nobody'}",
            "judge these samples with the recipe's judges, and give the verdicts unchanged",
        )
    return {name: by_name[name] for name in judge_names}
