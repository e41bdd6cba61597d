"""Weights of training examples: by problem, or by the entropy of the problem's answers. Called by `rows/tables.py`.

by_problem. With N examples of P problems, n_p of them of problem p, each example of p weighs N / (P n_p). Every problem
then has the total weight N / P, and the mean weight of an example is 1.

entropy. "Entropy-Based Adaptive Weighting for Self-Training" (EAST, arXiv 2503.23913):

    w_i = H_i^a / mean over kept problems of H^a,   H_i = -sum_c p_ic ln p_ic

with p_ic the share of answer c, however it is written, among all samples of problem i, those that were not kept
included. Samples without an
answer are one cluster of their own. Weights average 1 over kept problems, not over examples, as in the official code.

Where the code differs from the paper's:
1. Samples drawn with help (hinted, guided) are left out of the entropy: they are another distribution.
2. A problem whose samples all give one answer has weight 0: its samples are dropped as one_sided, and it does not
   enter the mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum, log
from typing import Any

from configs.schema.select import Weigh, WeighByEntropy
from tasks.answer.equal import clusters
from tasks.select.selection import Selected

VERSIONS = {"by_problem": 1, "entropy": 2}


def problem_weights(groups: Iterable[Sequence[Selected]], config: Weigh) -> dict[str, float]:
    """The weight of one example of each problem, above 0. Reads the round once and holds one number a problem.

    Returns:
        weights by problem id; a problem that is missing has none of its samples kept, or weight 0.
    """
    return _WEIGHTS[config.kind](groups, config)


def answer_entropy(answers: Iterable[str | None]) -> float:
    """Entropy of the answers' shares, natural log; 0 for none. None counts as an answer; equal answers as one."""
    counts = Counter(clusters(list(answers)))
    return fsum(-count / counts.total() * log(count / counts.total()) for count in counts.values())


def effective_samples(total: float, total_of_squares: float) -> float | None:
    """(sum w)^2 / sum w^2: how many samples of equal weight would count as much. None without samples."""
    return total**2 / total_of_squares if total_of_squares else None


def _by_problem(groups: Iterable[Sequence[Selected]], config: Any) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for group in groups:
        counts.update(selected.sample.problem_id for selected in group if selected.reason is None)
    return {problem_id: counts.total() / len(counts) / count for problem_id, count in counts.items()}


def _by_entropy(groups: Iterable[Sequence[Selected]], config: WeighByEntropy) -> dict[str, float]:
    entropies = {}
    for group in groups:
        if any(selected.reason is None for selected in group):
            own = [selected.candidate for selected in group if not selected.candidate.is_guided]
            entropies[group[0].sample.problem_id] = answer_entropy(
                candidate.verdict(config.judge).answer for candidate in own
            )
    return _scale({problem_id: entropy**config.power for problem_id, entropy in entropies.items() if entropy > 0})


def _scale(weights: Mapping[str, float]) -> dict[str, float]:
    """The same weights, with mean 1."""
    mean = fsum(weights.values()) / max(len(weights), 1)
    return {problem_id: weight / mean for problem_id, weight in weights.items()}


_WEIGHTS: dict[str, Callable[[Iterable[Sequence[Selected]], Any], dict[str, float]]] = {
    "by_problem": _by_problem,
    "entropy": _by_entropy,
}
