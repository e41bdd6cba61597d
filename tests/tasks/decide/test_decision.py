"""Who is incumbent and champion after a round, and what the decision says."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.decide.decision import Decision, ScoredModel, decide, decide_without_candidate, first_standing, next_models
from tasks.decide.gate import GateDecision
from tasks.decide.stop import Action
from tasks.refs import ModelRef


def model(name: str) -> ModelRef:
    return ModelRef(name=name, digest=name)


def scored(name: str, accuracy: float) -> ScoredModel:
    return ScoredModel(model=model(name), select_accuracy=accuracy)


def test_the_start_model_holds_both_titles() -> None:
    standing = first_standing(model("base"), 0.2)
    assert standing.incumbent == standing.champion == scored("base", 0.2)


def test_an_accepted_model_is_incumbent_and_champion_only_if_it_is_the_best() -> None:
    start = first_standing(model("base"), 0.5)
    worse = next_models(start, scored("round-1", 0.4), promote=True)
    assert (worse.incumbent.model.name, worse.champion.model.name) == ("round-1", "base")
    equal = next_models(worse, scored("round-2", 0.5), promote=True)
    assert (equal.incumbent.model.name, equal.champion.model.name) == ("round-2", "base")
    better = next_models(equal, scored("round-3", 0.6), promote=True)
    assert (better.incumbent.model.name, better.champion.model.name) == ("round-3", "round-3")


def test_a_refused_candidate_changes_nothing() -> None:
    start = first_standing(model("base"), 0.5)
    assert next_models(start, scored("round-1", 0.9), promote=False) == start


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3, 0.4]), st.booleans()), max_size=12))
def test_the_champion_is_the_first_of_the_best_accepted(rounds: list[tuple[float, bool]]) -> None:
    standing, accepted = first_standing(model("base"), 0.2), [scored("base", 0.2)]
    champions = [standing.champion.select_accuracy]
    for number, (accuracy, promote) in enumerate(rounds, start=1):
        candidate = scored(f"round-{number}", accuracy)
        standing = next_models(standing, candidate, promote)
        accepted += [candidate] if promote else []
        champions.append(standing.champion.select_accuracy)
    assert standing.incumbent == accepted[-1]
    assert standing.champion == max(accepted, key=lambda one: one.select_accuracy)
    assert all(before <= after for before, after in pairwise(champions))


def test_a_promotion_says_what_was_gained() -> None:
    gate = GateDecision(True, "a rise", 0.04, 15, 5)
    decision = decide(1, gate, first_standing(model("base"), 0.5), scored("round-1", 0.6))
    assert decision == Decision(
        round=1, action=Action.PROMOTE, reason="a rise", incumbent="round-1", champion="round-1",
        numbers={"gained": 15, "lost": 5, "p_value": 0.04, "candidate_accuracy": 0.6,
                 "incumbent_accuracy": 0.6, "champion_accuracy": 0.6},
    )  # fmt: skip


def test_a_refusal_keeps_the_incumbent() -> None:
    gate = GateDecision(False, "not a rise", 1.0, 1, 2)
    decision = decide(2, gate, first_standing(model("base"), 0.5), scored("round-2", 0.4))
    assert (decision.action, decision.incumbent) == (Action.KEEP_INCUMBENT, "base")
    assert decision.numbers["candidate_accuracy"] == 0.4


def test_a_round_without_data_ends_it() -> None:
    decision = decide_without_candidate(2, "kept 0 samples", first_standing(model("base"), 0.5))
    assert decision.action == Action.STOP
    assert decision.numbers == {"incumbent_accuracy": 0.5, "champion_accuracy": 0.5}


def test_a_decision_survives_json() -> None:
    decision = decide_without_candidate(2, "kept 0 samples", first_standing(model("base"), 0.5))
    assert Decision.model_validate_json(decision.model_dump_json()) == decision
