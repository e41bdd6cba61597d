"""Going on after housekeeping: rounds whose steps were cleared away are not walked, their entries stand for them."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from flows.run.experiment import recipe_digest
from infra.store.base import Store
from tasks.core.identity import settings
from tasks.core.step import digest
from tasks.decide.state import LoopState
from tasks.decide.stop import should_stop
from tasks.housekeeping.cleared import last_cleared_round
from tasks.report.entry import ReportEntry, find_entry

# Sections and fields that may change while every finished round stays as it is.
CHANGES_NOTHING = ("services", "rounds", "patience", "approval")


@dataclass(frozen=True)
class ResumePoint:
    """Entries of rounds 0 to k, and the loop after round k."""

    entries: list[ReportEntry]
    state: LoopState


def find_resume_point(store: Store, recipe: Recipe) -> ResumePoint | None:
    """Where the loop begins: None, at the baseline, unless steps of this very recipe were cleared away."""
    last = last_cleared_round(store, recipe.name)
    if last is None:
        return None
    entries = [entry for round in range(last + 1) if (entry := find_entry(store, recipe.name, round))]
    if len(entries) <= last or not _is_same(store, recipe, entries[last].recipe):
        return None
    own = recipe_digest(recipe)
    state = entries[last].state
    stop = state.decisions[-1].stop if state.decisions else None
    actions = [decision.action for decision in state.decisions]
    stop = stop or should_stop(
        actions, state.round, recipe.rounds.max, recipe.in_round(state.round).decide.patience
    )  # fmt: skip
    renamed = [entry.model_copy(update={"recipe": own}) for entry in entries]
    return ResumePoint(renamed, state.model_copy(update={"stop_reason": stop}))


def _is_same(store: Store, recipe: Recipe, stored: str) -> bool:
    """Whether the recipe computes what the stored one did, round for round."""
    text = store.read(f"{recipe.name}/recipes/{stored}.yaml")
    return text is not None and _substance(check_recipe(yaml.safe_load(text), stored)) == _substance(recipe)


def _substance(recipe: Recipe) -> str:
    phases = [(phase.name, phase.rounds) for phase in recipe.phases]
    return digest([settings(recipe, *CHANGES_NOTHING), phases])
