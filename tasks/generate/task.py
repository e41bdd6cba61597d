"""Prefect task of the generate stage: shards are published as they finish, the record last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from configs.schema.generate import IndependentGenerate, Sampling, StepwiseGenerate
from tasks.calibrate.stage import CalibrateNumbers
from tasks.core.bench import Workbench
from tasks.core.files import TRAIN_SET
from tasks.core.records import Sample
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.core.tables import write_records
from tasks.generate.hot import PREFIX, hot_twin, join_hot
from tasks.generate.run import sample_shards
from tasks.generate.shards import PlannedShard, cut_shards, problems_of_round
from tasks.generate.stage import GENERATE
from tasks.generate.stepwise_run import generate_stepwise
from tasks.judge.identity import judging_identity


@stage_task(GENERATE)
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
    inputs = {"model": model, "problems": problems, "calibration": calibration}
    spec = GENERATE.spec(bench.recipe, bench.contents, round, inputs, judging=judging)

    def produce(scratch: Scratch) -> Summary:
        rows = list(TRAIN_SET.read(ledger, problems))
        seed = spec.seed or 0
        drawn = problems_of_round(rows, config, round, seed)
        published = ledger.published_shards(spec)
        todo = [shard for shard in cut_shards(drawn, config.shard_size, seed) if shard.name not in published]
        if not isinstance(config, IndependentGenerate):
            return generate_stepwise(bench, model, problems, todo, cast, scratch)
        sampling = calibrated(config.sampling(), calibration)
        for shard, samples in draw_shards(bench, model, todo, sampling, config, scratch) if todo else ():
            path = scratch.work / shard.name
            write_records(path, Sample, samples)
            ledger.publish_shard(spec, shard.name, path)
        num_samples = len(drawn) * (config.num_samples + config.hot_samples)
        return {"num_problems": len(drawn), "num_samples": num_samples, "temperature": sampling.temperature}

    return bench.step(spec, produce)


def calibrated(sampling: Sampling, calibration: StepRef | None) -> Sampling:
    """The settings with the temperature that a calibration picked."""
    if calibration is None:
        return sampling
    return sampling.model_copy(update={"temperature": CalibrateNumbers.of(calibration).temperature})


def draw_shards(
    bench: Workbench,
    model: ModelRef,
    shards: Sequence[PlannedShard],
    sampling: Sampling,
    config: IndependentGenerate,
    scratch: Scratch,
) -> Iterator[tuple[PlannedShard, list[Sample]]]:
    """Each shard with its samples, as shards finish; hot samples come after the others of their problem."""
    pool = bench.generator(model)
    if not config.hot_samples:
        yield from sample_shards(pool, shards, sampling, config.num_samples, model.digest, scratch.progress)
        return
    plain = {
        shard.name: samples
        for shard, samples in sample_shards(pool, shards, sampling, config.num_samples, model.digest, scratch.progress)
    }
    hot = sampling.model_copy(update={"temperature": config.hot_temperature})
    twins = [hot_twin(shard) for shard in shards]
    by_name = {shard.name: shard for shard in shards}
    for twin, samples in sample_shards(pool, twins, hot, config.hot_samples, model.digest, scratch.progress):
        shard = by_name[twin.name.removeprefix(PREFIX)]
        yield shard, join_hot(plain[shard.name], samples, config.num_samples)
