"""Exploration: could the right answer be found, and how many different ones?

B-STaR: Monitoring and Balancing Exploration and Exploitation in Self-Taught Reasoners (arXiv 2412.17256).
Pass@K and Pass@K-S over the round's independent draws; diversity = distinct equations / equations of the correct
samples of a problem, meaned over the problems that have any.

Where this differs from the paper:
1. Two samples are one where their texts are equal, white space at the ends aside; means over all K-subsets are exact.
2. Equations are calculator annotations <<...>> and mathematics between $...$, \\(...\\) or \\[...\\].
3. Only draws at the recipe's own temperature count: hinted, guided and hot samples are another distribution.
4. Problems with fewer than K draws are left out of the mean of that K.
5. Where draws stop once enough are accepted, Pass@K stays unbiased (a problem that stopped at its m-th draw is solved
   by K >= m draws); what depends on the number of draws is absent: distinct texts, diversity, entropy, Pass@K-S.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tasks.answer.equal import clusters
from tasks.core.step import Summary
from tasks.evaluate.statistics import pass_at_k
from tasks.evaluate.subsets import pass_at_k_s
from tasks.monitor.formulas import entropy
from tasks.monitor.group import RoundGroup, Stopping
from tasks.monitor.means import Means

_EQUATION = re.compile(r"<<([^<>]+)>>|\$([^$\n]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
NUM_DISTINCT = (2, 4)
"""S of Pass@K-S and Reward@K-S; the paper's: 4"""


def subset_sizes(num_draws: int) -> list[int]:
    """K of Pass@K: 1, 4, 8, 16, ... up to the draws of a problem."""
    sizes = [1, 4]
    while sizes[-1] * 2 <= num_draws:
        sizes.append(sizes[-1] * 2)
    return [size for size in sizes if size <= num_draws]


def distinct_sizes(num_draws: int) -> list[tuple[int, int]]:
    """(K, S) of Pass@K-S and Reward@K-S: S of 2 and 4, where K is at least twice that."""
    return [(k, s) for k in subset_sizes(num_draws) for s in NUM_DISTINCT if k >= 2 * s]


class Exploration:
    """Collects the exploration metrics of a round.

    Args:
        stopping: what stopped the draws of problems.
    """

    def __init__(self, stopping: Stopping | None = None) -> None:
        self._means, self._stopping = Means(), stopping

    def add(self, group: RoundGroup) -> None:
        """Count one problem: its independent draws."""
        drawn = group.independent()
        if not drawn.samples:
            return
        if self._stopping is not None:
            self._add_stopped(drawn, self._stopping.num_draws)
            return
        self._means.add("explore_answer_entropy", answer_entropy(drawn))
        if drawn.correct is not None:
            texts = [sample.text.strip() for sample in drawn.samples]
            self._add_correct([text for text, right in zip(texts, drawn.correct, strict=True) if right], len(texts))

    def _add_correct(self, texts: Sequence[str], num_draws: int) -> None:
        counts = list(Counter(texts).values())
        for k in subset_sizes(num_draws):
            self._means.add(f"explore_pass_at_{k}", pass_at_k(num_draws, len(texts), k))
        for k, s in distinct_sizes(num_draws):
            self._means.add(f"explore_pass_at_{k}_{s}", pass_at_k_s(counts, num_draws, k, s))
        self._means.add("explore_distinct_correct", len(counts))
        self._means.add("explore_diversity", diversity(texts))

    def _add_stopped(self, drawn: RoundGroup, num_draws: int) -> None:
        if drawn.correct is None:
            return
        size = len(drawn.correct)
        for k in subset_sizes(num_draws):
            if k <= size:
                self._means.add(f"explore_pass_at_{k}", pass_at_k(size, sum(drawn.correct), k))
            elif drawn.num_before_last is not None:
                self._means.add(f"explore_pass_at_{k}", 1.0)

    def numbers(self) -> Summary:
        """explore_pass_at_K, explore_pass_at_K_S, explore_distinct_correct, explore_diversity,
        explore_answer_entropy."""
        return self._means.numbers()


def answer_entropy(group: RoundGroup) -> float | None:
    """Entropy of the answers that the first judge who found any read from the samples; None where nobody did."""
    for verdicts in group.verdicts.values():
        votes = Counter(clusters([verdict.answer for verdict in verdicts if verdict.answer]))
        if votes:
            return entropy(list(votes.values()))
    return None


def diversity(texts: Sequence[str]) -> float | None:
    """Distinct equations / equations of some texts, white space ignored; None where they have none."""
    found = ["".join(next(filter(None, match)).split()) for text in texts for match in _EQUATION.findall(text)]
    return len(set(found)) / len(found) if found else None
