"""The plan of an experiment as text: the real flow walked at a planning bench, and estimates of the new work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from configs.schema.recipe import Recipe
from flows.open import provenance
from flows.round import baseline, improvement_round
from flows.services import Addresses
from infra.store.open import open_store
from tasks.cost import estimate_cost
from tasks.ledger import Ledger
from tasks.planning import EndOfKnowledge, PlanningBench
from tasks.problems.run import read_sets
from tasks.report.entry import find_entry
from tasks.workbench import at

ROUND_STAGES = ("generate", "judge", "select", "train", "evaluate", "decide")


def plan_experiment(recipe: Recipe, addresses: Addresses) -> Iterator[str]:
    """Lines of the plan. Reads problems and store; writes and loads nothing."""
    ledger = Ledger(open_store(addresses.store), addresses.work_dir / f"{recipe.name}-plan", provenance(Path()))
    with at(PlanningBench(recipe, ledger, Path())) as bench:
        assert isinstance(bench, PlanningBench)
        walk(bench)
        sizes = {name: len(problems) for name, problems in read_sets(bench).items()}
        last = max((step.round for step in bench.planned), default=0)
        known = {(step.round, step.stage) for step in bench.planned}
        yield f"experiment {recipe.name} in {ledger.store.uri}"
        for step in bench.planned:
            state = "reused" if step.is_reused else "new"
            shards = f" ({step.num_shards} shards are there)" if step.num_shards else ""
            yield f"  round {step.round}  {step.stage:<11} {state:<7} {step.key[:12]}{shards}"
        ahead = [(number, stage) for number in range(1, recipe.rounds.max + 1) for stage in ROUND_STAGES]
        unknown = [step for step in ahead if step not in known] if not is_finished(bench) else []
        if unknown:
            yield f"  rounds to {recipe.rounds.max}: {len(unknown)} more steps, all new (they depend on round {last})"
        entry = find_entry(ledger.store, recipe.name, max(last - 1, 0))
        new = [(step.round, step.stage) for step in bench.planned if not step.is_reused] + unknown
        yield from estimate_cost(recipe, sizes, new, entry.report.metrics if entry else {})


def walk(bench: PlanningBench) -> None:
    """Follow the flow as far as its decisions are published."""
    try:
        outcome = baseline.fn(bench.recipe.name)
        while not outcome.state.is_finished:
            outcome = improvement_round.fn(bench.recipe.name, outcome.state.round + 1, outcome.state)
    except EndOfKnowledge:
        return


def is_finished(bench: PlanningBench) -> bool:
    """Whether every step of the experiment is published."""
    return all(step.is_reused for step in bench.planned)
