"""The loop of rounds: what `selfloop run` and a deployment's runs have in common. The store decides what is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect import flow
from prefect.context import FlowRunContext

from configs.errors import GuardError, NoDataError
from configs.schema.recipe import Recipe
from flows.champion.approve import ask_person, settle
from flows.champion.current import promoted_round, take_up_promotions
from flows.report.artifacts import ShownInPrefect, show_table
from flows.report.items import read_changes
from flows.report.mlflow_sync import Tracking
from flows.report.reporting import Reporting
from flows.report.terminal import Terminal
from flows.round import baseline, improvement_round, with_champion
from flows.run.experiment import open_workbench, recipe_digest
from flows.run.plan import make_plan
from flows.run.resume import find_resume_point
from flows.services.addresses import resolve_addresses
from infra.engines.programs import import_ahead
from tasks.core.bench import Workbench
from tasks.decide.state import LoopState, RoundOutcome
from tasks.decide.stop import StopReason, should_leave
from tasks.promote.records import Question
from tasks.report.entry import find_entry, write_entry
from tasks.report.rounds import RoundReport


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        state: after the last round.
        reason: why the run ended there.
        added: rounds that this run finished and that were not finished before.
        question: what a person has to answer before the experiment goes on.
    """

    state: LoopState
    reason: StopReason
    added: tuple[int, ...]
    question: Question | None = None


MayGoOn = Callable[[Sequence[RoundReport]], bool]
"""from the rounds so far, round 0 first, whether a run begins another"""


def run_rounds(
    recipe: Recipe,
    base_dir: Path,
    per_run: int | None = None,
    may_go_on: MayGoOn = lambda rounds: True,
    tracks_items: bool = True,
) -> Ended:
    """Run an experiment's rounds, or go on with them. Needs to be called in a flow.

    Args:
        base_dir: folder that relative paths of the recipe begin at.
        per_run: rounds to add; None: as many as the recipe says.
        may_go_on: whether a run that could do another round does.
        tracks_items: MLflow gets what became of every held-out problem too; `selfloop sync` writes it later.

    Raises:
        NoDataError: a round kept too few samples to train on.
        GuardError: a guard said stop.
        StoreError: another run holds the experiment, or the store failed.
    """
    addresses = resolve_addresses(recipe.services)
    with open_workbench(recipe, addresses, base_dir, Terminal(ShownInPrefect())) as bench:
        store = bench.ledger.store
        tracking = Tracking(recipe, recipe_digest(bench), addresses, store.uri)
        tracking.find_promoted = lambda: promoted_round(store, recipe.name)
        if tracks_items:
            tracking.find_changes = lambda entry: read_changes(bench.ledger, entry)
        tracking.open_ahead()
        reporting = Reporting(bench, addresses, tracking)
        plan = make_plan(recipe, store, addresses.work_dir, base_dir)
        show_table(f"{recipe.name} plan", plan.rows(), "\n\n".join(plan.cost))
        if plan.has_new_steps():
            import_ahead()
        ended = _walk(bench, reporting, per_run, may_go_on)
        reporting.finish()
    if ended.reason == StopReason.NO_DATA:
        raise NoDataError(
            f"round {ended.state.round} stopped: {ended.state.decisions[-1].reason}",
            "draw more (generate.num_samples, online.group_size), judge less strictly, begin with a warm_start, or use "
            "easier problems",
        )
    if ended.reason == StopReason.GUARD:
        raise GuardError(
            f"round {ended.state.round} stopped: {ended.state.decisions[-1].reason}",
            "read the report's samples and judge; then mend the judge, or write the recipe's own guards",
        )
    return ended


def _walk(bench: Workbench, reporting: Reporting, per_run: int | None, may_go_on: MayGoOn) -> Ended:
    state = _start(bench, reporting)
    added: list[int] = []
    while (reason := state.stop_reason or should_leave(len(added), per_run)) is None:
        if not may_go_on([entry.report for entry in reporting.entries]):
            return Ended(state, StopReason.RUN_DONE, tuple(added))
        number = state.round + 1
        was_finished = find_entry(bench.ledger.store, bench.recipe.name, number) is not None
        before = take_up_promotions(bench, state)
        outcome = _run_round(bench, number, before)
        settled = settle(bench, outcome, before)
        if settled is None:
            return Ended(state, StopReason.APPROVAL, tuple(added), ask_person(bench, outcome))
        settled = with_champion(bench, settled)
        reporting.add_round(settled)
        if not was_finished or not all(step.is_reused for step in settled.steps.values()):
            added.append(number)
        state = settled.state
    return Ended(state, reason, tuple(added))


def _start(bench: Workbench, reporting: Reporting) -> LoopState:
    """The state after the baseline; after the last round whose steps were cleared away, where there is one."""
    if found := find_resume_point(bench):
        for entry in found.entries:
            write_entry(bench.ledger.store, entry)
            reporting.entries.append(entry)
        bench.progress.line(f"round {found.state.round}: gone on from; steps up to it were cleared away")
        return found.state
    outcome = _run_baseline(bench)
    reporting.add_round(outcome)
    return outcome.state


def _run_baseline(bench: Workbench) -> RoundOutcome:
    def run(experiment: str) -> RoundOutcome:
        return baseline(bench)

    return _below(run, "round-0", "{experiment} round 0")(bench.recipe.name)


def _run_round(bench: Workbench, number: int, before: LoopState) -> RoundOutcome:
    def run(experiment: str, round: int, state: LoopState) -> RoundOutcome:
        return improvement_round(bench, round, state)

    return _below(run, "round", "{experiment} round {round}")(bench.recipe.name, number, before)


def _below(run: Callable[..., RoundOutcome], name: str, run_name: str) -> Callable[..., RoundOutcome]:
    """A round as a Prefect flow run below this one.

    When a suspended run is executed again, Prefect answers a subflow that had completed with its first state, whose
    result is not kept: then the function is called as it is, and finds its steps in the store.
    """
    context = FlowRunContext.get()
    this = context.flow_run if context else None
    if this is not None and (this.run_count or 0) > 1:
        return run
    return flow(name=name, flow_run_name=run_name, validate_parameters=False)(run)
