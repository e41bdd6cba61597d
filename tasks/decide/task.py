"""Prefect task of the decide stage: the guards, the gate, and whether the experiment goes on."""

from __future__ import annotations

from collections.abc import Mapping

from configs.schema.role import POLICY
from tasks.core.bench import Workbench
from tasks.core.files import ITEMS
from tasks.core.ledger import Ledger
from tasks.core.missing import largest_share
from tasks.core.models import learner_of, metric_of
from tasks.core.refs import ModelRef, StepRef
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.decide.decision import Decision, decide, decide_without_candidate
from tasks.decide.gate import apply_gate
from tasks.decide.guards import check_guards
from tasks.decide.stage import DECIDE, DECISION_FILE
from tasks.decide.state import LoopState, explain_too_few, scored_model
from tasks.evaluate.stage import EVALUATE, EvaluateNumbers
from tasks.select.stage import SelectNumbers


@stage_task(DECIDE)
def decide_round(
    bench: Workbench,
    round: int,
    state: LoopState,
    gathered: Mapping[str, StepRef],
    candidate: ModelRef | None,
    evaluation: StepRef | None,
) -> StepRef:
    """The decision as `decision.json`.

    Args:
        state: of the round before, with this round's selection.
        gathered: steps of this round before its training, by stage; guards read their numbers.
        candidate, evaluation: None where the round trained nothing.
    """
    recipe, ledger = bench.recipe, bench.ledger
    inputs = {
        "incumbent": state.evaluation,
        "candidate": evaluation,
        "champion": state.champion,
        "first": state.first.evaluation,
        "monitor": gathered["monitor"],
        "num_rows": None if candidate else SelectNumbers.of(state.policy.selections[-1]).num_rows,
        "roles": {stage: step for stage, step in gathered.items() if learner_of(stage) != POLICY},
    }

    def produce(scratch: Scratch) -> Summary:
        metrics = round_metrics(state, gathered, evaluation)
        limits = check_guards(recipe.guards_of_round, metrics)
        if candidate is None or evaluation is None:
            reason = explain_too_few(state.policy.selections[-1], recipe.train.min_examples)
            decision = decide_without_candidate(round, reason, state.standing, limits)
        else:
            before, after = (ITEMS.read(ledger, step) for step in (state.evaluation, evaluation))  # fmt: skip
            gate = apply_gate(recipe.decide.gate, before, after)
            decision = decide(round, gate, state.standing, scored_model(candidate, evaluation), limits)
        (scratch.out / DECISION_FILE).write_text(decision.model_dump_json(indent=1), encoding="utf-8")
        drift = {name: value for name, value in metrics.items() if name.startswith("drift_")}
        return {"action": decision.action, "reason": decision.reason, **decision.numbers, **drift}

    return bench.step(DECIDE.spec(recipe, bench.contents, round, inputs), produce)


def round_metrics(state: LoopState, gathered: Mapping[str, StepRef], evaluation: StepRef | None) -> dict[str, float]:
    """What guards can read: the numbers of every stage before, and the drift since round 0 of held-out gold and of
    first attempts, where they are revised. Numbers of a role's selection have `role_NAME_` before."""
    read = {**gathered, **({EVALUATE.name: evaluation} if evaluation is not None else {})}
    metrics = {
        metric_of(stage, name): float(value)
        for stage, step in read.items()
        for name, value in step.summary.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    metrics |= largest_share(metrics)
    if evaluation is not None:
        first, now = (EvaluateNumbers.of(step) for step in (state.first.evaluation, evaluation))
        for drift, before, after in (
            ("drift_gold_logprob", first.select_gold_logprob, now.select_gold_logprob),
            ("drift_revise_accuracy_t1", first.select_revise_accuracy_t1, now.select_revise_accuracy_t1),
        ):
            if before is not None and after is not None:
                metrics[drift] = after - before
    return metrics


def read_decision(ledger: Ledger, step: StepRef) -> Decision:
    """The decision that a decide step published."""
    path = ledger.fetch(step, DECISION_FILE)
    return Decision.model_validate_json(path.read_text(encoding="utf-8"))
