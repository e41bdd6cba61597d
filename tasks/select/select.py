"""The select stage: which samples are trained on, and why the others are not, one problem at a time.

Called by `tasks/select/task.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from configs.errors import UserError
from configs.schema.select import Select
from tasks.records import Drop, DropReason, Example, Problem, Sample, Verdict
from tasks.select.candidate import Candidate, Draw
from tasks.select.registry import COMPONENTS


@dataclass(frozen=True, slots=True)
class Selected:
    """One sample and its fate: kept where `reason` is None."""

    sample: Sample
    reason: DropReason | None

    def to_drop(self) -> Drop:
        """The record of a sample that was not kept. ValueError for one that was."""
        if self.reason is None:
            raise ValueError(f"sample {self.sample.id} was kept")
        return Drop(self.sample.id, self.sample.problem_id, str(self.reason))


def select_samples(
    samples: Iterable[Sample],
    verdicts: Iterable[Verdict],
    components: Sequence[Select],
    judge_names: Sequence[str],
    seed: int,
    round: int,
) -> Iterator[Selected]:
    """Every sample once, in order, kept or with the reason of the first component that refused it.

    Holds the samples of one problem, besides the ids of the problems seen.

    Args:
        samples: those of a problem lie together.
        verdicts: one for each sample and judge, in the order that `judge_samples` gives.
        components: they act in this order, each on what the ones before left.

    Raises:
        UserError: verdicts are not those of the samples, or samples of a problem lie apart.
    """
    draw, seen = Draw(seed, round), set()
    candidates = _join(samples, verdicts, judge_names)
    for problem_id, group in groupby(candidates, key=lambda candidate: candidate.sample.problem_id):
        if problem_id in seen:
            raise UserError(
                f"samples of problem {problem_id} lie apart", "sort the samples by problem, then judge them"
            )
        seen.add(problem_id)
        yield from _select_group(list(group), components, draw)


def to_example(sample: Sample, problem: Problem, weight: float = 1.0) -> Example:
    """A kept sample as a row of training: its problem's chat, and its text as the completion."""
    return Example(sample.id, problem.id, problem.messages, sample.text, weight)


def _select_group(group: list[Candidate], components: Sequence[Select], draw: Draw) -> Iterator[Selected]:
    reasons: list[DropReason | None] = [None] * len(group)
    for config in components:
        left = [position for position, reason in enumerate(reasons) if reason is None]
        refusals = COMPONENTS[config.kind]([group[position] for position in left], config, draw)
        for position, refusal in zip(left, refusals, strict=True):
            reasons[position] = refusal
    return (Selected(candidate.sample, reason) for candidate, reason in zip(group, reasons, strict=True))


def _join(samples: Iterable[Sample], verdicts: Iterable[Verdict], judge_names: Sequence[str]) -> Iterator[Candidate]:
    stream = iter(verdicts)
    for sample in samples:
        by_judge: dict[str, Verdict] = {}
        for name in judge_names:
            verdict = next(stream, None)
            if verdict is None or (verdict.sample_id, verdict.judge) != (sample.id, name):
                raise _mismatch(f"sample {sample.id}, judge {name}", verdict)
            by_judge[name] = verdict
        yield Candidate(sample, by_judge)
    if (verdict := next(stream, None)) is not None:
        raise _mismatch("the end", verdict)


def _mismatch(expected: str, verdict: Verdict | None) -> UserError:
    found = f"sample {verdict.sample_id}, judge {verdict.judge}" if verdict else "the end"
    return UserError(
        f"the verdicts are not those of the samples: expected {expected}, found {found}",
        "judge these samples with the recipe's judges, and give the verdicts unchanged",
    )
