"""Hours and money of new steps, against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe
from flows.round import stages_of
from tasks.plan.hours import Price, estimate_hours
from tasks.plan.speeds import Measured, Speeds, judge_tokens, measured_speeds, num_devices
from tests.flows.micro import micro_recipe

MILLION = {"train": 31_250, "select": 0, "report": 0, "warm_start": 0}
"""problems of a million samples, with 32 draws each"""
LENGTH = {"mean_tokens": 300.0}


def drawn_32_times(**sections: Any) -> Recipe:
    return check_recipe(micro_recipe(generate={"num_samples": 32, "max_tokens": 32}, **sections))


def hours(recipe: Recipe, sizes: dict[str, int], speeds: Speeds, measured: Measured | None, price: Price) -> list[str]:
    new = [(1, stage) for _, stage in stages_of(recipe, 1)]
    return list(estimate_hours(recipe, sizes, new, speeds, measured, price))


def test_a_million_samples_by_given_speeds() -> None:
    """8B on H100: 10,000 tokens drawn and 9,000 trained on a second; 0.3 G tokens drawn, 0.14 G trained on."""
    measured = Measured(1, {**LENGTH, "num_train_tokens": 0.14e9}, 1)
    lines = hours(drawn_32_times(), MILLION, Speeds(10_000, 60_000, 9_000), measured, Price(8, 2.5))
    drawing, training, loads, total = lines
    assert drawing.split()[:3] == ["drawing", "1.04", "h"]  # 8.33 GPU hours / 8
    assert "300,000,000 tokens at 10,000 a second and GPU (given)" in drawing
    assert training.split()[:2] == ["training", "0.54"]  # 4.32 GPU hours / 8
    assert loads.split()[:4] == ["loads", "0.05", "h", "3"]  # two of the generator, one of the trainer
    assert total == "in all on 8 GPUs: 1.63 h, 13.05 GPU hours, 32.64 at 2.50 a GPU hour"


def test_a_self_judge_reads_what_it_is_asked() -> None:
    """One opinion a sample, read off: 600 tokens at 60,000 a second are 10 ms, 2.8 GPU hours a million."""
    rubric = {"kind": "rubric", "prompt": "additive_5", "read": "choices"}
    recipe = drawn_32_times(judge=[{"kind": "answer"}, rubric])
    assert judge_tokens(recipe, 31_250, 1, 300.0) == (0.6e9, 1e6)
    lines = hours(recipe, MILLION, Speeds(10_000, 60_000, 9_000), Measured(1, LENGTH, 1), Price(1))
    judging = next(line for line in lines if "judging" in line)
    assert judging.split()[1] == "2.81"


def test_a_measured_round_says_how_long_the_next_one_takes() -> None:
    """On one device before; models are quicker on four, rules are not."""
    recipe, sizes = drawn_32_times(), {**MILLION, "train": 100}
    seconds = {"seconds_generate": 3600.0, "seconds_train": 1800.0, "seconds_judge": 360.0, "seconds_select": 36.0}
    measured = Measured(1, {**LENGTH, **seconds, "num_train_tokens": 90_000.0}, 1)
    speeds = measured_speeds(recipe, sizes, measured)
    assert speeds.draw == pytest.approx(32 * 100 * 300 / 3600) and speeds.train == pytest.approx(50)
    drawing, training, rules, total = hours(recipe, sizes, Speeds(), measured, Price(4))
    assert drawing.split()[1] == "0.25" and "measured in round 1 on 1 device" in drawing
    assert training.split()[1] == "0.12"
    assert rules.split()[1] == "0.11"
    assert total == "in all on 4 GPUs: 0.48 h, 1.94 GPU hours"


def test_measured_on_two_devices_is_half_the_speed_of_each() -> None:
    recipe = drawn_32_times(engine={"kind": "transformers", "devices": ["cuda:0", "cuda:1"]})
    measured = Measured(1, {**LENGTH, "seconds_generate": 100.0}, num_devices(recipe.engine))
    assert measured_speeds(recipe, {**MILLION, "train": 10}, measured).draw == pytest.approx(32 * 10 * 300 / 200)
    vllm = check_recipe(micro_recipe(engine={"kind": "vllm", "devices": ["auto"], "tensor_parallel_size": 4}))
    assert num_devices(vllm.engine) == 4


def test_what_nobody_knows_is_asked_for() -> None:
    lines = hours(drawn_32_times(), MILLION, Speeds(), None, Price(1))
    assert "--draw-speed" in lines[0] and "--train-speed" in lines[1]
    assert lines[-1] == "in all on 1 GPU: at least 0.00 h, 0.00 GPU hours"


def test_nothing_new_takes_no_time() -> None:
    assert list(estimate_hours(drawn_32_times(), MILLION, [], Speeds(), None, Price(1))) == []
