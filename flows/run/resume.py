"""Going on after housekeeping: rounds whose steps were cleared away are not walked, their entries stand for them."""

from __future__ import annotations

import json
from dataclasses import dataclass

import yaml

from configs.errors import RecipeError
from configs.schema.load import check_recipe
from configs.schema.marks import as_written
from flows.run.experiment import recipe_digest
from tasks.core.bench import Workbench
from tasks.core.identity import as_it_was, recipe_identity
from tasks.decide.state import LoopState
from tasks.decide.stop import should_stop
from tasks.housekeeping.cleared import last_cleared_round
from tasks.report.entry import ReportEntry, find_entry


@dataclass(frozen=True)
class ResumePoint:
    """Entries of rounds 0 to k, and the loop after round k."""

    entries: list[ReportEntry]
    state: LoopState


def find_resume_point(bench: Workbench) -> ResumePoint | None:
    """Where the loop begins: None, at the baseline, unless steps of this very recipe were cleared away."""
    store, recipe = bench.ledger.store, bench.recipe
    last = last_cleared_round(store, recipe.name)
    if last is None:
        return None
    entries = [entry for round in range(last + 1) if (entry := find_entry(store, recipe.name, round))]
    if len(entries) <= last or not _is_same(bench, entries[last].recipe):
        return None
    own = recipe_digest(bench)
    state = entries[last].state
    stop = state.decisions[-1].stop if state.decisions else None
    actions = [decision.action for decision in state.decisions]
    stop = stop or should_stop(
        actions, state.round, recipe.rounds.max, recipe.in_round(state.round).decide.patience
    )  # fmt: skip
    renamed = [entry.model_copy(update={"recipe": own}) for entry in entries]
    return ResumePoint(renamed, state.model_copy(update={"stop_reason": stop}))


def _is_same(bench: Workbench, stored: str) -> bool:
    """Whether the recipe computes what the stored one did, round for round.

    Both are read by today's schema, so that a field which is new in it makes no other recipe of an old one. Of recipes
    stored before contents were kept only the names are known.
    """
    store, recipe, place = bench.ledger.store, bench.recipe, f"{bench.recipe.name}/recipes/{stored}"
    text, known = store.read(f"{place}.yaml"), store.read(f"{place}.contents.json")
    if text is None:
        return False
    try:
        before = check_recipe(yaml.safe_load(text), stored)
    except RecipeError:
        return False
    if known is None:
        return bool(recipe_identity(before, as_written) == recipe_identity(recipe, as_written))
    return bool(recipe_identity(before, as_it_was(json.loads(known))) == recipe_identity(recipe, bench.contents))
