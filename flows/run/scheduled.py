"""The flow of deployments: one run continues an experiment by some rounds.

`flows/services/deployments.py` makes deployments.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from prefect import flow, get_run_logger, runtime
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Completed, Crashed, Failed, State
from pydantic import BaseModel, ConfigDict, Field

from configs.errors import EngineEndedError, HeldError, RecipeError, UserError
from configs.schema.load import RepeatedKeyError, apply_override, check_recipe, load_recipe, parse_yaml
from configs.schema.recipe import Recipe
from flows.champion.approve import find_own_question, wait_for_person
from flows.loop import Ended, run_rounds
from flows.run.continued import Attempt, has_begun, in_turn, refuse_in_vain, what_was_asked
from flows.run.experiment import work_folder
from flows.services.addresses import resolve_addresses
from infra.store.address import open_store


class ImproveParameters(BaseModel):
    """What one run does; Prefect shows it as a form."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = Field(
        title="Recipe",
        description="The recipe as YAML text, as it was deployed; or the path of a recipe on the worker.",
    )
    overrides: list[str] = Field(
        [], title="Overrides", description="Changes for this run, one a line, such as generate.temperature=0.8."
    )
    rounds: int | None = Field(
        None,
        ge=1,
        title="Rounds to add",
        description="Default: the recipe's rounds.per_run, else all up to rounds.max.",
    )
    base_dir: str = Field(
        ".", title="Base folder", description="Folder on the worker at which relative paths of the recipe begin."
    )


def _name_run() -> str:
    return f"scheduled/{runtime.deployment.name or 'by hand'}"


@flow(name="scheduled-improve", flow_run_name=_name_run)
def scheduled_improve(parameters: ImproveParameters, continues: str | None = None, attempt: Attempt = 0) -> State[Any]:
    """Continue an experiment: take its champion, and add rounds on the next slice of its problems.

    A run of the schedule that meets another run of the experiment ends as Cancelled; one that a person or an
    automation started waits its turn. Ends as Failed with one message where something is wrong that a person can mend,
    and as Crashed, which is continued, where an engine's process was killed or hung.

    Args:
        continues: id of a run that crashed: this one does what that one was told, unless that is in vain.
        attempt: see `continued.Attempt`.
    """
    if attempt:
        has_begun(runtime.flow_run.id)
    try:
        parameters = ImproveParameters.model_validate(what_was_asked(continues)) if continues else parameters
        recipe = read_recipe(parameters)
        addresses = resolve_addresses(recipe.services)
        store = open_store(addresses.store)
        if continues:
            refuse_in_vain(store, recipe.name, work_folder(addresses, recipe, store))
        if asked := find_own_question(store, recipe.name):
            wait_for_person(store, recipe.name, asked)
        rounds = parameters.rounds or recipe.rounds.per_run
        ended = in_turn(
            lambda: run_rounds(recipe, Path(parameters.base_dir), rounds), not _is_of_schedule(), get_run_logger().info
        )
    except HeldError as error:
        return Cancelled(message=str(error))
    except EngineEndedError as error:
        return Crashed(message=str(error))
    except UserError as error:
        return Failed(message=str(error))
    if ended.question:
        wait_for_person(store, recipe.name, ended.question)
    return Completed(message=describe(recipe, ended))


def read_recipe(parameters: ImproveParameters) -> Recipe:
    """The recipe of a run.

    Raises:
        RecipeError: it cannot be read or run.
    """
    text = parameters.recipe.strip()
    if "\n" not in text:
        return load_recipe(Path(parameters.base_dir) / text, parameters.overrides)
    try:
        tree = parse_yaml(text)
    except (yaml.YAMLError, RepeatedKeyError) as error:
        raise RecipeError(f"the parameter recipe is not YAML: {error}", "deploy the recipe again") from None
    if not isinstance(tree, dict):
        raise RecipeError("the parameter recipe is not a mapping of sections", "deploy the recipe again")
    for override in parameters.overrides:
        apply_override(tree, override)
    return check_recipe(tree, "the deployed recipe")


def describe(recipe: Recipe, ended: Ended) -> str:
    """What a run did, in one line."""
    champion = ended.state.champion.name
    done = f"rounds {', '.join(map(str, ended.added))} added" if ended.added else "no round added"
    asked = f" (run {ended.question.flow_run} asks since {ended.question.at})" if ended.question else ""
    return f"{recipe.name}: {done}; champion {champion}; ended by {ended.reason}{asked}"


def _is_of_schedule() -> bool:
    context = FlowRunContext.get()
    return bool(context and context.flow_run and context.flow_run.auto_scheduled)
