"""Tokens a second of one GPU, given or as a round had them, and the tokens that judges take. Pure; for `hours.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configs.schema.recipe import Recipe
from tasks.judge.kinds.registry import kind_of
from tasks.plan.cost import drawn_by, mean_length, problems_a_round, samples_a_round

READ_A_JUDGEMENT = 2.0
"""texts of a sample's length that a judge reads for one opinion: its question and the sample; a rubric is cached"""
TRAINED = "num_train_tokens"


@dataclass(frozen=True)
class Speeds:
    """Tokens a second of one GPU; None: not known.

    Attributes:
        draw: written.
        read: of prompts and given texts.
        train: of completions, forth and back.
    """

    draw: float | None = None
    read: float | None = None
    train: float | None = None


@dataclass(frozen=True)
class Measured:
    """What the latest finished round says.

    Attributes:
        metrics: its numbers, with `seconds_STAGE`.
        num_devices: of the engine that drew it.
        rates: how often each problem was solved.
    """

    round: int
    metrics: Mapping[str, float]
    num_devices: int
    rates: Sequence[float] = ()


def num_devices(engine: Any) -> int:
    """Devices that an engine works on together; 1 for one that is not ours."""
    return len(getattr(engine, "devices", ("",))) * int(getattr(engine, "tensor_parallel_size", 1))


def measured_speeds(recipe: Recipe, sizes: Mapping[str, int], measured: Measured) -> Speeds:
    """Speeds of one device in a finished round: its own tokens over its own seconds."""
    metrics, then = measured.metrics, recipe.in_round(measured.round)
    length, _ = mean_length(then, metrics)
    draw = train = None
    stage = next((name for name in ("generate", "segment", "evaluate") if metrics.get(f"seconds_{name}")), None)
    if stage is not None:
        drawn = sum(drawn_by(then, stage, sizes, measured.round, measured.rates).values())
        draw = drawn * length / metrics[f"seconds_{stage}"] / measured.num_devices
    if metrics.get("seconds_train") and metrics.get(TRAINED):
        train = metrics[TRAINED] / metrics["seconds_train"] / measured.num_devices
    return Speeds(draw=draw, train=train)


def judge_tokens(
    recipe: Recipe, num_train: int, round: int, length: float, rates: Sequence[float] = ()
) -> tuple[float, float]:
    """Tokens that judging models read and write in a round.

    Args:
        length: mean tokens of a sample.
        rates: how often problems are solved, as of `texts_of_group`.
    """
    problems = problems_a_round(recipe, num_train)
    samples = samples_a_round(recipe, num_train, round, rates) // max(problems, 1)
    together = max(getattr(recipe.episode, "width", samples), 1)
    read = written = 0.0
    for judge in recipe.judge:
        asked = problems * (samples // together) * kind_of(judge).num_judgements(judge, together)
        is_read_off = getattr(judge, "read", "") == "choices"
        read += asked * READ_A_JUDGEMENT * length
        written += asked * (1.0 if is_read_off else getattr(judge, "max_tokens", 0) / 2)
    return read, written
