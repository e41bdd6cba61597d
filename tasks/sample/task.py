"""Prefect task of the generate stage."""

from __future__ import annotations

from configs.schema.generate import Generate, IndependentGenerate, Sampling, StepwiseGenerate
from tasks.core.answers import text_folder
from tasks.core.bench import Workbench
from tasks.core.identity import generate_spec
from tasks.core.records import Problem
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.core.tables import read_records
from tasks.generate.run import Drawing, draw_variants
from tasks.generate.stepwise import step_sampling
from tasks.generate.stepwise_run import generate_stepwise
from tasks.judge.identity import judging_identity
from tasks.sample.problems_of_round import problems_of_round
from tasks.sample.samples import write_samples


@stage_task("generate")
def generate(
    bench: Workbench, round: int, model: ModelRef, problems: StepRef, cast: Cast, calibration: StepRef | None = None
) -> StepRef:
    """Samples of one round: `shard-00000.parquet`, ... of Sample rows.

    Args:
        model: writes the samples; its generator is opened if it is not the open one.
        problems: the step with `train.parquet`.
        cast: who compares steps, where samples are drawn step by step.
        calibration: says the temperature, where the recipe calibrates.
    """
    config, ledger = bench.recipe.generate, bench.ledger
    is_stepwise = isinstance(config, StepwiseGenerate)
    judging = judging_identity(bench, bench.recipe.judge, cast) if is_stepwise else None
    spec = generate_spec(bench.recipe, bench.contents, round, model, problems, calibration, judging)

    who = policy_answerer(bench, model)

    def produce(scratch: Scratch) -> Summary:
        rows = list(read_records(ledger.fetch(problems, "train.parquet"), Problem))
        drawn = problems_of_round(rows, config, round, spec.seed or 0)
        if not isinstance(config, IndependentGenerate):
            return generate_stepwise(bench, model, problems, drawn, cast, spec.seed or 0, scratch)
        drawings = variants(config, calibration, spec.seed or 0)
        groups = draw_variants(scratch.answers, who, model.digest, drawn, drawings)
        num_samples = write_samples(scratch.out, groups, config.shard_size)
        temperature = drawings[0].sampling.temperature
        return {"num_problems": len(drawn), "num_samples": num_samples, "temperature": temperature}

    is_calibrated = calibration is None or "temperature" in calibration.summary  # a planned calibration has none yet
    drawings = variants(config, calibration, spec.seed or 0) if is_calibrated else []
    return bench.step(spec, produce, [text_folder(spec.answers, who, drawing.sampling) for drawing in drawings])


def variants(config: Generate, calibration: StepRef | None, seed: int) -> list[Drawing]:
    """How each problem is drawn: at the round's setting, and at a higher temperature where losers are wanted."""
    sampling = calibrated(config.sampling(), calibration)
    if not isinstance(config, IndependentGenerate):
        return [Drawing(step_sampling(config), config.width, seed)]
    drawings = [Drawing(sampling, config.num_samples, seed)]
    if config.hot_samples:  # ScPO, arXiv 2411.04109
        hot = sampling.model_copy(update={"temperature": config.hot_temperature})
        drawings.append(Drawing(hot, config.hot_samples, seed, "hot"))
    return drawings


def calibrated(sampling: Sampling, calibration: StepRef | None) -> Sampling:
    """The settings with the temperature that a calibration picked."""
    if calibration is None:
        return sampling
    return sampling.model_copy(update={"temperature": calibration.summary["temperature"]})
