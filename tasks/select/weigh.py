"""Weights of training examples: by problem, by the entropy of the problem's answers, or by what an answer gains over
the one before it. Called by `rows/tables.py` and `rows/makers.py`.

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

by_gain. "Generating Sequences by Learning to Self-Correct" (arXiv 2211.00053):

    w(y, y') = N / H * exp(alpha (v(y') - v(y)) + beta s(y, y')) / Z(y)

with y' an answer that is trained on after y, Z(y) the sum over all such answers of y, N rows and H answers y of the
round. The mean weight of a row is 1.

Where the code differs from the paper's:
1. Pairs are weighed, where the paper draws them.
2. v(y) is the same in all that Z(y) adds up, and so need not be known.
3. s is 1 - edit distance / the longer one's characters; the paper's is not given where it was read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, fsum, log
from typing import Any, Protocol

from configs.schema.select import Weigh, WeighByEntropy, WeighByGain
from tasks.answer.equal import clusters
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.edit_distance import similarity
from tasks.select.selection import Selected

VERSIONS = {"by_problem": 1, "entropy": 2, "by_gain": 1}

Step = tuple[Candidate | None, Candidate]
"""what a row is about: the answer that is trained on, and the one that it is shown to improve"""


class WeighSteps(Protocol):
    """Weights of the rows of one problem."""

    def __call__(self, steps: Sequence[Step]) -> Sequence[float | DropReason]:
        """One weight a row, above 0, or why it has none."""


ReadSteps = Callable[[Sequence[Selected]], Sequence[Step]]
"""the rows that are made of the samples of one problem"""


def row_weights(groups: Iterable[Sequence[Selected]], config: Weigh, read: ReadSteps) -> WeighSteps:
    """What weighs rows, problem by problem. Reads the round once."""
    if isinstance(config, WeighByGain):
        return _by_gain(groups, config, read)
    weights = problem_weights(groups, config)
    return lambda steps: [weights.get(after.sample.problem_id, DropReason.ONE_SIDED) for _, after in steps]


def gain_weights(targets: Sequence[tuple[float, float]], alpha: float, beta: float) -> list[float]:
    """Shares of the answers that improve one and the same, of (score, similarity) each; they add up to 1."""
    powers = [alpha * score + beta * similarity for score, similarity in targets]
    highest = max(powers, default=0.0)
    shares = [exp(power - highest) for power in powers]
    return [share / fsum(shares) for share in shares]


def _by_gain(groups: Iterable[Sequence[Selected]], config: WeighByGain, read: ReadSteps) -> WeighSteps:
    num_rows = num_before = 0
    for group in groups:
        steps = [step for step in read(group) if step[1].verdict(config.judge).score is not None]
        num_rows += len(steps)
        num_before += len({_name(step) for step in steps})
    scale = num_rows / max(num_before, 1)

    def weigh(steps: Sequence[Step]) -> list[float | DropReason]:
        rivals: dict[str, list[int]] = {}
        for place, step in enumerate(steps):
            if step[1].verdict(config.judge).score is not None:
                rivals.setdefault(_name(step), []).append(place)
        weights: list[float | DropReason] = [DropReason.UNSCORED] * len(steps)
        for places in rivals.values():
            targets = [_target(steps[place], config.judge) for place in places]
            for place, share in zip(places, gain_weights(targets, config.alpha, config.beta), strict=True):
                weights[place] = scale * share
        return weights

    return weigh


def _name(step: Step) -> str:
    """The answer that is improved; one that is no revision stands alone."""
    before, after = step
    return (before or after).sample.id


def _target(step: Step, judge: str | None) -> tuple[float, float]:
    before, after = step
    return after.verdict(judge).score or 0.0, similarity(before.sample.text, after.sample.text) if before else 1.0


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
