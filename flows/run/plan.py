"""The plan of an experiment: the real flow walked at a planning bench, and estimates of the new work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from configs.errors import StoreError
from configs.schema.benchmarks import SET_PREFIX
from configs.schema.recipe import Recipe
from flows.champion.approve import settle
from flows.champion.current import take_up_promotions
from flows.round import STAGES, baseline, improvement_round, stages_of, with_champion
from flows.run.experiment import shared_of
from flows.run.resume import find_resume_point
from infra.engines.gpu_list import visible_gpus
from infra.engines.programs import is_missing
from infra.store.base import Store
from infra.store.errors import DamagedObjectError
from tasks.benchmark.look import look_at_benchmarks
from tasks.benchmark.stage import BENCHMARK
from tasks.core.ledger import Ledger
from tasks.core.models import stage_kind
from tasks.core.records import Problem
from tasks.core.stage import Stage
from tasks.decide.state import LoopState
from tasks.housekeeping.steps import RECORD, read_step
from tasks.monitor.stage import PASS_RATES
from tasks.plan.cost import estimate_cost
from tasks.plan.data import read_data
from tasks.plan.hours import Price, estimate_hours
from tasks.plan.named import check_named
from tasks.plan.places import check_places
from tasks.plan.planning import EndOfKnowledge, PlannedStep, PlanningBench
from tasks.plan.promotion import describe_promotion
from tasks.plan.speeds import Measured, Speeds, num_devices
from tasks.plan.why import differences
from tasks.report.entry import ReportEntry, find_entry

NOT_GIVEN = Speeds()
REASONS_SHOWN = 12
"""differences listed of one step"""


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        steps: those whose keys are known: published, or of the next round.
        later: (round, stage) of the steps that depend on decisions still to be made; all new.
        cost: lines that say what the new steps take.
        phases: name of each round's phase; empty without phases.
        problems: lines that say how many problems each set has, and which rows are left out.
        hours: lines that say how long the new steps take on a number of GPUs; empty where none was asked about.
    """

    steps: list[PlannedStep]
    later: list[tuple[int, str]]
    cost: list[str]
    phases: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    hours: list[str] = field(default_factory=list)

    def has_new_steps(self) -> bool:
        """Whether anything is left to compute."""
        return bool(self.later) or not all(step.is_reused for step in self.steps)

    def rows(self) -> list[dict[str, str]]:
        """One row a step: round, phase where there are phases, stage, state, key."""
        known = [(step.round, step.stage, _state(step), step.key[:12]) for step in self.steps]
        return [
            {"round": str(number), **self._phase(number), "stage": stage, "state": state, "key": key}
            for number, stage, state, key in [*known, *((r, s, "new", "later") for r, s in self.later)]
        ]

    def _phase(self, round: int) -> dict[str, str]:
        return {"phase": self.phases.get(round, "-")} if self.phases else {}

    def lines(self, reasons: Mapping[str, Sequence[str]] | None = None) -> Iterator[str]:
        """The plan as text.

        Args:
            reasons: lines below a new step, by its key (`explain_new`).
        """
        yield from self.problems
        below = {key[:12]: lines for key, lines in (reasons or {}).items()}
        for row in self.rows():
            phase = f"{row['phase']:<10} " if self.phases else ""
            yield f"  round {row['round']}  {phase}{row['stage']:<14} {row['state']:<9} {row['key']}"
            yield from (f"             {line}" for line in below.get(row["key"], ()))
        yield from self.cost
        yield from self.hours


def explain_new(plan: Plan, store: Store, experiment: str) -> dict[str, list[str]]:
    """Why each new step is new, by key: what differs from the newest published step of its stage.

    That is one of the same round where there is one, for it says most; else of the highest round. Of one round's steps
    the latest counts.
    """
    published = [key.removesuffix(RECORD) for key in store.keys(f"{experiment}/round-") if key.endswith(RECORD)]
    return {step.key: list(_explain(step, store, published)) for step in plan.steps if not step.is_reused}


def _explain(step: PlannedStep, store: Store, published: Sequence[str]) -> Iterator[str]:
    found = []
    for prefix in published:
        if prefix.split("/")[2] == step.stage:
            try:
                ref, payload, finished_at = read_step(store, prefix)
            except StoreError:
                continue  # the run heals what is damaged
            found.append(((ref.round == step.round, ref.round, finished_at), ref.round, payload))
    if not found:
        yield f"the first {step.stage} step"
        return
    _, round, payload = max(found, key=itemgetter(0))
    lines = list(differences(payload, step.payload))
    yield from (f"since round {round}: {line}" for line in lines[:REASONS_SHOWN])
    if len(lines) > REASONS_SHOWN:
        yield f"since round {round}: and {len(lines) - REASONS_SHOWN} more"


