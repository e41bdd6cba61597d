"""The length penalty of `best_vs_worst` that evens out the mean lengths of chosen and rejected texts.

"Bootstrapping Language Models with DPO Implicit Rewards" (DICE, arXiv 2406.09760): of alpha = 0, .001, ... < 1 the one
with the smallest |mean over pairs of (characters chosen - characters rejected)|, pairs being made by s - alpha *
characters.

Where the code differs from the official code:
1. The whole grid is looked at, rather than up to the first rise, which can be a local minimum.
2. Problems whose best and worst are equal make no pair, and do not count.
The smallest alpha wins ties, as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configs.schema.pair import BestVsWorst
from tasks.core.joined import Candidate
from tasks.select.pairs.choice import eligible, scored
from tasks.select.pairs.ranking import pick

STEPS = 1000


def search_penalty(groups: Iterable[Sequence[Candidate]], config: BestVsWorst) -> float:
    """Score a character, in [0, 1). Reads the round once and holds two numbers a value of the grid; 0 without pairs."""
    import numpy as np

    grid = np.arange(STEPS) / STEPS
    gaps, counts = np.zeros(STEPS, int), np.zeros(STEPS, int)
    for group in groups:
        samples = scored(eligible(group, config), config.judge)
        if len(samples) < config.min_scored:
            continue
        lengths = np.array([sample.num_chars for sample in samples])
        picks = pick(samples, config, grid)
        has_pair = picks.reason == 0
        gaps += np.where(has_pair, lengths[picks.chosen] - lengths[picks.rejected], 0)
        counts += has_pair
    means = np.abs(np.divide(gaps, counts, out=np.full(STEPS, np.inf), where=counts > 0))
    return float(grid[means.argmin()])
