"""Which problems a round samples. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence

from configs.errors import ProblemsError
from configs.schema.drawing import Ladder
from configs.schema.generate import Generate
from tasks.core.records import Problem
from tasks.core.step import derive_seed


def problems_of_round(problems: Sequence[Problem], config: Generate, round: int, seed: int) -> list[Problem]:
    """The train problems that a round samples, in their original order.

    Raises:
        ProblemsError: no problem is as difficult as the round's rung of the ladder.
    """
    if config.ladder is not None:
        problems = on_rung(problems, config.ladder, round)
    if config.order == "next" and config.num_problems is not None:
        return next_slice(problems, config.num_problems, round)
    return draw_problems(problems, config.num_problems, derive_seed(seed, "draw"))


def on_rung(problems: Sequence[Problem], ladder: Ladder, round: int) -> list[Problem]:
    """Problems of the round's difficulty."""
    wanted = f"{ladder.tag}={ladder.start + ladder.step * (round - 1)}"
    found = [problem for problem in problems if wanted in problem.tags]
    if not found:
        raise ProblemsError(
            f"generate.ladder: round {round} samples train problems with {wanted}, and there are none",
            "add such problems to problems.train, or write fewer rounds",
        )
    return found


def next_slice(problems: Sequence[Problem], num_problems: int, round: int) -> list[Problem]:
    """The slice after the round before's; after the last problem comes the first again."""
    start = (round - 1) * num_problems
    places = {place % len(problems) for place in range(start, start + min(num_problems, len(problems)))}
    return [problems[place] for place in sorted(places)]


def draw_problems(problems: Sequence[Problem], num_problems: int | None, seed: int) -> list[Problem]:
    """`num_problems` of the problems at random, in their original order; all of them where that is None or more."""
    if num_problems is None or num_problems >= len(problems):
        return list(problems)
    chosen = random.Random(seed).sample(range(len(problems)), num_problems)
    return [problems[index] for index in sorted(chosen)]
