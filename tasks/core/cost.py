"""What new steps take: samples, tokens, engine loads and disk, each estimate with its assumption. Pure; for `plan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from configs.schema.recipe import Recipe
from configs.schema.train import Lora
from tasks.judge.kinds.registry import kind_of

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
    drawn = {
        "to train on": stages.count("generate") * samples_a_round(recipe, sizes["train"]),
        "to calibrate": stages.count("calibrate") * probe_samples(recipe),
        "guided, at most": stages.count("guide") * problems_a_round(recipe, sizes["train"])
        * (recipe.guide.max_extra if recipe.guide else 0),
        "to evaluate": stages.count("evaluate") * (sizes["select"] + sizes["report"]) * draws_a_problem(recipe),
    }  # fmt: skip
    length, assumption = mean_length(recipe, measured)
    samples = sum(drawn.values())
    tokens = samples * length
    yield "samples           " + ", ".join(f"{count:,} {purpose}" for purpose, count in drawn.items() if count)
    yield f"tokens            about {tokens:,.0f} generated, at {length:.0f} a sample ({assumption})"
    if judgements := stages.count("judge") * judgements_a_round(recipe, sizes["train"]):
        yield f"judgements        {judgements:,}, besides: texts or comparisons that a model is asked for"
    loads = generator_loads(new, judge_loads(recipe))
    yield f"generator loads   {loads} (it stays open from evaluation to the next generation)"
    trained = stages.count("train") + stages.count("train_verifier")
    yield f"trainer loads     {trained + stages.count('warm_start')}"
    disk = samples * (BYTES_PER_SAMPLE + BYTES_PER_TOKEN * length)
    models = "adapters" if isinstance(recipe.train.tune, Lora) else "whole models"
    yield f"disk              about {disk / 2**20:,.1f} MiB of samples, and {trained} {models}"


def problems_a_round(recipe: Recipe, num_train: int) -> int:
    """Problems that a round samples."""
    available = recipe.invent.num_prompts if recipe.invent else num_train
    return min(recipe.generate.num_problems or available, available)


def samples_a_round(recipe: Recipe, num_train: int) -> int:
    """Samples that a round draws to train on; the most it can be, where they are drawn step by step."""
    hot = getattr(recipe.generate, "hot_samples", 0)
    return problems_a_round(recipe, num_train) * (recipe.generate.num_samples + hot)


def probe_samples(recipe: Recipe) -> int:
    """Samples of one calibration."""
    config = recipe.calibrate
    return len(config.temperatures) * config.probe_problems * config.num_samples if config else 0


def draws_a_problem(recipe: Recipe) -> int:
    """Samples of one held-out problem in one evaluation."""
    asked = [part.num_samples for part in (recipe.evaluate.pass_at, recipe.evaluate.best_of) if part]
    return 1 + sum(asked)


def judgements_a_round(recipe: Recipe, num_train: int) -> int:
    """What judging models are asked in a round: texts and comparisons. Where steps are compared, those of one step."""
    problems = problems_a_round(recipe, num_train)
    samples = samples_a_round(recipe, num_train) // max(problems, 1)
    together = max(getattr(recipe.generate, "width", samples), 1)
    each = sum(kind_of(judge).num_judgements(judge, together) for judge in recipe.judge)
    return problems * (samples // together) * each


def mean_length(recipe: Recipe, measured: Mapping[str, float]) -> tuple[float, str]:
    """Tokens a sample, and where the number comes from."""
    if "mean_tokens" in measured:
        return measured["mean_tokens"], "the mean of the latest round"
    length = recipe.generate.max_tokens * ASSUMED_SHARE_OF_MAX_TOKENS
    return length, f"assumed: {ASSUMED_SHARE_OF_MAX_TOKENS:.0%} of generate.max_tokens {recipe.generate.max_tokens}"


def judge_loads(recipe: Recipe) -> int:
    """Loads of models other than the one that wrote the samples, in one round's judging."""
    asked = {(part.role, part.state) for judge in recipe.judge for part in judge.passes}
    roles = {role for role, _ in asked if role in recipe.roles}
    states = {(role, state) for role, state in asked if role not in recipe.roles and state != "round_start"}
    return len(roles) + len(states)


def generator_loads(new: Sequence[tuple[int, str]], judge_loads: int = 0) -> int:
    """Loads if every candidate is promoted; a kept incumbent costs its round one more.

    The generator that evaluates a candidate also draws the next round's samples.
    """
    loads, is_open = 0, False
    for _, stage in new:
        if stage in ("generate", "evaluate", "invent", "calibrate") and not is_open:
            loads, is_open = loads + 1, True
        if stage == "judge":
            loads += judge_loads
        if stage == "train":
            is_open = False
    return loads
