"""Who is asked, in which order, and what a recipe cannot mean."""

from __future__ import annotations

import pytest

from configs.errors import RecipeError
from configs.schema.judges.by_rule import AnswerJudge, SumJudge
from configs.schema.judges.kinds import ImplicitJudge, ImportanceJudge, RewardModelJudge
from configs.schema.judges.opinions import RubricJudge
from configs.schema.problems import AdditionSource
from tasks.core.models import States
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.judge.ask import plan_passes
from tasks.judge.judgements import judgement_file
from tasks.judge.kinds.registry import judges_needed


def model(name: str) -> ModelRef:
    return ModelRef(name=name, digest=name * 8, external=f"/models/{name}")


CAST = Cast(base=model("base"), seed=model("seed"), previous=model("seed"), round_start=model("r2"), live=model("r3"))


def order(*judges: object) -> list[tuple[str, str, str | None]]:
    passes = plan_passes(judges, CAST)  # type: ignore[arg-type]
    return [(one.judge.name, one.asked.name, one.player.name if one.player else None) for one in passes]


def test_passes_of_one_model_lie_together_and_the_open_one_comes_first() -> None:
    trusted = AdditionSource(digits=(1,), num_problems=2)
    assert order(
        AnswerJudge(),
        ImportanceJudge(trusted=trusted),
        RewardModelJudge(role="prm"),
        RubricJudge(),
        ImplicitJudge(reference="base"),
        RubricJudge(name="strict", role="teacher"),
    ) == [
        ("rubric", "", "r2"),
        ("implicit", "", "r2"),
        ("importance", "", "base"),
        ("importance", "trusted", "base"),
        ("implicit", "reference", "base"),
        ("reward_model", "", None),
        ("strict", "", None),
    ]


def test_file_names_tell_the_judge_and_the_pass() -> None:
    assert judgement_file("implicit") == "judgements-implicit.parquet"
    assert judgement_file("implicit", "reference") == "judgements-implicit-reference.parquet"


def test_a_likelihood_takes_one_pass() -> None:
    assert order(ImplicitJudge(reference="none", frozen="live")) == [("implicit", "", "r3")]


def test_a_model_is_not_compared_with_itself() -> None:
    first_round = Cast(base=model("base"), seed=None, previous=None, round_start=model("base"), live=model("base"))
    with pytest.raises(RecipeError, match=r"its model \(round_start\) and its reference \(previous\) are both 'base'"):
        plan_passes([ImplicitJudge()], first_round)


def test_a_role_that_learns_judges_in_its_own_states() -> None:
    critic = States(base=model("c0"), seed=None, previous=model("c1"), round_start=model("c2"), live=model("c2"))
    cast = CAST.model_copy(update={"roles": {"critic": critic}})
    passes = plan_passes([ImplicitJudge(role="critic", frozen="live", reference="previous")], cast)
    assert [step.player.name for step in passes if step.player] == ["c2", "c1"]
    with pytest.raises(RecipeError, match=r"its model \(live\) and its reference \(round_start\) are both 'c2'"):
        plan_passes([ImplicitJudge(role="critic", frozen="live", reference="round_start")], cast)


def test_a_sum_needs_its_parts_first() -> None:
    answer, rubric = AnswerJudge(), RubricJudge()
    inner = SumJudge(name="inner", of=("answer", "rubric"))
    outer = SumJudge(name="outer", of=("inner", "answer"))
    assert judges_needed(outer, [answer, rubric, inner, outer]) == [answer, rubric, inner]
    assert judges_needed(answer, [answer]) == []
