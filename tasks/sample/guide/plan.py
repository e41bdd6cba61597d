"""Who is guided, and for how long. Pure.

"STaR: Bootstrapping Reasoning With Reasoning", arXiv 2203.14465: a problem without a correct sample is tried again with
its answer as a hint. "Mitigating Tail Narrowing in LLM Self-Improvement via Socratic-Guided Sampling" (GSI),
arXiv 2411.00750: a problem with c < min_correct correct samples gets guided tries until c + (correct guided tries) =
min_correct, or max_extra tries are used. Where this differs:
1. Tries are drawn in waves, one try of every problem that is still open, so that a wave is one batch.
2. STaR draws one near-greedy sample and one hinted try; here both numbers, and the temperature, are settings.
3. Guided tries never enter a pass rate: they are another distribution.
4. A reset goes back into the gold solution, never into an earlier try, and a comment is always on the first failed try.
5. The words of the prompts are this project's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from configs.errors import ProblemsError
from configs.schema.around_generate import Guide
from tasks.core.records import Label, Problem, Sample


@dataclass(frozen=True, slots=True)
class Standing:
    """How a problem of the round stands before guidance.

    Attributes:
        num_samples: samples drawn of it; the next index.
        num_correct: how many of them are correct.
        pass_rate: share of correct ones among those drawn at the round's own setting, in [0, 1].
        failed: the first sample that is not correct; None where all are.
    """

    problem_id: str
    num_samples: int
    num_correct: int
    pass_rate: float
    failed: Sample | None


def standings(judged: Iterable[tuple[Sample, Label]]) -> Iterator[Standing]:
    """How each problem stands, in the order of the samples; holds the samples of one problem.

    Args:
        judged: each sample with the first judge's label; samples of a problem lie together.
    """
    for problem_id, group in groupby(judged, key=lambda pair: pair[0].problem_id):
        yield _standing(problem_id, list(group))


def _standing(problem_id: str, group: Sequence[tuple[Sample, Label]]) -> Standing:
    right = [label == Label.CORRECT for _, label in group]
    plain = [is_right for (sample, _), is_right in zip(group, right, strict=True) if not sample.draw]
    return Standing(
        problem_id=problem_id,
        num_samples=1 + max(sample.index for sample, _ in group),
        num_correct=sum(right),
        pass_rate=sum(plain) / len(plain) if plain else 0.0,
        failed=next((sample for (sample, _), is_right in zip(group, right, strict=True) if not is_right), None),
    )


def tries_allowed(num_correct: int, min_correct: int, max_extra: int) -> int:
    """Most guided tries of a problem: none where it has enough correct samples."""
    return max_extra if num_correct < min_correct else 0


def wants_more(num_correct: int, outcomes: Sequence[bool], min_correct: int, max_extra: int) -> bool:
    """Whether a problem gets another guided try.

    Args:
        num_correct: correct samples before guidance.
        outcomes: whether each guided try so far was correct.
    """
    if len(outcomes) >= tries_allowed(num_correct, min_correct, max_extra):
        return False
    return num_correct + sum(outcomes) < min_correct


def require_help(problems: Iterable[Problem], config: Guide) -> None:
    """Check that every problem has what the guidance is made of: a gold answer, or a worked solution.

    Raises:
        ProblemsError: some have not; the message counts them and names the first.
    """
    field = "gold" if config.kind in ("answer", "interactive") else "solution"
    known = list(problems)
    missing = [problem.id for problem in known if not getattr(problem, field)]
    if missing:
        what, mapping = ("gold answer", "answer") if field == "gold" else ("worked solution", "solution")
        raise ProblemsError(
            f"guide.kind {config.kind} needs a {what} of every problem, and {len(missing)} of {len(known)} have none "
            f"(the first: {missing[0]})",
            f"say where it is: problems.train.mapping.{mapping}, or write another guide.kind",
        )
