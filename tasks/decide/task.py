"""Prefect task of the decide stage: the gate, and whether the experiment goes on."""

from __future__ import annotations

from tasks.decide.decision import Decision, decide, decide_without_candidate
from tasks.decide.gate import apply_gate
from tasks.decide.state import LoopState, explain_too_few, scored_model
from tasks.identity import decide_spec
from tasks.records import ItemResult
from tasks.refs import ModelRef, StepRef
from tasks.scratch import Scratch
from tasks.stage_task import stage_task
from tasks.step import Summary
from tasks.tables import read_records
from tasks.workbench import current


@stage_task("decide")
def decide_round(round: int, state: LoopState, candidate: ModelRef | None, evaluation: StepRef | None) -> StepRef:
    """The decision as `decision.json`.

    Args:
        state: of the round before.
        candidate, evaluation: None where the round kept too few samples to train on.
    """
    bench = current()
    recipe, ledger = bench.recipe, bench.ledger
    inputs = {
        "incumbent": state.evaluation.key,
        "candidate": evaluation.key if evaluation else None,
        "champion": state.champion.digest,
        "num_kept": None if candidate else state.selections[-1].summary["num_kept"],
    }

    def produce(scratch: Scratch) -> Summary:
        if candidate is None or evaluation is None:
            decision = decide_without_candidate(
                round, explain_too_few(state.selections[-1], recipe.train.min_examples), state.standing
            )
        else:
            before, after = (read_records(ledger.fetch(step, "items.parquet"), ItemResult)
                             for step in (state.evaluation, evaluation))  # fmt: skip
            gate = apply_gate(recipe.decide.gate, before, after)
            scored = scored_model(candidate, evaluation)
            decision = decide(round, gate, state.standing, scored)
        (scratch.out / "decision.json").write_text(decision.model_dump_json(indent=1), encoding="utf-8")
        return {"action": decision.action, "reason": decision.reason, **decision.numbers}

    return bench.step(decide_spec(recipe, round, inputs), produce)


def read_decision(step: StepRef) -> Decision:
    """The decision that a decide step published."""
    path = current().ledger.fetch(step, "decision.json")
    return Decision.model_validate_json(path.read_text(encoding="utf-8"))
