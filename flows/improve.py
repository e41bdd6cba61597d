"""The improve flow: rounds until a stop rule says otherwise. The store decides what is done already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from configs.errors import NoDataError
from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from flows.artifacts import ProgressArtifact, show_table
from flows.mlflow_sync import Tracking
from flows.open import open_workbench
from flows.planning import make_plan
from flows.reporting import Reporting
from flows.round import baseline, improvement_round
from flows.services import Addresses, resolve_addresses
from flows.terminal import Terminal
from tasks.decide.state import LoopState
from tasks.decide.stop import StopReason


@flow(name="improve", flow_run_name="improve/{experiment}", validate_parameters=False)
def improve(experiment: str, recipe: dict[str, Any], base_dir: str = ".") -> LoopState:
    """Run an experiment's rounds.

    Args:
        experiment: the recipe's name; shown in Prefect.
        recipe: the resolved recipe.
        base_dir: folder that relative paths of the recipe begin at.

    Raises:
        NoDataError: a round kept too few samples to train on.
    """
    checked = check_recipe(recipe, experiment)
    addresses = resolve_addresses(checked.services)
    with open_workbench(checked, addresses, Path(base_dir), Terminal(ProgressArtifact())) as bench:
        reporting = Reporting(bench, addresses, Tracking(checked, addresses, bench.ledger.store.uri))
        plan = make_plan(checked, bench.ledger.store, addresses.work_dir, bench.base_dir)
        show_table(f"{experiment} plan", plan.rows(), "\n\n".join(plan.cost))
        outcome = baseline(experiment)
        reporting.add_round(outcome)
        while outcome.state.stop_reason is None:
            outcome = improvement_round(experiment, outcome.state.round + 1, outcome.state)
            reporting.add_round(outcome)
        reporting.finish()
    if outcome.state.stop_reason == StopReason.NO_DATA:
        raise NoDataError(
            f"round {outcome.state.round} stopped: {outcome.state.decisions[-1].reason}",
            "draw more (generate.num_samples), judge less strictly, begin with a warm_start, or use easier problems",
        )
    return outcome.state


def run_experiment(recipe: Recipe, addresses: Addresses) -> LoopState:
    """Run the flow in this process; used by `selfloop run`."""
    return improve(recipe.name, recipe.model_dump(mode="json"), str(Path.cwd()))
