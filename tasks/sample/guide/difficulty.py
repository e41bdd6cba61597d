"""Bins of difficulty by a problem's pass rate, and what guidance cost and gained in each. Pure.

Bins as in GSI's tail histogram (arXiv 2411.00750): 0, (0, .25], (.25, .5], (.5, .75], (.75, 1], where the pass rate is
that of the round's own unguided samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.core.step import Summary
from tasks.sample.guide.plan import Standing

BINS = ((0.0, "0"), (0.25, "25"), (0.5, "50"), (0.75, "75"), (1.0, "100"))
"""highest pass rate of each bin, and its name in the summary: the same in per cent"""


def bin_of(pass_rate: float) -> str:
    """Name of the bin that a pass rate in [0, 1] falls into."""
    return next(name for highest, name in BINS if pass_rate <= highest)


def guide_summary(standing: Sequence[Standing], outcomes: Mapping[str, Sequence[bool]], min_correct: int) -> Summary:
    """Numbers of a guide step.

    Args:
        standing: problems with fewer than min_correct correct samples.
        outcomes: whether each guided try was correct, by problem id; none for problems that could not be guided.

    Returns:
        num_short_problems: of `standing`; num_guided_problems, num_guided_samples, num_guided_correct;
        tries_per_correct: guided tries spent for each correct one, None without any; still_unsolved: problems of
        `standing` without a correct sample, guided or not; still_short: those with fewer than min_correct; and the
        same for each bin that occurs, as `rate_25_num_guided_samples`.
    """
    summary = _numbers(standing, outcomes, min_correct)
    for _, name in BINS:
        members = [item for item in standing if bin_of(item.pass_rate) == name]
        if members:
            numbers = _numbers(members, outcomes, min_correct)
            summary |= {f"rate_{name}_{key}": value for key, value in numbers.items()}
    return summary


def _numbers(standing: Sequence[Standing], outcomes: Mapping[str, Sequence[bool]], min_correct: int) -> Summary:
    tries = [outcomes.get(item.problem_id, ()) for item in standing]
    gained = [sum(tried) for tried in tries]
    after = [item.num_correct + extra for item, extra in zip(standing, gained, strict=True)]
    num_samples = sum(map(len, tries))
    return {
        "num_short_problems": len(standing),
        "num_guided_problems": sum(bool(tried) for tried in tries),
        "num_guided_samples": num_samples,
        "num_guided_correct": sum(gained),
        "tries_per_correct": num_samples / sum(gained) if sum(gained) else None,
        "still_unsolved": sum(number == 0 for number in after),
        "still_short": sum(number < min_correct for number in after),
    }
