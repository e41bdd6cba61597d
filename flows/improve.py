"""The improve flow: rounds until a stop rule says otherwise. Deployments run `scheduled_improve`, its sibling."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from configs.schema.recipe import Recipe
from flows.loop import run_rounds
from flows.run.scheduled import scheduled_improve
from flows.services.addresses import Addresses
from tasks.decide.state import LoopState

__all__ = ["improve", "run_experiment", "scheduled_improve"]


@flow(name="improve", flow_run_name="improve/{experiment}", validate_parameters=False)
def improve(experiment: str, recipe: Recipe, base_dir: str = ".") -> LoopState:
    """Run an experiment's rounds.

    Args:
        experiment: the recipe's name; shown in Prefect.
        recipe: the resolved recipe.
        base_dir: folder that relative paths of the recipe begin at.

    Raises:
        NoDataError: a round kept too few samples to train on.
    """
    return run_rounds(recipe, Path(base_dir)).state


def run_experiment(recipe: Recipe, addresses: Addresses) -> LoopState:
    """Run the flow in this process; used by `selfloop run`."""
    return improve(recipe.name, recipe, str(Path.cwd()))
