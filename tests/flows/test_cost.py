"""The plan's numbers, counted by hand."""

from configs.schema.load import check_recipe
from flows.round import STAGES, stages_of
from tasks.plan.cost import estimate_cost, generator_loads, judge_loads, mean_length
from tests.flows.micro import micro_recipe

RECIPE = check_recipe(micro_recipe())
SIZES = {"train": 24, "select": 5, "report": 5, "warm_start": 24}
ROUND = [(1, stage) for _, stage in stages_of(RECIPE, 1)]


def test_a_round_counts_samples_tokens_and_loads() -> None:
    lines = "\n".join(estimate_cost(RECIPE, SIZES, ROUND, {}))
    assert "96 to train on, 10 to evaluate" in lines
    assert "about 848 generated, at 8 a sample (assumed: 50% of generate.max_tokens 16)" in lines
    assert "trainer loads     1" in lines


def test_a_measured_length_replaces_the_assumption() -> None:
    assert mean_length(RECIPE, {"mean_tokens": 6.5}) == (6.5, "the mean of the latest round")


def test_one_load_serves_evaluation_and_the_next_generation() -> None:
    baseline = [(0, STAGES["warm_start"]), (0, STAGES["evaluate"])]
    assert generator_loads([*baseline, *ROUND, *ROUND]) == 3
    assert generator_loads(ROUND) == 2


def test_roles_count_as_trainings_and_as_judges() -> None:
    role = {"like": "policy", "train": {"objective": {"kind": "dpo"}, "pair": {"kind": "right_vs_wrong"}}}
    implicit = {"kind": "implicit", "role": "critic", "frozen": "live", "reference": "base"}
    recipe = check_recipe(micro_recipe(roles={"critic": role}, judge=[{"kind": "answer"}, implicit]))
    stages = stages_of(recipe, 1)
    assert [name for name, _ in stages if "critic" in name] == ["select_critic", "train_critic"]
    new = [(0, STAGES["warm_start"]), *((1, stage) for _, stage in stages)]
    assert "trainer loads     3" in "\n".join(estimate_cost(recipe, SIZES, new, {}))
    assert judge_loads(recipe) == 2


def test_each_phase_counts_by_its_own_recipe() -> None:
    phases = [{"name": "short", "rounds": 1}, {"name": "wide", "rounds": 1, "set": {"generate": {"num_samples": 8}}}]
    recipe = check_recipe(micro_recipe(phases=phases))
    second = [(2, stage) for _, stage in ROUND]
    assert "288 to train on, 20 to evaluate" in "\n".join(estimate_cost(recipe, SIZES, [*ROUND, *second], {}))


def test_draws_count_by_round_and_their_models_are_loaded() -> None:
    draws = [{"name": "plain", "num_samples": [2, 1]}, {"name": "old", "state": "base", "num_samples": 3},
             {"name": "older", "state": "base", "temperature": 2, "num_samples": [0, 1]}]  # fmt: skip
    recipe = check_recipe(micro_recipe(generate={"max_tokens": 16, "draws": draws}))
    second = [(2, stage) for _, stage in ROUND]
    lines = "\n".join(estimate_cost(recipe, SIZES, [*ROUND, *second], {}))
    assert f"{24 * (5 + 5)} to train on" in lines
    assert f"generator loads   {generator_loads([*ROUND, *second]) + 2}" in lines
    lines = "\n".join(estimate_cost(recipe, SIZES, ROUND, {}))
    assert f"{24 * 5} to train on" in lines and f"generator loads   {generator_loads(ROUND) + 1}" in lines


def test_draws_that_stop_are_estimated_from_the_rates_of_the_latest_round() -> None:
    select = [{"kind": "correct"}, {"kind": "cap", "per_problem": 2}]
    generate = {"max_tokens": 16, "num_samples": 8, "adaptive": {"enough": 2, "wave": 2}}
    recipe = check_recipe(micro_recipe(generate=generate, select=select))
    lines = list(estimate_cost(recipe, SIZES, ROUND, {}))
    assert lines[0].startswith(f"samples           {24 * 8} to train on")
    assert (
        "draws             8 a problem at most: no round has pass rates yet; a problem stops with 2 accepted" in lines
    )
    lines = list(estimate_cost(recipe, SIZES, ROUND, {}, rates=[1.0] * 3 + [0.0]))
    assert lines[0].startswith(f"samples           {int(24 * (2 * 3 + 8) / 4)} to train on")
    assert lines[2].startswith("draws             44% of 8 a problem, by the pass rates of the latest round")
    lines = list(estimate_cost(RECIPE, SIZES, ROUND, {}, rates=[1.0]))
    assert not [line for line in lines if line.startswith("draws")]


def test_nothing_new_takes_nothing() -> None:
    assert list(estimate_cost(RECIPE, SIZES, [], {})) == ["everything is reused: nothing to compute"]
