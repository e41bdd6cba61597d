"""A role that learns is a chain of models: what it takes over, and which roles make no sense."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from configs.schema.select import WeighByProblem

SUMS = {"kind": "addition"}
DPO = {"objective": {"kind": "dpo"}, "pair": {"kind": "right_vs_wrong"}}
CRITIC = {"like": "policy", "train": DPO}


def make_recipe(roles: dict[str, Any], **sections: Any) -> Recipe:
    problems = {"train": SUMS, "select": SUMS, "report": SUMS}
    return check_recipe({"name": "x", "model": {"base": "a/b"}, "problems": problems, "roles": roles, **sections})


def test_who_learns_and_who_has_states() -> None:
    roles = {"teacher": {"model": {"base": "c/d"}}, "critic": CRITIC, "twin": {"like": "policy"}}
    recipe = make_recipe(roles)
    assert recipe.learners() == ("policy", "critic")
    assert recipe.chains() == ("critic", "twin")


def test_a_role_like_the_policy_has_its_model_and_warm_start_and_sections_of_its_own() -> None:
    recipe = make_recipe({"critic": CRITIC}, warm_start={"source": SUMS}, weigh={"kind": "by_problem"})
    own = recipe.for_learner("critic")
    assert (own.model, own.warm_start) == (recipe.model, recipe.warm_start)
    assert [part.kind for part in own.select] == ["judged"]
    assert (own.pair and own.pair.kind, own.train.objective.kind, own.weigh) == ("right_vs_wrong", "dpo", None)
    assert recipe.for_learner("policy") is recipe


def test_a_role_weighs_its_own_examples() -> None:
    weigh = {"kind": "by_problem"}
    recipe = make_recipe({"critic": {"like": "policy", "train": {"weigh": weigh}}})
    assert recipe.weigh is None
    assert recipe.for_learner("critic").weigh == WeighByProblem()
    with pytest.raises(RecipeError, match=r"roles.critic.train.weigh: examples are weighed, and the objective dpo"):
        make_recipe({"critic": {"like": "policy", "train": {**DPO, "weigh": weigh}}})
    with pytest.raises(RecipeError, match=r"roles.critic.train.weigh.judge: no judge is called 'nobody'"):
        make_recipe({"critic": {"like": "policy", "train": {"weigh": {"kind": "entropy", "judge": "nobody"}}}})


def test_a_role_with_a_model_of_its_own_has_no_warm_start_but_its_own() -> None:
    sections = {"warm_start": {"source": SUMS}}
    plain = {"model": {"base": "c/d"}, "train": {}}
    assert make_recipe({"critic": plain}, **sections).for_learner("critic").warm_start is None
    warm = make_recipe({"critic": {**plain, "warm_start": {"source": SUMS, "epochs": 2}}}, **sections)
    assert (own := warm.for_learner("critic")).warm_start is not None and own.warm_start.epochs == 2
    assert set(warm.warm_starts()) == {"warm_start", "warm_start_critic"}


def test_a_role_that_imitates_keeps_what_the_recipe_would() -> None:
    kept = make_recipe({"critic": {"like": "policy", "train": {}}}).for_learner("critic").select
    assert [part.kind for part in kept] == ["correct", "drop_truncated", "cap"]


ENDPOINT = {"kind": "endpoint", "url": "http://localhost:8000/v1", "model": "m"}


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"critic": {"train": DPO}}, r"roles.critic: model: needed, or like: policy"),
        ({"critic": {}}, r"roles.critic: model: needed, unless the engine is an endpoint"),
        (
            {"critic": {"engine": {"kind": "embedding"}}},
            r"roles.critic: model: needed: an encoder, such as model: \{base",
        ),
        (
            {"critic": {**CRITIC, "engine": {"kind": "embedding"}}},
            r"roles.critic: engine: the objectives train language models, which the engine embedding does not run",
        ),
        (
            {"critic": {"train": DPO, "engine": ENDPOINT}},
            r"roles.critic: engine: a model behind an endpoint cannot",
        ),
        ({"critic": {**CRITIC, "engine": {"kind": "reward"}}}, r"roles.critic: engine: the objectives train language"),
        ({"critic": {**CRITIC, "model": {"base": "c/d"}}}, r"roles.critic: model: like: policy takes the policy's"),
        ({"critic": {**CRITIC, "stays_open": True}}, r"roles.critic: stays_open: a role that learns is another model"),
        ({"critic": {"like": "critic", "train": DPO}}, r"roles.critic.like: Input should be 'policy'"),
        ({"a/b": CRITIC}, r"roles.*should match pattern"),
        ({"policy": CRITIC}, r"roles.policy: this name is taken"),
        (
            {"critic": {**CRITIC, "train": {"objective": {"kind": "dpo"}}}},
            r"roles.critic.train.pair: the objective dpo trains on pairs: add for example pair",
        ),
        ({"critic": {**CRITIC, "train": {"pair": DPO["pair"]}}}, r"roles.critic.train.pair: .*sft.*leave pair out"),
        (
            {"critic": {**CRITIC, "train": {**DPO, "select": [{"kind": "correct"}]}}},
            r"roles.critic.train.select: 'correct' leaves no wrong sample for pair.kind right_vs_wrong",
        ),
        (
            {"critic": {**CRITIC, "train": {**DPO, "select": [{"kind": "judged", "judge": "zz"}]}}},
            r"roles.critic.train.select.0.judge: no judge is called 'zz': write one of answer",
        ),
        ({"critic": {**CRITIC, "train": {**DPO, "start_from": "champion"}}}, r"a role has no gate.*write previous"),
        (
            {"critic": {**CRITIC, "train": {**DPO, "start_from": "seed"}}},
            r"roles.critic.train.start_from: 'seed' is the",
        ),
        ({"critic": {**CRITIC, "train": {**DPO, "reference": "seed"}}}, r"roles.critic.train.reference: 'seed' is"),
        ({"critic": {**CRITIC, "train": {"with_seed_data": True}}}, r"roles.critic.train.with_seed_data: there"),
        ({"critic": {**CRITIC, "train": {**DPO, "epoch": 1}}}, r"roles.critic.train.epoch: unknown key; did you"),
    ],
)
def test_a_role_that_cannot_be_is_explained(roles: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make_recipe(roles)


def test_a_role_that_nobody_has_is_named_wherever_it_is_asked() -> None:
    implicit = {"kind": "likelihood", "role": "critic"}
    with pytest.raises(RecipeError, match=r"judge 'likelihood': no role is called 'critic': add it to roles"):
        make_recipe({}, judge=[{}, implicit])
    with pytest.raises(RecipeError, match=r"judge 'likelihood': no role is called 'critic': add it to roles"):
        make_recipe({}, evaluate={"best_of": {"num_samples": 4, "k": [4], "judge": implicit}})
    with pytest.raises(RecipeError, match=r"guide.role: no role is called 'critic'"):
        make_recipe({}, guide={"kind": "interactive", "role": "critic"})


OTHERS = {
    "encoder": {"model": {"base": "a"}, "engine": {"kind": "embedding"}},
    "rater": {"model": {"base": "a"}, "engine": {"kind": "reward"}},
    "far": {"engine": ENDPOINT},
    "near": {"model": {"base": "a"}},
}
TO_TEXT = "add it to roles, or write one of policy, far, near"


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"judge": [{}, {"kind": "embedding", "role": "x"}]},
         "add it to roles, with an encoder and engine: {kind: embedding}, or write one of encoder"),
        ({"judge": [{}, {"kind": "reward_model", "role": "x"}]},
         "add it to roles, with a reward model and engine: {kind: reward}, or write one of rater"),
        ({"judge": [{}, {"kind": "likelihood", "role": "x"}]}, "add it to roles, or write one of policy, near"),
        ({"judge": [{}, {"kind": "rubric", "role": "x"}]}, TO_TEXT),
        ({"guide": {"kind": "interactive", "role": "x"}}, TO_TEXT),
        ({"generate": {"kind": "independent", "draws": [{"name": "a", "role": "x"}]}}, TO_TEXT),
        ({"generate": {"kind": "prefix", "critic": "x"}}, TO_TEXT),
        ({"generate": {"kind": "revise", "first": {"by": "x"}}}, TO_TEXT),
        ({"generate": {"kind": "revise", "steps": [{"part": "attempt", "by": "x"}]}}, f"{TO_TEXT}, solution, peer"),
        ({"generate": {"kind": "revise", "steps": [{"part": "attempt", "also_by": ["x"]}]}}, TO_TEXT),
        ({"generate": {"kind": "revise", "steps": [{"part": "critique", "by": "x"}, {"part": "attempt"}]}},
         f"{TO_TEXT}, template, solution, peer"),
    ],
)  # fmt: skip
def test_advice_names_only_what_could_be_written(sections: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError) as raised:
        make_recipe(OTHERS, **sections)
    assert str(raised.value).endswith(f"no role is called 'x': {told}")


def test_where_no_role_could_be_asked_none_is_named() -> None:
    for judge, fix in (
        ({"kind": "embedding"}, "no role is called 'encoder': add it to roles, with an encoder and engine: {kind: "
         "embedding}"),
        ({"kind": "embedding", "role": "policy"}, "an encoder is a model of its own that does not learn: add it to "
         "roles, with an encoder and engine: {kind: embedding}"),
        ({"kind": "reward_model"}, "no role is called 'reward_model': add it to roles, with a reward model and engine: "
         "{kind: reward}"),
    ):  # fmt: skip
        with pytest.raises(RecipeError) as raised:
            make_recipe({}, judge=[{}, judge])
        assert str(raised.value).endswith(fix)


@pytest.mark.parametrize(
    "sections",
    [
        {"guide": {"kind": "interactive", "role": "encoder"}},
        {"generate": {"kind": "prefix", "critic": "encoder"}},
        {"generate": {"kind": "revise", "steps": [{"part": "critique", "by": "encoder"}, {"part": "attempt"}]}},
        {"judge": [{}, {"kind": "rubric", "role": "rater"}]},
        {"judge": [{}, {"kind": "likelihood", "role": "far"}]},
    ],
)
def test_a_role_that_cannot_give_what_is_wanted_is_refused_wherever_it_is_asked(sections: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"needs (text|log-probabilities), which the engine \w+ of role '\w+' does"):
        make_recipe(OTHERS, **sections)


def test_a_role_that_learns_may_judge_guide_and_rank() -> None:
    judge = {"kind": "implicit", "role": "critic", "frozen": "live", "reference": "base"}
    best_of = {"num_samples": 4, "k": [4], "judge": judge}
    guide = {"kind": "interactive", "role": "critic"}
    assert make_recipe({"critic": CRITIC}, judge=[{}, judge], guide=guide, evaluate={"best_of": best_of})
    with pytest.raises(RecipeError, match=r"a reward model is a model of its own that does not learn"):
        make_recipe({"critic": CRITIC}, judge=[{}, {"kind": "reward_model", "role": "critic"}])


def test_an_adapter_of_the_warm_start_is_continued_by_roles_too() -> None:
    warm_start = {"source": SUMS, "tune": {"kind": "lora", "rank": 4}}
    train = {"start_from": "base", "tune": {"kind": "lora", "rank": 8}}
    role = {"like": "policy", "train": {**DPO, "start_from": "previous"}}
    with pytest.raises(RecipeError, match=r"roles.critic.train.tune: the warm start makes an adapter"):
        make_recipe({"critic": role}, warm_start=warm_start, train=train)
    role["train"] = {**role["train"], "tune": warm_start["tune"]}
    assert make_recipe({"critic": role}, warm_start=warm_start, train=train)
