"""The plan's numbers, counted by hand."""

from configs.schema.load import check_recipe
from flows.round import stages_of
from tasks.core.cost import estimate_cost, generator_loads, mean_length
from tests.flows.micro import micro_recipe

RECIPE = check_recipe(micro_recipe())
SIZES = {"train": 24, "select": 5, "report": 5, "warm_start": 24}
ROUND = stages_of(RECIPE, 1)


def test_a_round_counts_samples_tokens_and_loads() -> None:
    lines = "\n".join(estimate_cost(RECIPE, SIZES, ROUND, {}))
    assert "96 to train on, 10 to evaluate" in lines
    assert "about 848 generated, at 8 a sample (assumed: 50% of generate.max_tokens 16)" in lines
    assert "trainer loads     1" in lines


def test_a_measured_length_replaces_the_assumption() -> None:
    assert mean_length(RECIPE, {"mean_tokens": 6.5}) == (6.5, "the mean of the latest round")


def test_one_load_serves_evaluation_and_the_next_generation() -> None:
    assert generator_loads([*stages_of(RECIPE, 0), *ROUND, *ROUND]) == 3
    assert generator_loads(ROUND) == 2


def test_nothing_new_takes_nothing() -> None:
    assert list(estimate_cost(RECIPE, SIZES, [], {})) == ["everything is reused: nothing to compute"]
