"""The recipe: the whole declaration of an experiment.

Its sections stand in `sections.py`, in the order in which a round uses them; rules between sections in
`recipe_rules.py`.
"""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from configs.schema.phase import lay_over
from configs.schema.recipe_rules import check_recipe_rules
from configs.schema.sections import Sections


class Recipe(Sections):
    """One experiment, from base model to stop rule."""

    @model_validator(mode="before")
    @classmethod
    def _rounds_are_those_of_the_phases(cls, tree: Any) -> Any:
        """rounds.max is what the phases add up to, unless it is written."""
        phases, rounds = (tree.get("phases"), tree.get("rounds") or {}) if isinstance(tree, dict) else (None, None)
        if not phases or not isinstance(rounds, dict) or "max" in rounds:
            return tree
        lengths = [phase.get("rounds") if isinstance(phase, dict) else None for phase in phases]
        cycles = rounds.get("cycles", 1)
        numbers = [number for number in (cycles, *lengths) if isinstance(number, int) and number > 0]
        if len(numbers) <= len(lengths):
            return tree  # each field says itself what is wrong with it
        return {**tree, "rounds": {**rounds, "max": numbers[0] * sum(numbers[1:])}}

    @model_validator(mode="after")
    def _sections_agree(self) -> Recipe:
        check_recipe_rules(self)
        return self

    def in_round(self, round: int) -> Recipe:
        """The recipe of one round: with its phase's settings, and without phases."""
        stay = self.stay_at(round)
        return self if stay is None else self.of_phase(stay.index)

    def of_phase(self, index: int) -> Recipe:
        """The recipe of one phase.

        Raises:
            ValidationError: the phase sets what no recipe has; `configs/schema/load.py` says so in words.
        """
        tree = self.model_dump(mode="json", exclude={"phases": True, "rounds": {"cycles"}})
        laid = lay_over(tree, self.phases[index].set)
        return Recipe.model_validate({name: value for name, value in laid.items() if value is not None})
