"""How far texts are from the reference: for the reward term `kl`. The learner compares what it drew, token by token."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from configs.schema.online.amount import KlEstimate
from infra.engines.learn.learner import Learner
from infra.engines.questions import Tokens


@dataclass(frozen=True)
class Divergence:
    """Asks the learner, which has the live weights and the reference."""

    learner: Learner

    def of(self, tokens: Sequence[Mapping[str, Tokens]]) -> dict[str, dict[str, float]]:
        """Estimates of each drawn text, by id and by name of the estimate, added up over its tokens, in nats.

        Args:
            tokens: of each episode, by the text's id.
        """
        drawn = {name: own for episode in tokens for name, own in episode.items()}
        told = self.learner.compare(list(drawn.values()))
        return {name: estimates_of(gaps) for name, gaps in zip(drawn, told, strict=True)}


def estimates_of(gaps: Sequence[float]) -> dict[str, float]:
    """By name of the estimate, its sum over tokens.

    Args:
        gaps: log p - log p_ref of each token.
    """
    return {estimate: sum(_estimate(gap, estimate) for gap in gaps) for estimate in get_args(KlEstimate)}


def _estimate(gap: float, estimate: KlEstimate) -> float:
    if estimate == "k1":
        return gap
    return gap**2 / 2 if estimate == "k2" else math.expm1(-gap) + gap
