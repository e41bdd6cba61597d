"""The decide stage: guards, gate, and whether the experiment goes on."""

from __future__ import annotations

from configs.schema.recipe import Recipe
from tasks.core.files import ITEMS
from tasks.core.stage import Numbers, Stage
from tasks.core.step import Summary

DECISION_FILE = "decision.json"


class DecideNumbers(Numbers):
    """None is read, and what comes after a decision can't be known before it."""

    @classmethod
    def expected(cls, recipe: Recipe) -> Summary | None:
        return None


DECIDE = Stage(
    "decide",
    version=1,
    config=lambda recipe, _: {"gate": recipe.decide.gate, "guards": recipe.guards},
    reads=(ITEMS,),
    is_random=lambda _: False,
    numbers=DecideNumbers,
)
