"""What a promotion takes, said before a run: how many problems of the select set have to change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from configs.schema.evaluate import Always, Better, Gate, Significant
from configs.schema.recipe import Recipe
from tasks.decide.gate import SUITE
from tasks.evaluate.statistics import mcnemar_exact

FEW = 3
"""a rise of fewer problems may be chance, whatever the size of the set"""


def least_gain(gate: Gate, num_problems: int) -> int | None:
    """The fewest problems, more right and none lost, that the gate promotes on; None where not even all of them do."""
    if isinstance(gate, Always):
        return 0
    gains = range(1, num_problems + 1)
    if isinstance(gate, Better):
        return next((gain for gain in gains if gain / num_problems > gate.margin), None)
    assert isinstance(gate, Significant), "there are three gates"
    return next((gain for gain in gains if mcnemar_exact(gain, 0) < gate.alpha), None)


def describe_promotion(recipe: Recipe, sizes: Mapping[str, int]) -> Iterator[str]:
    """A line of the plan; where chance alone would promote, or nothing can, it says what to write."""
    gate, size = recipe.decide.gate, sizes[SUITE]
    gain = least_gain(gate, size)
    head = f"promotion         gate {gate.kind}: "
    if gain is None:
        yield f"{head}never, for {size} select problems are too few to show a rise: give the select set more"
    elif gain == 0:
        yield f"{head}every candidate, however good"
    elif gain < FEW:
        yield (
            f"{head}{gain} of {size} select problems more right, which chance does easily; "
            "decide.gate: {kind: significant} asks for a rise that it seldom makes"
        )
    else:
        yield f"{head}{gain} of {size} select problems more right, or more where others are lost"
