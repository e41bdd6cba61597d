"""The plan of an experiment: the real flow walked at a planning bench, and estimates of the new work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from configs.schema.recipe import Recipe
from flows.round import baseline, improvement_round
from infra.store.base import Store
from tasks.cost import estimate_cost
from tasks.ledger import Ledger
from tasks.planning import EndOfKnowledge, PlannedStep, PlanningBench
from tasks.problems.run import read_sets
from tasks.report.entry import find_entry
from tasks.workbench import at

ROUND_STAGES = ("generate", "judge", "select", "train", "evaluate", "decide")


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes:
        steps: those whose keys are known: published, or of the next round.
        later: (round, stage) of the steps that depend on decisions still to be made; all new.
        cost: lines that say what the new steps take.
    """

    steps: list[PlannedStep]
    later: list[tuple[int, str]]
    cost: list[str]

    def rows(self) -> list[dict[str, str]]:
        """One row a step: round, stage, state, key."""
        known = [
            {"round": str(step.round), "stage": step.stage, "state": _state(step), "key": step.key[:12]}
            for step in self.steps
        ]
        return known + [{"round": str(r), "stage": s, "state": "new", "key": "later"} for r, s in self.later]

    def lines(self) -> Iterator[str]:
        """The plan as text."""
        for row in self.rows():
            yield f"  round {row['round']}  {row['stage']:<11} {row['state']:<9} {row['key']}"
        yield from self.cost


def make_plan(recipe: Recipe, store: Store, work_dir: Path, base_dir: Path) -> Plan:
    """Walk the experiment as far as its decisions are published. Writes and loads nothing; reads the problems."""
    ledger = Ledger(store, work_dir / f"{recipe.name}-plan", {})
    with at(PlanningBench(recipe, ledger, base_dir)) as bench:
        assert isinstance(bench, PlanningBench)
        _walk(bench)
        sizes = {name: len(problems) for name, problems in read_sets(bench).items()}
    known = {(step.round, step.stage) for step in bench.planned}
    new = [(step.round, step.stage) for step in bench.planned if not step.is_reused]
    later = (
        [(r, s) for r in range(1, recipe.rounds.max + 1) for s in ROUND_STAGES if (r, s) not in known] if new else []
    )
    last = max((step.round for step in bench.planned if step.is_reused), default=0)
    entry = find_entry(store, recipe.name, last)
    measured = entry.report.metrics if entry else {}
    return Plan(bench.planned, later, list(estimate_cost(recipe, sizes, new + later, measured)))


def _walk(bench: PlanningBench) -> None:
    try:
        outcome = baseline.fn(bench.recipe.name)
        while outcome.state.stop_reason is None:
            outcome = improvement_round.fn(bench.recipe.name, outcome.state.round + 1, outcome.state)
    except EndOfKnowledge:
        return


def _state(step: PlannedStep) -> str:
    if step.is_reused:
        return "reused"
    return f"new, {step.num_shards} shards are there" if step.num_shards else "new"
