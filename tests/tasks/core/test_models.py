"""Names of the stages and numbers of each model, and what a chain of models answers."""

from __future__ import annotations

import pytest

from tasks.core.models import Lineage, learner_of, metric_of, stage_kind, stage_of
from tasks.core.refs import ModelRef

BASE, FIRST, SECOND = (ModelRef(name=name, digest=name) for name in ("base", "first", "second"))


@pytest.mark.parametrize("learner", ["policy", "critic", "warm_start", "a_b"])
@pytest.mark.parametrize("kind", ["base", "warm_start", "select", "train"])
def test_a_stage_tells_whose_it_is(kind: str, learner: str) -> None:
    stage = stage_of(kind, learner)
    assert (learner_of(stage), stage_kind(stage)) == (learner, kind)


@pytest.mark.parametrize("stage", ["problems", "generate", "judge", "monitor", "evaluate", "decide", "meta"])
def test_other_stages_are_the_policys(stage: str) -> None:
    assert (learner_of(stage), stage_kind(stage)) == ("policy", stage)


def test_numbers_of_a_role_never_meet_those_of_the_policy() -> None:
    assert metric_of("train", "train_loss") == "train_loss"
    assert metric_of("train_critic", "train_loss") == "role_critic_train_loss"


def test_a_chain_goes_on_from_what_was_trained_last() -> None:
    chain = Lineage(base=BASE, current=BASE)
    assert chain.advanced() is chain
    chain = chain.model_copy(update={"newest": FIRST}).advanced()
    assert (chain.current, chain.previous) == (FIRST, BASE)
    assert chain.advanced() is chain  # a round that trained nothing
    chain = chain.model_copy(update={"newest": SECOND}).advanced()
    assert (chain.start_model("previous"), chain.start_model("base")) == (SECOND, BASE)
    assert [chain.reference_model(name, SECOND) for name in ("previous", "start", "seed")] == [FIRST, SECOND, BASE]
