"""Who is incumbent and champion after a round, and what the decision says."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from configs.schema.guard import Guard
from tasks.core.refs import ModelRef, StepRef
from tasks.decide.decision import (
    Decision,
    ScoredModel,
    Standing,
    decide,
    decide_without_candidate,
    first_standing,
    next_models,
)
from tasks.decide.gate import GateDecision
from tasks.decide.guards import PassedLimit, check_guards
from tasks.decide.stop import Action, StopReason


def model(name: str) -> ModelRef:
    return ModelRef(name=name, digest=name)


def scored(name: str, accuracy: float) -> ScoredModel:
    evaluation = StepRef(stage="evaluate", round=0, key=f"evaluation of {name}", prefix="p", files=())
    return ScoredModel(model=model(name), evaluation=evaluation, select_accuracy=accuracy)


def standing_of(name: str, accuracy: float) -> Standing:
    return first_standing(scored(name, accuracy))


def passed(action: str) -> PassedLimit:
    guard = Guard(metric="drift_gold_logprob", below=-1.0, action=action)  # type: ignore[arg-type]
    return check_guards([guard], {"drift_gold_logprob": -2.0})[0]


def test_the_start_model_holds_both_titles() -> None:
    standing = standing_of("base", 0.2)
    assert standing.incumbent == standing.champion == scored("base", 0.2)


def test_an_accepted_model_is_incumbent_and_champion_only_if_it_is_the_best() -> None:
    start = standing_of("base", 0.5)
    worse = next_models(start, Action.PROMOTE, scored("round-1", 0.4))
    assert (worse.incumbent.model.name, worse.champion.model.name) == ("round-1", "base")
    equal = next_models(worse, Action.PROMOTE, scored("round-2", 0.5))
    assert (equal.incumbent.model.name, equal.champion.model.name) == ("round-2", "base")
    better = next_models(equal, Action.PROMOTE, scored("round-3", 0.6))
    assert (better.incumbent.model.name, better.champion.model.name) == ("round-3", "round-3")


def test_a_refused_candidate_changes_nothing() -> None:
    start = standing_of("base", 0.5)
    assert next_models(start, Action.KEEP_INCUMBENT, scored("round-1", 0.9)) == start


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.booleans()), max_size=12))
def test_the_champion_is_the_first_of_the_best_accepted(rounds: list[tuple[float, bool]]) -> None:
    standing, accepted = standing_of("base", 0.2), [scored("base", 0.2)]
    champions = [standing.champion.select_accuracy]
    for number, (accuracy, promote) in enumerate(rounds, start=1):
        candidate = scored(f"round-{number}", accuracy)
        standing = next_models(standing, Action.PROMOTE if promote else Action.KEEP_INCUMBENT, candidate)
        accepted += [candidate] if promote else []
        champions.append(standing.champion.select_accuracy)
    assert standing.incumbent == accepted[-1]
    assert standing.champion == max(accepted, key=lambda one: one.select_accuracy)
    assert all(before <= after for before, after in pairwise(champions))


def test_a_promotion_says_what_was_gained() -> None:
    gate = GateDecision(True, "a rise", 0.04, 15, 5)
    decision = decide(1, gate, standing_of("base", 0.5), scored("round-1", 0.6))
    assert decision == Decision(
        round=1, action=Action.PROMOTE, reason="a rise", incumbent="round-1", champion="round-1",
        numbers={"gained": 15, "lost": 5, "p_value": 0.04, "candidate_accuracy": 0.6,
                 "incumbent_accuracy": 0.6, "champion_accuracy": 0.6},
    )  # fmt: skip


def test_a_refusal_keeps_the_incumbent() -> None:
    gate = GateDecision(False, "not a rise", 1.0, 1, 2)
    decision = decide(2, gate, standing_of("base", 0.5), scored("round-2", 0.4))
    assert (decision.action, decision.incumbent) == (Action.KEEP_INCUMBENT, "base")
    assert decision.numbers["candidate_accuracy"] == 0.4


def test_a_round_without_data_ends_it() -> None:
    decision = decide_without_candidate(2, "kept 0 samples", standing_of("base", 0.5))
    assert (decision.action, decision.stop) == (Action.STOP, StopReason.NO_DATA)
    assert decision.numbers == {"incumbent_accuracy": 0.5, "champion_accuracy": 0.5}


RISE = GateDecision(True, "a rise", 0.04, 15, 5)


def test_a_guard_goes_before_the_gate() -> None:
    decision = decide(1, RISE, standing_of("base", 0.5), scored("round-1", 0.6), [passed("keep_incumbent")])
    assert (decision.action, decision.incumbent, decision.stop) == (Action.KEEP_INCUMBENT, "base", None)
    assert "drift_gold_logprob" in decision.reason


def test_a_warning_changes_nothing_and_is_kept() -> None:
    decision = decide(1, RISE, standing_of("base", 0.5), scored("round-1", 0.6), [passed("warn")])
    assert (decision.action, decision.reason) == (Action.PROMOTE, "a rise")
    assert len(decision.warnings) == 1


def test_rolling_back_makes_the_champion_the_incumbent() -> None:
    start = standing_of("base", 0.5)
    worse = next_models(start, Action.PROMOTE, scored("round-1", 0.4))
    decision = decide(2, RISE, worse, scored("round-2", 0.45), [passed("roll_back")])
    assert (decision.action, decision.incumbent) == (Action.ROLL_BACK, "base")


def test_a_stop_ends_the_experiment_before_and_after_training() -> None:
    start = standing_of("base", 0.5)
    before = decide_without_candidate(1, "kept 0 samples", start, [passed("stop")])
    assert (before.action, before.stop) == (Action.STOP, StopReason.GUARD)
    assert "kept 0 samples" not in before.reason
    after = decide(1, RISE, start, scored("round-1", 0.6), [passed("stop")])
    assert (after.action, after.stop) == (Action.KEEP_INCUMBENT, StopReason.GUARD)


def test_a_decision_survives_json() -> None:
    decision = decide_without_candidate(2, "kept 0 samples", standing_of("base", 0.5))
    assert Decision.model_validate_json(decision.model_dump_json()) == decision
