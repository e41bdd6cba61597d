"""The champion that people chose: how the loop takes it up, and how `export` and MLflow find it."""

from __future__ import annotations

from configs.errors import UserError
from infra.store.base import Store
from tasks.core.bench import Workbench
from tasks.decide.decision import ScoredModel
from tasks.decide.state import LoopState, scored_model
from tasks.housekeeping.steps import find_step
from tasks.promote.apply import current_champion, open_promotion, promoted
from tasks.promote.records import Promotion, read_promotions, write_taken_up
from tasks.report.entry import ReportEntry, find_entry, read_entries


def take_up_promotions(bench: Workbench, state: LoopState) -> LoopState:
    """The state that the next round starts from.

    A promotion is taken up by the first round that begins after it was made. Which round that was is noted in the
    store before the round begins, so that the same rounds are found again: no key of a finished round ever changes.
    A plan notes nothing.
    """
    store, name, number = bench.ledger.store, bench.recipe.name, state.round + 1
    for promotion, taken in read_promotions(store, name):
        is_next = promotion.after_round < number and find_entry(store, name, number) is None
        if (taken.before_round == number) if taken else is_next:
            model = _scored(store, name, promotion)
            if model is None:
                continue
            if taken is None and not bench.is_planning:
                check_lease(bench)
                write_taken_up(store, name, promotion, number)
            bench.progress.line(f"round {number} goes on from {promotion.model}: {promotion.kind} by {promotion.by}")
            state = promoted(state, model)
    return state


def check_lease(bench: Workbench) -> None:
    """See, before something is published, that this run still holds the experiment.

    Raises:
        StoreError: it does not.
    """
    if bench.ledger.guard is not None:
        bench.ledger.guard()


def _scored(store: Store, experiment: str, promotion: Promotion) -> ScoredModel | None:
    """The promoted model with its evaluation; None where that round holds another model."""
    entry = find_entry(store, experiment, promotion.round)
    if entry is None or entry.model is None or entry.model.digest != promotion.digest:
        return None
    return scored_model(entry.model, find_step(store, entry.report.steps["evaluate"]))


def find_champion(store: Store, experiment: str) -> ReportEntry:
    """The round whose model is the champion of an experiment.

    Raises:
        StoreError: there is no such experiment.
    """
    return current_champion(read_entries(store, experiment), read_promotions(store, experiment))


def promoted_round(store: Store, experiment: str) -> int | None:
    """The round that a person made champion, where finished rounds do not show it yet."""
    promotions = read_promotions(store, experiment)
    found = open_promotion(read_entries(store, experiment), promotions) if promotions else None
    return found.round if found else None


def find_round(entries: list[ReportEntry], name: str) -> ReportEntry:
    """The round that a user calls `round-3`, with its model.

    Raises:
        UserError: there is none, or it made no model.
    """
    known = {f"round-{entry.report.round}": entry for entry in entries if entry.model is not None}
    if name not in known:
        experiment = entries[0].report.experiment
        raise UserError(f"{experiment} has no model of '{name}'", f"write one of {', '.join(known)}")
    return known[name]
