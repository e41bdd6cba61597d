"""Prefect task of the generate stage: shards are published as they finish, the record last."""

from __future__ import annotations

from tasks.generate.run import sample_shards
from tasks.generate.shards import cut_shards, draw_problems
from tasks.identity import generate_spec
from tasks.records import Problem, Sample
from tasks.refs import ModelRef, StepRef
from tasks.scratch import Scratch
from tasks.stage_task import stage_task
from tasks.step import Summary, derive_seed
from tasks.tables import read_records, write_records
from tasks.workbench import current


@stage_task("generate")
def generate(round: int, model: ModelRef, problems: StepRef) -> StepRef:
    """Samples of one round: `shard-00000.parquet`, ... of Sample rows.

    Args:
        model: writes the samples; its generator is opened if it is not the open one.
        problems: the step with `train.parquet`.
    """
    bench = current()
    config, ledger = bench.recipe.generate, bench.ledger
    spec = generate_spec(bench.recipe, round, model, problems)

    def produce(scratch: Scratch) -> Summary:
        rows = list(read_records(ledger.fetch(problems, "train.parquet"), Problem))
        seed = spec.seed or 0
        drawn = draw_problems(rows, config.num_problems, derive_seed(seed, "draw"))
        published = ledger.published_shards(spec)
        todo = [shard for shard in cut_shards(drawn, config.shard_size, seed) if shard.name not in published]
        if todo:
            pool = bench.generator(model)
            finished = sample_shards(pool, todo, config.sampling(), config.num_samples, model.digest, scratch.progress)
            for shard, samples in finished:
                path = scratch.work / shard.name
                write_records(path, Sample, samples)
                ledger.publish_shard(spec, shard.name, path)
        return {"num_problems": len(drawn), "num_samples": len(drawn) * config.num_samples}

    return bench.step(spec, produce)
