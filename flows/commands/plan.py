"""`selfloop plan`: what would run, what is reused, and what it takes."""

from __future__ import annotations

from pathlib import Path

from flows.commands.check import Overrides


def plan(recipe: Path, *, overrides: Overrides = ()) -> None:
    """Print the resolved recipe, each step as reused or new, and the cost of the new ones.

    Parameters
    ----------
    recipe
        A YAML file.
    """
    from configs.schema.load import dump_recipe, load_recipe
    from flows.planning import plan_experiment
    from flows.services import resolve_addresses

    checked = load_recipe(recipe, overrides)
    print(dump_recipe(checked))
    for line in plan_experiment(checked, resolve_addresses(checked.services)):
        print(line)
