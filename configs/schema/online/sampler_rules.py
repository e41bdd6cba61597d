"""Rules between where samples are drawn, the engine that draws them, and the objective that trusts them."""

from __future__ import annotations

from collections.abc import Iterator

from configs.schema.engine import VllmEngine
from configs.schema.online.objectives import OnlineObjective, PolicyGradient
from configs.schema.online.section import Online
from configs.schema.sections import Sections


def sampler_fits(recipe: Sections, online: Online, objective: OnlineObjective) -> Iterator[str]:
    """What does not fit where samples are drawn beside the learner."""
    where = online.sampler.where
    if where == "learner":
        return
    heat = online.episode.temperature
    if isinstance(objective, PolicyGradient) and objective.correction != "none" and heat != 1:
        yield (f"online.sampler.where: a {where} draws a little otherwise than the learner trains, and both are "
               f"compared at temperature 1: write online.episode.temperature: 1.0 in place of {heat:g}, or "
               "train.objective.correction: none to go without")  # fmt: skip
    if where == "session" and isinstance(recipe.engine, VllmEngine) and recipe.engine.tensor_parallel_size > 1:
        yield ("engine.tensor_parallel_size: a session beside the learner has one GPU: write 1, or online: {sampler: "
               "{where: server, url: ...}} with a server on several")  # fmt: skip