def make_plan(
    recipe: Recipe,
    store: Store,
    work_dir: Path,
    base_dir: Path,
    price: Price | None = None,
    speeds: Speeds = NOT_GIVEN,
) -> Plan:
    """Walk the experiment as far as its decisions are published. Writes and loads nothing; reads the problems.

    Args:
        price: on how many GPUs the new steps are to run; None: no hours are estimated.
        speeds: those that are given; others are measured by the latest round.
    """
    check_named(recipe, base_dir)
    check_places(recipe, visible_gpus, is_missing)
    ledger = Ledger(store, work_dir / f"{recipe.name}-plan", {}, shared=shared_of(recipe, store))
    with PlanningBench(recipe, ledger, base_dir) as bench:
        sets = read_data(bench)
        sizes = {name: len(problems) for name, problems in sets.problems.items()}
        resumed = find_resume_point(bench)
        is_open = not _walk(bench, resumed.state if resumed else None)
        last = max((step.round for step in bench.planned if step.is_reused), default=0)
        entry = find_entry(store, recipe.name, last)
        rates = _pass_rates(recipe, ledger, entry)
    known = {(step.round, step.stage) for step in bench.planned}
    new = [(step.round, step.stage) for step in bench.planned if not step.is_reused]
    first = resumed.state.round + 1 if resumed else 1
    to_come = range(first, recipe.rounds.max + 1) if new or is_open else ()
    later = [(r, s) for r in to_come for s, _ in stages_of(recipe.in_round(r), r) if (r, s) not in known]
    measured = entry.report.metrics if entry else {}
    phases = {r: stay.name for r in range(1, recipe.rounds.max + 1) if (stay := recipe.stay_at(r))}
    stages = [(r, STAGES[stage_kind(s)]) for r, s in new + later]
    cost = list(estimate_cost(recipe, sizes, stages, measured, _model_bytes(store, entry), rates))
    asked = [(number, stage) for number, stage in stages if stage is BENCHMARK]
    cost += benchmark_lines(recipe, base_dir, asked, sets.problems)
    cost += describe_promotion(recipe, sizes) if stages else ()
    before = Measured(last, measured, num_devices(recipe.engine), rates) if measured else None
    hours = list(estimate_hours(recipe, sizes, stages, speeds, before, price)) if price else []
    return Plan(bench.planned, later, cost, phases, list(sets.lines()), hours)


def _model_bytes(store: Store, entry: ReportEntry | None) -> int | None:
    """What the model of a round takes in the store; None: nothing was trained, or nobody knows any more."""
    if entry is None or "train" not in entry.report.steps:
        return None
    try:
        ref, _, _ = read_step(store, entry.report.steps["train"])
    except StoreError:
        return None
    return sum(file.size_bytes for file in ref.files)


def _pass_rates(recipe: Recipe, ledger: Ledger, entry: ReportEntry | None) -> list[float]:
    """How often the problems of a round were solved; empty where nobody knows, or nothing depends on it."""
    stops = any(recipe.in_round(number).generate.stopping for number in range(1, recipe.rounds.max + 1))
    if not stops or entry is None or "monitor" not in entry.report.steps:
        return []
    try:
        ref, _, _ = read_step(ledger.store, entry.report.steps["monitor"])
        return [row.rate for row in PASS_RATES.read(ledger, ref)]
    except StoreError:
        return []


def benchmark_lines(
    recipe: Recipe, base_dir: Path, new: Sequence[tuple[int, Stage]], sets: Mapping[str, Sequence[Problem]]
) -> Iterator[str]:
    """What new benchmarks take: their tasks are looked at, with their data, before any model is loaded.

    Args:
        sets: the recipe's problems, with the own sets of benchmarks among them.

    Raises:
        EngineError: there is no such task, or its data cannot be had.
    """
    if not new:
        return
    for found in look_at_benchmarks(recipe, base_dir, with_data=True):
        rounds = sorted({number for number, _ in new if recipe.in_round(number).evaluate.benchmarks == found.config})
        names = ", ".join((*(task.task for task in found.config.tasks), *found.config.sets))
        if rounds:
            num_items = found.num_items + sum(len(sets[f"{SET_PREFIX}{name}"]) for name in found.config.sets)
            each = f"{num_items:,} items of {names}"
            yield f"benchmarks        {each}, in {len(rounds)} rounds, and for the champion if it has none of them"


def _walk(bench: PlanningBench, state: LoopState | None) -> bool:
    """Walk from a state, or from the baseline; False where a decision is missing on the way."""
    try:
        state = state or baseline(bench).state
        while state.stop_reason is None:
            before = take_up_promotions(bench, state)
            outcome = settle(bench, improvement_round(bench, state.round + 1, before), before)
            if outcome is None:
                return False
            state = with_champion(bench, outcome).state
    except (EndOfKnowledge, DamagedObjectError):  # what is damaged is known to the run, which heals it
        return False
    return True


def _state(step: PlannedStep) -> str:
    if step.is_reused:
        return "reused"
    return f"new, {step.num_answers:,} answers are there" if step.num_answers else "new"
