"""What a person's decision changes: who is incumbent and champion, and what a version says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.store.folder import FolderStore
from tasks.core.refs import ModelRef, StepRef
from tasks.decide.state import LoopState, RoundOutcome, scored_model
from tasks.decide.stop import Action, StopReason
from tasks.promote.apply import answered, current_champion, open_promotion, promoted, would_promote
from tasks.promote.records import (
    Approval,
    Promotion,
    TakenUp,
    find_approval,
    read_promotions,
    write_approval,
    write_promotion,
    write_taken_up,
)
from tasks.promote.version import version_tags
from tasks.report.entry import ReportEntry
from tests.build.experiments import NAME, RECIPE, Maker

pytestmark = pytest.mark.slow
UP, SAME = Action.PROMOTE, Action.KEEP_INCUMBENT


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path, is_adapter=True)


def last_round(maker: Maker, action: Action) -> tuple[LoopState, RoundOutcome]:
    """The state before round 2, and its outcome."""
    entries = maker.run([UP], [0.5])
    before = entries[-1].state
    state, candidate, steps = maker.round(before, action, 0.7)
    return before, RoundOutcome(state=state, candidate=candidate, steps=steps, beaten=before.incumbent.name)


def answer(outcome: RoundOutcome, is_approved: bool) -> Approval:
    assert outcome.candidate is not None
    return Approval(
        round=2, candidate=outcome.candidate.name, digest=outcome.candidate.digest, is_approved=is_approved,
        by="Ada", at="now", note="shorter",
    )  # fmt: skip


def choose(entry: ReportEntry, after_round: int, digest: str | None = None) -> Promotion:
    assert entry.model is not None
    return Promotion(
        number=1, kind="rollback", round=entry.report.round, model=entry.model.name,
        digest=digest or entry.model.digest, previous="", by="me", at="now", after_round=after_round,
    )  # fmt: skip


def test_a_rejected_candidate_changes_the_history_and_no_title(maker: Maker) -> None:
    before, outcome = last_round(maker, UP)
    assert would_promote(outcome)
    assert outcome.state.incumbent.name == "round-2"
    after = answered(outcome, before, answer(outcome, False), RECIPE).state
    assert (after.incumbent.name, after.champion.name) == ("round-1", "round-1")
    assert (after.policy.current.name, after.policy.previous) == ("round-1", before.policy.previous)
    assert after.policy.newest is not None
    assert after.policy.newest.name == "round-2"
    assert after.policy.selections == outcome.state.policy.selections
    decision = after.decisions[-1]
    assert (decision.action, decision.incumbent, decision.champion) == (SAME, "round-1", "round-1")
    assert decision.reason == "as told; rejected by Ada: shorter"
    assert decision.numbers["incumbent_accuracy"] == 0.5


def test_an_approved_candidate_is_promoted_as_the_gate_said(maker: Maker) -> None:
    before, outcome = last_round(maker, UP)
    after = answered(outcome, before, answer(outcome, True), RECIPE).state
    assert after.standing == outcome.state.standing
    assert after.decisions[-1].reason == "as told; approved by Ada: shorter"
    assert after.stop_reason is None


def test_rejections_count_for_patience(maker: Maker) -> None:
    before, outcome = last_round(maker, UP)
    decide = RECIPE.decide.model_copy(update={"patience": 1})
    recipe = RECIPE.model_copy(update={"decide": decide})
    assert answered(outcome, before, answer(outcome, True), recipe).state.stop_reason is None
    assert answered(outcome, before, answer(outcome, False), recipe).state.stop_reason == StopReason.PATIENCE


def test_what_the_gate_keeps_out_is_not_asked_about(maker: Maker) -> None:
    _, outcome = last_round(maker, SAME)
    assert not would_promote(outcome)


def test_a_promoted_model_is_incumbent_and_champion_and_again_changes_nothing(maker: Maker) -> None:
    entries = maker.run([UP, SAME], [0.5, 0.2])
    state, model = entries[-1].state, entries[2].model
    assert model is not None
    evaluation = maker.step(2, "evaluate", [], {"select_accuracy": 0.2}, seed=1)
    after = promoted(state, scored_model(model, evaluation))
    assert (after.incumbent.name, after.champion.name) == ("round-2", "round-2")
    assert after.cast().round_start.name == "round-2"
    assert after.policy.previous is not None
    assert after.policy.previous.name == "round-1"
    assert promoted(after, after.standing.incumbent) == after


def test_a_persons_choice_holds_until_a_round_started_from_it(maker: Maker) -> None:
    entries = maker.run([UP, UP, UP], [0.5, 0.7, 0.9])
    assert current_champion(entries, []).report.round == 3
    chosen = choose(entries[1], 3)
    assert current_champion(entries, [(chosen, None)]).report.round == 1
    assert open_promotion(entries, [(chosen, TakenUp(before_round=4))]) == chosen
    assert open_promotion(entries, [(chosen, TakenUp(before_round=3))]) is None
    assert current_champion(entries, [(chosen, None), (choose(entries[2], 3), None)]).report.round == 2


def test_a_choice_of_an_edited_recipes_model_says_nothing(maker: Maker) -> None:
    entries = maker.run([UP, UP], [0.5, 0.7])
    assert current_champion(entries, [(choose(entries[1], 2, digest="0" * 64), None)]).report.round == 2
    later = choose(entries[1], 2).model_copy(update={"round": 9})
    assert current_champion(entries, [(later, None)]).report.round == 2


def test_the_first_answer_on_a_candidate_holds(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    first = Approval(round=3, candidate="round-3", digest="a", is_approved=True, by="Ada", at="now")
    assert write_approval(store, NAME, first) == first
    assert write_approval(store, NAME, first.model_copy(update={"is_approved": False})) == first
    assert find_approval(store, NAME, 3, "b") is None
    other = first.model_copy(update={"digest": "b", "is_approved": False})
    assert write_approval(store, NAME, other) == other
    assert find_approval(store, NAME, 3, "b") == other


def test_promotions_are_numbered_and_taken_up_once(maker: Maker) -> None:
    entries = maker.run([UP], [0.5])
    made = [write_promotion(maker.store, NAME, choose(entries[0], 1)) for _ in range(3)]
    assert [one.number for one in made] == [1, 2, 3]
    write_taken_up(maker.store, NAME, made[1], 2)
    write_taken_up(maker.store, NAME, made[1], 9)
    taken = [taken.before_round if taken else None for _, taken in read_promotions(maker.store, NAME)]
    assert taken == [None, 2, None]


def test_a_version_says_base_chain_and_metrics(maker: Maker) -> None:
    entry = maker.run([UP], [0.5])[1]
    report = entry.report.model_copy(update={"metrics": {"select_accuracy": 0.5, "seconds_train": 3.0}})
    tags = version_tags(entry.model_copy(update={"report": report}), RECIPE, "s3://bucket/runs")
    steps = entry.report.steps
    assert entry.model is not None
    assert entry.model.weights is not None
    chain = [f"s3://bucket/runs/{entry.model.weights.prefix}", f"s3://bucket/runs/{steps['train']}"]
    assert json.loads(tags["selfloop.adapter_chain"]) == chain
    assert tags["selfloop.address"] == chain[-1]
    assert tags["metric.select_accuracy"] == "0.5"
    assert "metric.seconds_train" not in tags
    assert tags["selfloop.base_model"] == "tiny_llama"


def test_the_revision_is_the_hubs_commit(maker: Maker) -> None:
    entry, commit = maker.run([], [])[0], "f" * 40
    hub = ModelRef(name="base", digest="d", external=f"/cache/models--a--b/snapshots/{commit}")
    model = {"kind": "pretrained", "base": "a/b", "revision": "main"}
    recipe = type(RECIPE).model_validate({**RECIPE.model_dump(mode="json"), "model": model})
    policy = entry.state.policy.model_copy(update={"base": hub})
    state = entry.state.model_copy(update={"models": {**entry.state.models, "policy": policy}})
    tags = version_tags(entry.model_copy(update={"state": state, "model": hub}), recipe, "runs")
    assert (tags["selfloop.base_model"], tags["selfloop.base_revision"]) == ("a/b", commit)
    assert tags["selfloop.address"] == hub.external


def test_steps_are_found_by_their_place(maker: Maker) -> None:
    from configs.errors import StoreError
    from tasks.housekeeping.steps import find_step

    entry = maker.run([], [])[0]
    found: StepRef = find_step(maker.store, entry.report.steps["base"])
    assert entry.model is not None
    assert found.key == entry.model.digest
    with pytest.raises(StoreError, match="holds no step"):
        find_step(maker.store, f"{NAME}/round-009/train/{'0' * 12}")
