"""What new steps take: samples, tokens, engine loads and disk, each estimate with its assumption. Pure; for `plan`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from configs.schema.online.sampler import devices_beside
from configs.schema.recipe import Recipe
from configs.schema.revision.evaluated import revision_evaluated, trees_evaluated
from configs.schema.role import POLICY
from configs.schema.train import Lora
from tasks.core.stage import Stage
from tasks.judge.kinds.registry import kind_of
from tasks.online.stage import waves_of
from tasks.plan.segment_cost import BESIDE, draws_beside, segment_lines, texts_of_group

BYTES_PER_SAMPLE = 150
"""ids, numbers and verdict of a sample, compressed"""
BYTES_PER_TOKEN = 2
"""text of a sample, compressed"""
ASSUMED_SHARE_OF_MAX_TOKENS = 0.5
PURPOSES = ("to train on", *BESIDE, "to calibrate", "guided, at most", "to evaluate")


def estimate_cost(
    recipe: Recipe, sizes: Mapping[str, int], new: Sequence[tuple[int, Stage]], measured: Mapping[str, float],
    model_bytes: int | None = None, rates: Sequence[float] = (),
) -> Iterator[str]:  # fmt: skip
    """Lines that say what the new steps take.

    Args:
        sizes: problems by set name.
        new: (round, stage) of the steps to be computed.
        measured: metrics of the latest finished round; its mean length replaces the assumption.
        model_bytes: what the model that it trained takes in the store.
        rates: how often each problem was solved in that round.
    """
    if not new:
        yield "everything is reused: nothing to compute"
        return
    by_round = {number: recipe.in_round(number) for number, _ in new}
    drawn: Counter[str] = Counter()
    for number, stage in new:
        drawn.update(drawn_by(by_round[number], stage.name, sizes, number, rates))
    length, assumption = mean_length(recipe, measured)
    samples = drawn.total()
    tokens = samples * length
    yield "samples           " + ", ".join(f"{drawn[purpose]:,} {purpose}" for purpose in PURPOSES if drawn[purpose])
    yield f"tokens            about {tokens:,.0f} generated, at {length:.0f} a sample ({assumption})"
    yield from stopping_lines({number: by_round[number] for number, stage in new if stage.name == "generate"}, rates)
    segments = {number: by_round[number] for number, stage in new if stage.name == "segment"}
    yield from segment_lines(segments, sizes["train"])
    judged = [number for number, stage in new if stage.loads == "judges" or stage.name == "segment"]
    if judgements := sum(judgements_a_round(by_round[number], sizes["train"], number, rates) for number in judged):
        yield f"judgements        {judgements:,}, besides: texts or comparisons that a model is asked for"
    loads = generator_loads(new, {number: judge_loads(one) for number, one in by_round.items()})
    loads += sum(len(by_round[number].generate.writers) for number, stage in new if stage.name == "generate")
    loads += sum(loads_beside(by_round[number]) for number, stage in new if stage.name == "segment")
    yield f"generator loads   {loads} (it stays open from evaluation to the next generation)"
    trained = sum(stage.loads == "trainer" for _, stage in new)
    yield f"trainer loads     {trained}"
    disk = samples * (BYTES_PER_SAMPLE + BYTES_PER_TOKEN * length)
    models = "adapters" if isinstance(recipe.train.tune, Lora) else "whole models"
    each = f" of {model_bytes / 2**20:,.1f} MiB each" if model_bytes and trained else ""
    yield f"disk              about {disk / 2**20:,.1f} MiB of samples, and {trained} {models}{each}"


def stopping_lines(recipes: Mapping[int, Recipe], rates: Sequence[float]) -> Iterator[str]:
    """Where problems stop once enough of their draws are accepted, the share of the draws that is made.

    Args:
        recipes: by round.
        rates: as of `estimate_cost`.
    """
    for number, recipe in recipes.items():
        if (stopping := recipe.generate.stopping) is not None:
            most = texts_of_group(recipe, number)
            share = texts_of_group(recipe, number, rates) / most
            told = (f"{share:.0%} of {most:.0f} a problem, by the pass rates of the latest round" if rates
                    else f"{most:.0f} a problem at most: no round has pass rates yet")  # fmt: skip
            yield f"draws             {told}; a problem stops with {stopping.enough} accepted"
            return


def drawn_by(
    recipe: Recipe, stage: str, sizes: Mapping[str, int], round: int, rates: Sequence[float] = ()
) -> dict[str, int]:
    """Samples that a stage draws, by purpose.

    Args:
        recipe: of the stage's round.
        rates: as of `estimate_cost`.
    """
    if stage in ("generate", "segment"):
        own = {"to train on": samples_a_round(recipe, sizes["train"], round, rates)}
        return own | (draws_beside(recipe, sizes["train"], round) if stage == "segment" else {})
    if stage == "calibrate":
        return {"to calibrate": probe_samples(recipe)}
    if stage == "guide" and recipe.guide is not None:
        return {"guided, at most": problems_a_round(recipe, sizes["train"]) * recipe.guide.max_extra}
    if stage == "evaluate":
        return {"to evaluate": (sizes["select"] + sizes["report"]) * draws_a_problem(recipe)}
    return {}


def problems_a_round(recipe: Recipe, num_train: int) -> int:
    """Problems that a round samples; of a segment its groups, without those that are drawn over."""
    if recipe.online is not None:
        return waves_of(recipe) * recipe.online.groups_of_draw
    available = recipe.invent.num_prompts if recipe.invent else num_train
    return min(recipe.generate.num_problems or available, available)


def samples_a_round(recipe: Recipe, num_train: int, round: int, rates: Sequence[float] = ()) -> int:
    """Texts that a round draws to train on; the most it can be, where they are drawn step by step or revised; `rates`
    as of `estimate_cost`."""
    return math.ceil(problems_a_round(recipe, num_train) * texts_of_group(recipe, round, rates))


def probe_samples(recipe: Recipe) -> int:
    """Samples of one calibration."""
    config = recipe.calibrate
    return len(config.temperatures) * config.probe_problems * config.num_samples if config else 0


def draws_a_problem(recipe: Recipe) -> int:
    """Samples of one held-out problem in one evaluation; the most it can be, where problems are revised."""
    revise, revised = recipe.evaluate.revise, revision_evaluated(recipe)
    beside = revise.resample if revise else None
    asked = [part.num_samples for part in (recipe.evaluate.pass_at, recipe.evaluate.best_of, beside) if part]
    chains = [config.most_texts for config in (revised, trees_evaluated(recipe)) if config]
    return 1 + sum(asked) + sum(chains)


def judgements_a_round(recipe: Recipe, num_train: int, round: int = 1, rates: Sequence[float] = ()) -> int:
    """What judging models are asked in a round: texts and comparisons. Where steps are compared, those of one step."""
    problems = problems_a_round(recipe, num_train)
    samples = samples_a_round(recipe, num_train, round, rates) // max(problems, 1)
    together = max(getattr(recipe.episode, "width", samples), 1)
    each = sum(kind_of(judge).num_judgements(judge, together) for judge in recipe.judge)
    return problems * (samples // together) * each


def mean_length(recipe: Recipe, measured: Mapping[str, float]) -> tuple[float, str]:
    """Tokens a sample, and where the number comes from."""
    if "mean_tokens" in measured:
        return measured["mean_tokens"], "the mean of the latest round"
    most, place = recipe.episode.max_tokens, "generate" if recipe.online is None else "online.episode"
    return (
        most * ASSUMED_SHARE_OF_MAX_TOKENS,
        f"assumed: {ASSUMED_SHARE_OF_MAX_TOKENS:.0%} of {place}.max_tokens {most}",
    )


def loads_beside(recipe: Recipe) -> int:
    """Loads of what draws a segment beside its learner: one a device, but for the learner's own."""
    if recipe.online is None or recipe.online.sampler.where == "learner":
        return 0
    is_session = recipe.online.sampler.where == "session"
    return len(devices_beside(recipe.engine.devices, recipe.train.devices)) if is_session else 1


def judge_loads(recipe: Recipe) -> int:
    """Loads of models other than the one that wrote the samples, in one round's judging."""
    asked = set()
    for part in (part for judge in recipe.judge for part in judge.passes):
        has_states = part.role == POLICY or recipe.roles[part.role].is_chain
        asked.add((POLICY, part.state) if part.of_chain and not has_states
                  else (part.role, part.state if has_states else ""))  # fmt: skip
    return len(asked - {(POLICY, "round_start")})


def generator_loads(new: Sequence[tuple[int, Stage]], judge_loads: Mapping[int, int] = MappingProxyType({})) -> int:
    """Loads if every candidate is promoted; a kept incumbent costs its round one more.

    The generator that evaluates a candidate also draws the next round's samples.

    Args:
        judge_loads: loads of other models for judging, by round.
    """
    loads, is_open = 0, False
    for number, stage in new:
        if stage.loads == "generator" and not is_open:
            loads, is_open = loads + 1, True
        if stage.loads == "judges":
            loads += judge_loads.get(number, 0)
        if stage.loads == "trainer":
            is_open = False
    return loads
