"""How many optimizer steps a round trains, and where they lie in a schedule. Called by the train stage. Pure."""

from __future__ import annotations

import math

from configs.schema.train import Train
from tasks.learn.run import Schedule


def plan_steps(settings: Train, round: int, num_rounds: int, done: int) -> Schedule:
    """The steps of a round.

    STaR (arXiv 2203.14465) trains floor(max_steps * step_growth^(round-1)) steps. Online RFT and B-STaR (arXiv
    2412.17256) carry one schedule of max_steps a round through all rounds, or those of a phase.

    Args:
        round: from 1.
        num_rounds: of the experiment, or of the phase's turn.
        done: steps that the start model was trained for in earlier rounds of one carried schedule.
    """
    if settings.step_growth is not None:
        assert settings.max_steps is not None, "the recipe was checked for it"
        return Schedule(math.floor(settings.max_steps * settings.step_growth ** (round - 1) + 1e-9))
    if settings.carries_optimizer:
        assert settings.max_steps is not None, "the recipe was checked for it"
        return Schedule(settings.max_steps, done, settings.max_steps * num_rounds)
    return Schedule(settings.max_steps)
