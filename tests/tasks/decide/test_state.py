"""What a loop carries over: a promotion moves the titles, a refusal only adds to the history, rules end it."""

from __future__ import annotations

import pytest

from configs.schema.recipe import Recipe
from configs.schema.role import POLICY
from tasks.core.models import Lineage, window
from tasks.core.refs import ModelRef, StepRef
from tasks.decide.decision import decide, decide_without_candidate, first_standing
from tasks.decide.gate import GateDecision
from tasks.decide.state import LoopState, explain_too_few, scored_model
from tasks.decide.stop import StopReason
from tests.build.records import make_recipe

BASE, SEED, CRITIC = (ModelRef(name=name, digest=name) for name in ("base", "seed", "critic"))


def recipe(**decide: object) -> Recipe:
    return make_recipe(decide=decide, rounds={"max": 3})


def step(stage: str, round: int, **summary: float) -> StepRef:
    return StepRef(stage=stage, round=round, key=f"{stage}{round}", prefix="p", files=(), summary=summary)


def begin() -> LoopState:
    evaluation = step("evaluate", 0, select_accuracy=0.5)
    first = scored_model(SEED, evaluation)
    problems = step("problems", 0)
    models = {POLICY: Lineage(base=BASE, seed=SEED, current=SEED), "critic": Lineage(base=CRITIC, current=CRITIC)}
    return LoopState(round=0, problems=problems, models=models, standing=first_standing(first), first=first)


def play(state: LoopState, accuracy: float, promote: bool, rules: Recipe) -> LoopState:
    number = state.round + 1
    candidate, evaluation = ModelRef(name=f"round-{number}", digest=f"{number}"), step(
        "evaluate", number, select_accuracy=accuracy
    )  # fmt: skip
    gate = GateDecision(promote, "because", 1.0, 0, 0)
    decision = decide(number, gate, state.standing, scored_model(candidate, evaluation))
    return state.after(decision, candidate, evaluation, rules)


def test_a_promoted_candidate_becomes_incumbent_with_its_evaluation() -> None:
    state = play(begin(), 0.7, True, recipe())
    assert (state.incumbent.name, state.champion.name, state.evaluation.key) == ("round-1", "round-1", "evaluate1")


def test_a_refused_candidate_changes_only_the_history() -> None:
    state = play(begin(), 0.7, False, recipe())
    assert (state.incumbent, state.evaluation.key, len(state.decisions)) == (SEED, "evaluate0", 1)


def test_without_a_gate_incumbent_and_champion_part() -> None:
    state = play(begin(), 0.4, True, recipe())
    models = {name: state.start_model(POLICY, name).name for name in ("base", "seed", "previous", "champion")}
    assert models == {"base": "base", "seed": "seed", "previous": "round-1", "champion": "seed"}


def test_a_reference_is_what_its_name_says() -> None:
    state = play(play(begin(), 0.6, True, recipe()), 0.7, True, recipe())
    start = state.start_model(POLICY, "previous")
    models = {name: state.policy.reference_model(name, start).name for name in ("base", "seed", "start", "previous")}
    assert models == {"base": "base", "seed": "seed", "start": "round-2", "previous": "round-1"}
    assert begin().policy.reference_model("previous", SEED) == BASE


def test_a_window_takes_the_last_rounds() -> None:
    steps = tuple(step("select", number) for number in (1, 2, 3))
    windows = {data: window(data, steps) for data in ("this_round", "last_two_rounds", "accumulate")}
    assert [len(window) for window in windows.values()] == [1, 2, 3]
    assert windows["last_two_rounds"] == steps[1:]


def test_the_cast_knows_the_newest_candidate_promoted_or_not() -> None:
    state = play(begin(), 0.7, False, recipe())
    cast = state.cast()
    assert (cast.round_start, cast.live.name, cast.state("previous")) == (SEED, "round-1", BASE)


def train_critic(state: LoopState, round: int) -> LoopState:
    return state.with_model("critic", newest=ModelRef(name=f"critic-{round}", digest=f"critic-{round}"))


def test_a_role_plays_what_the_round_before_trained() -> None:
    first = begin()
    for frozen in ("base", "seed", "previous", "round_start", "live"):
        assert first.cast().player("critic", frozen) == CRITIC
    trained = train_critic(first, 1)
    names = {frozen: trained.cast().player("critic", frozen) for frozen in ("previous", "round_start", "live")}
    assert [player.name for player in names.values() if player] == ["critic", "critic", "critic-1"]
    second = play(trained, 0.4, False, recipe())  # the policy's gate is nothing to a role
    third = play(train_critic(second, 2), 0.4, False, recipe())
    names = {frozen: third.cast().player("critic", frozen) for frozen in ("previous", "round_start", "live")}
    assert [player.name for player in names.values() if player] == ["critic-1", "critic-2", "critic-2"]
    assert third.incumbent == SEED


def test_a_role_that_a_round_left_as_it_is_plays_on() -> None:
    state = play(play(train_critic(begin(), 1), 0.7, True, recipe()), 0.8, True, recipe())
    critic = state.models["critic"]
    assert (critic.current.name, critic.previous) == ("critic-1", CRITIC)
    assert state.start_model("critic", "previous").name == "critic-1"
    assert state.start_model("critic", "base") == CRITIC


def test_what_a_phase_ended_with_is_found_by_its_name() -> None:
    state = play(begin(), 0.7, True, recipe()).after_phase("first")
    state = play(state, 0.8, True, recipe())
    assert state.start_model(POLICY, "phase:first").name == "round-1"
    assert state.start_model("critic", "phase:first") == CRITIC
    again = state.after_phase("first")  # the list of phases is gone through again
    assert again.start_model(POLICY, "phase:first").name == "round-2"


def test_a_role_that_stays_as_it_is_has_no_states() -> None:
    assert begin().cast().player("teacher", "live") is None


@pytest.mark.parametrize(
    ("outcomes", "rules", "reason"),
    [
        ([True, True], recipe(), None),
        ([True, True, True], recipe(), StopReason.MAX_ROUNDS),
        ([False, False], recipe(patience=2), StopReason.PATIENCE),
        ([False, True], recipe(patience=2), None),
    ],
)
def test_rules_end_the_loop(outcomes: list[bool], rules: Recipe, reason: StopReason | None) -> None:
    state = begin()
    for promote in outcomes:
        state = play(state, 0.6, promote, rules)
    assert state.stop_reason == reason


def test_a_round_without_data_ends_the_loop() -> None:
    decision = decide_without_candidate(1, "kept nothing", begin().standing)
    assert begin().after(decision, None, None, recipe()).stop_reason == StopReason.NO_DATA


def test_too_few_samples_are_explained_with_the_reasons() -> None:
    selection = step(
        "select", 1, num_kept=2, num_rows=2, num_samples=10, dropped_wrong=7, dropped_truncated=1, dropped_over_cap=0
    )
    said = explain_too_few(selection, 5)
    assert said == "2 of 10 samples were kept, and training needs 5 (dropped: truncated 1, wrong 7)"


def test_the_state_survives_json() -> None:
    state = play(begin(), 0.7, True, recipe())
    assert LoopState.model_validate_json(state.model_dump_json()) == state
