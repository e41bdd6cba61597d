"""What new steps take: samples, tokens, engine loads and disk, each estimate with its assumption. Pure; for `plan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from configs.schema.recipe import Recipe
from configs.schema.train import Lora

BYTES_PER_SAMPLE = 150
"""ids, numbers and verdict of a sample, compressed"""
BYTES_PER_TOKEN = 2
"""text of a sample, compressed"""
ASSUMED_SHARE_OF_MAX_TOKENS = 0.5


def estimate_cost(
    recipe: Recipe, sizes: Mapping[str, int], new: Sequence[tuple[int, str]], measured: Mapping[str, float]
) -> Iterator[str]:
    """Lines that say what the new steps take.

    Args:
        sizes: problems by set name.
        new: (round, stage) of the steps to be computed.
        measured: metrics of the latest finished round; its mean length replaces the assumption.
    """
    stages = [stage for _, stage in new]
    if not stages:
        yield "everything is reused: nothing to compute"
        return
    rounds, evaluations = stages.count("generate"), stages.count("evaluate")
    samples = rounds * min(recipe.generate.num_problems or sizes["train"], sizes["train"]) * recipe.generate.num_samples
    draws = 1 + (recipe.evaluate.pass_at.num_samples if recipe.evaluate.pass_at else 0)
    evaluated = evaluations * (sizes["select"] + sizes["report"]) * draws
    length, assumption = mean_length(recipe, measured)
    tokens = (samples + evaluated) * length
    yield f"samples           {samples:,} to train on, {evaluated:,} to evaluate"
    yield f"tokens            about {tokens:,.0f} generated, at {length:.0f} a sample ({assumption})"
    yield f"generator loads   {generator_loads(new)} (it stays open from evaluation to the next generation)"
    yield f"trainer loads     {stages.count('train') + stages.count('warm_start')}"
    disk = (samples + evaluated) * (BYTES_PER_SAMPLE + BYTES_PER_TOKEN * length)
    models = "adapters" if isinstance(recipe.train.tune, Lora) else "whole models"
    yield f"disk              about {disk / 2**20:,.1f} MiB of samples, and {stages.count('train')} {models}"


def mean_length(recipe: Recipe, measured: Mapping[str, float]) -> tuple[float, str]:
    """Tokens a sample, and where the number comes from."""
    if "mean_tokens" in measured:
        return measured["mean_tokens"], "the mean of the latest round"
    length = recipe.generate.max_tokens * ASSUMED_SHARE_OF_MAX_TOKENS
    return length, f"assumed: {ASSUMED_SHARE_OF_MAX_TOKENS:.0%} of generate.max_tokens {recipe.generate.max_tokens}"


def generator_loads(new: Sequence[tuple[int, str]]) -> int:
    """Loads if every candidate is promoted; a kept incumbent costs its round one more.

    The generator that evaluates a candidate also draws the next round's samples.
    """
    loads, is_open = 0, False
    for _, stage in new:
        if stage in ("generate", "evaluate") and not is_open:
            loads, is_open = loads + 1, True
        if stage == "train":
            is_open = False
    return loads
