"""An online round is said with few words, and what cannot run is one message that says what to write."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import yaml

from configs.errors import RecipeError
from configs.schema.guard import DEFAULT_GUARDS, ONLINE_GUARDS
from configs.schema.kinds import component_choices
from configs.schema.load import check_recipe, dump_recipe
from configs.schema.marks import as_written, identity
from configs.schema.objective import Rows
from configs.schema.online.objectives import OnlineObjective, StreamObjective
from configs.schema.online.sampler import devices_beside
from configs.schema.phase import lay_over
from tests.configs.online_recipes import ONLINE, TURNS, online_recipe
from tests.configs.recipes import recipe

KINDS = component_choices(OnlineObjective)
PLAIN = online_recipe({"kind": "dapo"})
Names = tuple[str, ...]
INLINE: dict[str, Any] = {"kind": "inline", "markers": [{"part": "attempt", "begins": "again"}]}


def changed(**changes: Any) -> dict[str, Any]:
    return lay_over(PLAIN, changes)


def message(tree: dict[str, Any]) -> str:
    """The one mistake that is told of a recipe."""
    with pytest.raises(RecipeError) as told:
        check_recipe(tree)
    head, *lines = str(told.value).splitlines()
    assert head.endswith("1 mistake") and len(lines) == 1
    return lines[0]


def test_a_segment_is_said_by_its_objective_its_steps_and_an_empty_section() -> None:
    own = check_recipe({**PLAIN, "model": {"base": "org/model"}, "online": {}})
    assert own.online is not None and own.episode == own.online.episode
    assert (own.online.problems_per_wave, own.online.group_size, own.online.steps_of_wave) == (16, 8, 1)
    assert (own.episode.num_samples, own.episode.temperature, own.episode.top_k) == (8, 1.0, 0)
    assert [term.kind for term in own.online.reward] == ["judge"]


def test_a_segment_goes_on_from_the_one_before_unless_the_recipe_says_otherwise() -> None:
    """From the base model each segment would learn the same again, and a warm start would be forgotten."""
    assert check_recipe(PLAIN).train.start_from == "previous_with_optimizer"
    assert check_recipe({**PLAIN, "train": {**PLAIN["train"], "start_from": "base"}}).train.start_from == "base"
    offline = {name: PLAIN[name] for name in PLAIN if name not in ("online", "train")}
    assert check_recipe({**offline, "generate": {"max_tokens": 32}}).train.start_from == "base"


def test_every_objective_has_a_recipe_and_is_made_of_streams() -> None:
    assert {recipe(name).train.objective.kind for name in ONLINE} == set(KINDS)
    assert all(issubclass(kind, StreamObjective) for kind in KINDS.values())
    assert StreamObjective.rows == "streams" and "streams" in get_args(Rows)


@pytest.mark.parametrize("name", ONLINE)
def test_what_is_written_out_in_full_says_the_same(name: str) -> None:
    own = recipe(name)
    assert check_recipe(yaml.safe_load(dump_recipe(own))) == own


@pytest.mark.parametrize(
    ("kind", "baseline", "scale", "normalise_by"),
    [
        ("grpo", "mean", "std", "none"), ("dr_grpo", "mean", "none", "none"), ("rloo", "leave_one_out", "none", "none"),
        ("reinforce_pp", "mean", "none", "wave"), ("max_rl", "mean", "mean", "none"), ("nft", "none", "none", "none"),
        ("ppo", "none", "none", "wave"),
    ],
)  # fmt: skip
def test_an_objective_brings_its_credit(kind: str, baseline: str, scale: str, normalise_by: str) -> None:
    own = check_recipe(online_recipe({"kind": kind}))
    assert own.online is not None and isinstance(own.train.objective, StreamObjective)
    credit = own.online.settled_credit(own.train.objective)
    assert (credit.baseline, credit.scale, credit.normalise_by) == (baseline, scale, normalise_by)


def test_what_a_recipe_writes_of_credit_stands_and_the_rest_is_the_objectives() -> None:
    own = check_recipe(online_recipe({"kind": "rloo"}, credit={"scale": "std_n"}))
    assert own.online is not None and isinstance(own.train.objective, StreamObjective)
    credit = own.online.settled_credit(own.train.objective)
    assert (credit.baseline, credit.scale) == ("leave_one_out", "std_n")


def test_rloo_takes_the_divergence_from_the_reward_unless_a_term_does_or_none_is_wanted() -> None:
    def terms(objective: dict[str, Any], *reward: dict[str, Any]) -> list[tuple[str, float | None]]:
        own = check_recipe(online_recipe(objective, reward=[{"kind": "judge"}, *reward]))
        assert own.online is not None and isinstance(own.train.objective, StreamObjective)
        found = own.online.terms(own.train.objective)
        return [(term.kind, getattr(term, "coefficient", None)) for term in found]

    assert terms({"kind": "rloo"}) == [("judge", None), ("kl", 0.05)]
    assert terms({"kind": "rloo"}, {"kind": "kl", "coefficient": 0.2}) == [("judge", None), ("kl", 0.2)]
    assert terms({"kind": "rloo", "kl_reward": 0}) == [("judge", None)]


def test_a_fork_at_a_turn_is_one_attempt_with_a_group_of_revisions() -> None:
    own = check_recipe(changed(online={"fork": "turn", "episode": {**TURNS, "steps": [{"part": "attempt", "num": 4}]}}))
    assert own.episode.num_samples == 1


@pytest.mark.parametrize("sampler", [{"where": "session"}, {"where": "server", "url": "http://host:8000/v1"}])
def test_where_samples_are_drawn_is_no_part_of_what_they_are(sampler: dict[str, Any]) -> None:
    one, other = check_recipe(PLAIN), check_recipe(changed(online={"sampler": sampler}))
    assert one != other and identity(one, as_written) == identity(other, as_written)
    hot = changed(online={"sampler": sampler, "episode": {"temperature": 0.8}})
    assert check_recipe(lay_over(hot, {"train": {"objective": {"correction": "none"}}})).online is not None
    assert check_recipe(lay_over(hot, {"train": {"objective": {"kind": "raft"}}})).online is not None, (
        "corrects nothing"
    )


def test_devices_that_train_are_no_part_of_what_is_trained_and_need_not_divide_a_batch() -> None:
    one, several = (
        check_recipe(changed(train={"batch_size": 3, "devices": names})) for names in (["auto"], ["cpu", "cpu"])
    )
    assert several.train.devices == ("cpu", "cpu") and identity(one, as_written) == identity(several, as_written)
    with pytest.raises(RecipeError, match="a GPU stands there twice"):
        check_recipe(changed(train={"devices": ["cuda:0", "cuda:0"]}))


@pytest.mark.parametrize(
    ("engine", "train", "beside"),
    [
        (("auto",), ("auto",), ("auto",)), (("cuda:0",), ("auto",), ("cuda:0",)),
        (("cuda:0", "cuda:1"), ("auto",), ("cuda:1",)), (("cuda:0", "cuda:1"), ("cuda:2",), ("cuda:0", "cuda:1")),
    ],
)  # fmt: skip
def test_sessions_have_what_the_learner_leaves(engine: Names, train: Names, beside: Names) -> None:
    assert devices_beside(engine, train) == beside


def test_phases_may_warm_up_offline_and_go_on_online() -> None:
    online = {name: PLAIN[name] for name in ("train", "online")}
    tree = {**PLAIN, "select": [{"kind": "correct"}], "generate": {"max_tokens": 16}, "phases": [
        {"name": "warm", "rounds": 1},
        {"name": "rl", "rounds": 1, "set": {**online, "generate": None, "select": None}},
    ]}  # fmt: skip
    del tree["train"], tree["online"]
    own = check_recipe({**tree, "evaluate": {"max_tokens": 32}})
    assert own.in_round(1).online is None and own.in_round(2).online is not None
    assert own.in_round(2).select != own.in_round(1).select


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"online": None}, "online: the objective dapo draws its samples as it trains: add online: {}"),
        ({"train": {"objective": {"kind": "sft"}}}, "online: the objective sft trains on rows that are there before"),
        ({"train": {"max_steps": None}}, "train.max_steps: a segment is counted in optimizer steps"),
        ({"train": {"max_steps": 9}, "online": {"steps_per_wave": 2}}, "train.max_steps: 9 steps are no whole waves"),
        ({"train": {"max_steps": 9}, "online": {"inner_epochs": 2}}, "train.max_steps: 9 steps are no whole waves"),
        ({"train": {"gradient_accumulation": 2}}, "train.gradient_accumulation: steps_per_wave says"),
        ({"online": {"sampler": {"where": "server"}}}, "url: a server has an address: write for example url: http"),
        ({"online": {"sampler": {"where": "session", "url": "http://h:1/v1"}}}, "url: where: session asks no server"),
        ({"online": {"sampler": {"where": "server", "url": "http://h:1/v1?key=1"}}}, "an address holds no key"),
        ({"online": {"sampler": {"where": "server", "url": "h:1"}}}, "write an address such as http"),
        ({"online": {"sampler": {"where": "inside"}}}, "online.sampler.where"),
        ({"online": {"sampler": {"where": "session"}, "episode": {"temperature": 0.8}}},
         "write online.episode.temperature: 1.0 in place of 0.8, or train.objective.correction: none to go without"),
        ({"online": {"sampler": {"where": "session"}}, "engine": {"kind": "vllm", "tensor_parallel_size": 2}},
         "engine.tensor_parallel_size: a session beside the learner has one GPU: write 1, or"),
        ({"train": {"data": "accumulate"}}, "train.data: waves are its data"),
        ({"train": {"replay": {"path": "x.jsonl"}}}, "train.replay: waves are its data"),
        ({"select": [{"kind": "judged"}]}, "select: every sample has its reward: leave select out"),
        ({"generate": {"num_samples": 4, "max_tokens": 16}}, "generate: online.episode says how samples are drawn"),
        ({"weigh": {"kind": "by_problem"}}, "weigh: online trains on rewards: leave weigh out"),
        ({"pair": {"kind": "right_vs_wrong"}}, "pair: online trains on rewards: leave pair out"),
        ({"guide": {}}, "guide: online trains on rewards: leave guide out"),
        ({"rows": [{"kind": "turn"}]}, "rows: online trains on rewards: leave rows out"),
        ({"calibrate": {}}, "calibrate: online trains on rewards: leave calibrate out"),
        ({"train": {"reference": "base"}}, "train.reference: 'base' is read by no KL weight"),
        ({"train": {"objective": {"kl_weight": -0.1}}}, "kl_weight: a negative weight"),
        ({"train": {"objective": {"kind": "raft", "nll_weight": -1}}}, "nll_weight: a negative weight"),
        ({"train": {"objective": {"kl_weight": 0.1}}, "online": {"reward": [{}, {"kind": "kl"}]}},
         "train.objective.kl_weight: the reward has a KL term already"),
        ({"online": {"group_size": 1}}, "online.group_size: the objective dapo compares the episodes of a group"),
        ({"online": {"group_size": 1, "credit": {"baseline": "mean"}}}, "group_size: a group of one is always"),
        ({"online": {"problems_per_wave": 1, "steps_per_wave": 2}}, "1 groups cannot be shared out to 2 steps"),
        ({"online": {"episode": {"num_samples": 3}}}, "episode.num_samples: a group has 4 episodes"),
        ({"train": {"objective": {"kind": "gspo"}}, "online": {"episode": TURNS, "credit": {"unit": "turn"}}},
         "train.objective.ratio: sequence is one number of a row"),
        ({"online": {"episode": {**TURNS, "steps": [{"part": "attempt", "split": "(?P<critique>.)(?P<attempt>.)"}]}}},
         "online.episode.steps.0.split: parts that are cut out of a text have no tokens"),
        ({"online": {"episode": {**TURNS, "steps": [{"part": "attempt", "num": 2, "keep": {"first": 1}}]}}},
         "online.episode.steps.0.keep: texts that are not kept"),
        ({"online": {"episode": {**TURNS, "first": {"pool": "rounds"}}}}, "online.episode.first.pool: attempts of"),
        ({"online": {"credit": {"train_parts": ["verdict"]}}},
         "online.credit.train_parts: nobody writes a text of part verdict"),
        ({"online": {"control": "other"}}, "control: the group is the draw plain, the other one it is compared with"),
        ({"online": {"control": "other", "episode": TURNS}}, "control: it is one of the draws of an independent"),
        ({"online": {"reward": [{}, {"kind": "control_group"}]}}, "control: the reward compares with a second group"),
        ({"train": {"objective": {"kind": "ppo", "kl_token_reward": 0.1, "kl_weight": 0.1}}},
         "train.objective.kl_token_reward: the divergence is in the loss or in a reward term already"),
        ({"train": {"objective": {"kind": "ppo", "kl_token_reward": 0.1}}, "online": {"reward": [{}, {"kind": "kl"}]}},
         "train.objective.kl_token_reward: the divergence is in the loss or in a reward term already"),
        ({"online": {"episode": {**INLINE, "stop_on": "right"}}}, "stop_on: no marker begins a verdict"),
        ({"online": {"episode": {**INLINE, "markers": [{"part": "attempt", "begins": "x*"}]}}}, "matches nothing"),
        ({"online": None, "train": {"objective": {"kind": "sft"}}, "generate": {"max_tokens": 9, **INLINE}},
         "generate.kind: inline cuts the texts of a segment"),
        ({"online": {"episode": {"num_problems": 3}}}, "episode.num_problems: problems_per_wave says how many"),
        ({"online": {"episode": {"temperature": 0}}}, "temperature 0 draws the same text 4 times"),
        ({"online": {"episode": {"max_tokens": 128}}}, "online.episode.max_tokens: 128 leaves no room for a prompt"),
        ({"online": {"episode": {"draws": [{"name": "hot", "temperature": 2.0}]}}}, "episode.draws: members of a"),
        ({"online": {"episode": {"interpreter": {"open": "<py>", "close": "</py>"}}}}, "episode.interpreter: outputs"),
        ({"online": {"episode": {"kind": "stepwise"}}}, "episode.kind: stepwise compares as it goes"),
        ({"online": {"episode": {"few_shot": {"count": 1, "source": {"kind": "addition"}}}}},
         "episode.few_shot: a policy learns"),
        ({"online": {"episode": {"ladder": {"start": 1}}}}, "episode.ladder: a curriculum picks"),
        ({"online": {"fork": "turn"}}, "fork: turn: members of a group share one first attempt"),
        ({"online": {"episode": {**TURNS, "steps": [{"part": "attempt", "when": {"judge": "x", "says": ["wrong"]}}]}}},
         "online.episode.steps.0.when.judge: no judge is called 'x'"),
        ({"online": {"reward": [{"of": "x"}]}}, "online.reward.0.of: no judge is called 'x': write one of answer"),
        ({"online": {"reward": [{}, {}]}}, "reward.1.name: two terms are called 'judge'"),
        ({"online": {"reward": [{"kind": "progress"}]}}, "reward.0.of: it reads the values of a term written before"),
        ({"online": {"reward": [{"kind": "format", "pattern": "(", "gate": True}]}}, "not a regular expression"),
        ({"online": {"reward": [{"kind": "format", "pattern": "x", "gate": True}]}}, "nothing that a gate could"),
        ({"online": {"reward": [{}, {"kind": "format", "pattern": "x", "gate": True, "gates": ["y"]}]}},
         "reward.1.gates: no term is called 'y'"),
        ({"online": {"reward": [{"gates": ["judge"]}]}}, "gates: names the terms that a gate multiplies"),
        ({"online": {"reward": [{}, {"kind": "length", "rule": "truncated"}]}}, "the rule truncated is a factor"),
        ({"online": {"reward": [{}, {"kind": "length", "gate": True}]}}, "the rule overlong is a summand"),
        ({"online": {"reward": [{"kind": "verdict_match"}]}}, "online.reward.0: nobody writes a text of part verdict"),
        ({"online": {"curriculum": {"kind": "window", "low": 0.9}}}, "high: 0.8 must not be below low 0.9"),
        ({"online": {"curriculum": {"kind": "pools", "hard_below": 0.9}}}, "hard_below: 0.9 must not be above"),
        ({"online": {"curriculum": {"kind": "vote_share"}}}, "online.curriculum: vote_share reads the shares"),
        ({"online": {"curriculum": {"kind": "vote_share", "judge": "answer"}}}, "online.curriculum: vote_share reads"),
        ({"online": {"choice": "Plan: .*"}}, "online.choice: needs exactly one group"),
        ({"train": {"reference": None}}, "train.reference"),
        ({"guards": [{"metric": "entropy", "below": 0.1, "window": 3}]}, "window: warn ends no segment"),
        ({"guards": [{"metric": "entropy", "below": 0.1, "meanwhile": {"metric": "x"}}]}, "either above or below"),
        ({"online": {"credit": {"scale": "mean", "baseline": "none"}}}, "online.credit.scale: it divides by"),
        ({"train": {"objective": {"kind": "nft"}}, "online": {"credit": {"scale": "std"}}},
         "online.credit: the objective nft reads returns of whole episodes"),
        ({"train": {"objective": {"kind": "ppo"}}, "online": {"credit": {"baseline": "mean"}}},
         "online.credit.baseline: the objective ppo compares each token with its value head"),
        ({"train": {"objective": {"kind": "ppo"}}, "online": {"credit": {"change_factor": 2.0}}},
         "online.credit.change_factor: the objective ppo"),
        ({"online": {"credit": {"baseline": "first_turn_mean"}}}, "credit.baseline: first_turn_mean tells the texts"),
        ({"online": {"credit": {"normalise_by": "part"}}}, "credit.normalise_by: part tells the texts of an episode"),
        ({"online": {"credit": {"group_by": ["fork", "turn"]}}}, "credit.group_by: turn tells the texts of an episode"),
        ({"online": {"credit": {"unit": "turn", "combine": "normalise_then_sum"}}}, "normalise_then_sum is of whole"),
        ({"online": {"credit": {"group_by": ["prompt"]}}}, "group_by"),
        ({"roles": {"critic": {"like": "policy", "train": {"objective": {"kind": "grpo"}, "max_steps": 4}}}},
         "roles.critic.train.objective: a role learns from the round's samples"),
        ({"roles": {"critic": {"like": "policy", "train": {"objective": {"kind": "sft"}}}}},
         "roles.critic.train: a segment makes rows of its policy alone"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_one_message(changes: dict[str, Any], told: str) -> None:
    assert told in message(changed(**changes))


def test_a_segment_has_limits_of_its_own_beside_those_of_every_round() -> None:
    own = check_recipe(PLAIN)
    assert own.guards == (*DEFAULT_GUARDS, *ONLINE_GUARDS)
    told = check_recipe({**PLAIN, "guards": "warn"}).guards
    assert [guard.metric for guard in told] == [guard.metric for guard in own.guards]
    assert {(guard.action, guard.window) for guard in told} == {("warn", None)}
    assert check_recipe({**PLAIN, "guards": []}).guards == ()
    offline = {name: PLAIN[name] for name in PLAIN if name not in ("online", "train")}
    assert check_recipe({**offline, "generate": {"max_tokens": 32}}).guards == DEFAULT_GUARDS
    online = {"online": PLAIN["online"], "train": PLAIN["train"], "generate": None}
    phases = [{"name": "rl", "rounds": 1, "set": online}]
    short = {"generate": {"max_tokens": 32}, "evaluate": {"max_tokens": 32}}
    mixed = check_recipe({**offline, **short, "phases": phases})
    assert mixed.guards == mixed.in_round(1).guards == own.guards


RUBRIC = {"kind": "rubric"}
OUTSIDE = {"model": {"base": "org/judge"}}


@pytest.mark.parametrize(
    ("judges", "reward", "roles", "is_self_made"),
    [
        ([{}], [{}], {}, False),
        ([{}, {"kind": "vote"}], [{}, {"kind": "format", "pattern": "x"}], {}, False),  # votes are watched alone
        ([{}, {"kind": "vote"}], [{"of": "vote"}], {}, True),
        ([{"kind": "vote"}], [{}], {}, True),
        ([{"kind": "vote", "electorate": "teacher"}], [{}], {}, True),
        ([{}, RUBRIC], [{"of": "rubric"}, {"kind": "turn_count"}], {}, True),
        ([{}, RUBRIC | {"role": "judge"}], [{"of": "rubric"}, {"kind": "turn_count"}], {"judge": OUTSIDE}, False),
        (
            [{}, RUBRIC | {"role": "judge"}],
            [{"of": "rubric"}, {"kind": "turn_count"}],
            {"judge": {"like": "policy"}},
            True,
        ),
        ([{}, {"kind": "vote"}, {"kind": "combine", "of": ["answer", "vote"]}], [{"of": "combine"}], {}, True),
        ([{}], [{"kind": "format", "pattern": "x"}], {}, False),
    ],
)
def test_the_limit_on_votes_speaks_where_the_policy_rewards_itself(
    judges: list[Any], reward: list[Any], roles: dict[str, Any], is_self_made: bool
) -> None:
    moving = {"moving": {}} if "electorate" in judges[0] else {}
    tree = online_recipe({"kind": "grpo"}, reward=reward, probe=None, **moving)
    tree |= {"judge": judges, "roles": roles, "evaluate": {"verifier": {"kind": "number"}}}
    own = check_recipe(tree)
    assert own.is_self_rewarded == is_self_made
    silent = [guard.metric for guard in own.guards if guard not in own.guards_of_round]
    assert silent == ([] if is_self_made else ["vote_share_rise"])


LIVE = {"kind": "rubric", "frozen": "live", "every": 2}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"judge": [{}, LIVE | {"frozen": "base"}]}, "every: policy in the state base stands still"),
        ({"judge": [{}, LIVE, LIVE | {"name": "other", "every": 3}]}, "judge: one state of a segment is called live"),
        ({"judge": [{}, LIVE, {"kind": "vote", "electorate": "teacher"}], "online": {"moving": {}}},
         "judge.every: it takes the place of the copy"),
        ({"judge": [{}, LIVE], "train": {"objective": {"kind": "sdpo"}}}, "judge.every: it takes the place"),
        ({"judge": [{}, LIVE], "online": None, "train": None, "generate": {"max_tokens": 32}},
         "judge 'rubric': every counts waves of a segment"),
    ],
)  # fmt: skip
def test_a_live_judge_that_stands_still_is_the_one_copy_of_the_weights(changes: dict[str, Any], told: str) -> None:
    assert told in message({name: value for name, value in changed(**changes).items() if value is not None})


def test_in_phases_each_rounds_reward_says_whether_the_limit_on_votes_speaks() -> None:
    tree = lay_over(PLAIN, {"judge": [{"kind": "answer"}, {"kind": "vote"}], "phases": [
        {"name": "gold", "rounds": 1}, {"name": "votes", "rounds": 1, "set": {"online": {"reward": [{"of": "vote"}]}}},
    ]})  # fmt: skip
    own = check_recipe(tree)
    assert [own.in_round(number).is_self_rewarded for number in (1, 2)] == [False, True]


def test_a_vote_needs_groups_of_one_problem() -> None:
    steps = {**TURNS, "steps": [{"part": "attempt", "num": 4}]}
    tree = changed(judge=[{"kind": "vote"}], evaluate={"verifier": {"kind": "number"}})
    assert "online.fork: 'vote' judges the samples of a problem against each other" in message(
        lay_over(tree, {"online": {"fork": "turn", "episode": steps, "reward": [{"of": "vote"}]}})
    )


@pytest.mark.parametrize(
    ("kind", "field", "told"),
    [
        ("sft", "skip_prefix", "train.objective.skip_prefix: unknown key; known keys: kind, normalise"),
        ("grpo", "clip", "train.objective.clip: unknown key; did you mean"),
        ("gpro", "x", "train.objective.kind: unknown or missing; write one of "),
    ],
)
def test_a_key_of_an_objective_is_told_by_the_address_that_a_user_wrote(kind: str, field: str, told: str) -> None:
    assert told in message(changed(train={"objective": {"kind": kind, field: 1}}))
