"""Prefect task of the generate stage: one sampler over the problems of a round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tasks.core.answers import text_folder
from tasks.core.bench import Workbench
from tasks.core.files import TRAIN_SET
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.judge.meanwhile import watched
from tasks.judge.stage import judging_identity
from tasks.sample.drive import drive
from tasks.sample.partners import name_of, partners_of, places_of, tool_of, writers_of
from tasks.sample.problems_of_round import problems_of_round
from tasks.sample.revision.pool import read_pool
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler
from tasks.sample.samples import copy_held_out, write_episodes
from tasks.sample.shots import shots_of
from tasks.sample.stage import GENERATE


@stage_task(GENERATE)
def generate(
    bench: Workbench, round: int, model: ModelRef, problems: StepRef, cast: Cast, calibration: StepRef | None = None,
    pool: Sequence[StepRef] = (),
) -> StepRef:  # fmt: skip
    """Samples of one round: `shard-00000.parquet`, ... of Sample rows; see `samples.py` for what else there may be.

    Args:
        model: writes the samples; its generator is opened if it is not the open one.
        problems: the step with `train.parquet`.
        cast: who judges on the way, and who else writes texts.
        calibration: says the temperature, where the recipe calibrates.
        pool: the generate steps of the rounds before, where their attempts are revised too.
    """
    recipe, ledger = bench.recipe, bench.ledger
    temperature = calibration.summary.get("temperature") if calibration else None
    picked = float(temperature) if temperature is not None else None
    writers = writers_of(bench, cast)
    names = {name: name_of(writer) for name, writer in writers.items()}
    given = Given(recipe, model.digest, picked, names, bench.base_dir, round)
    sampler = make_sampler(given)
    judging = judging_identity(bench, sampler.judges, cast) or None
    inputs = {"model": model, "problems": problems, "calibration": calibration, **({"pool": pool} if pool else {})}
    told: dict[str, Any] = {"writers": {name: writer.identity for name, writer in writers.items()}} if writers else {}
    spec = GENERATE.spec(recipe, bench.contents, round, inputs, judging=judging, **told)
    seed, tool = spec.seed or 0, tool_of(recipe)

    def produce(scratch: Scratch) -> Summary:
        rows = list(TRAIN_SET.read(ledger, problems))
        drawn = problems_of_round(rows, recipe.generate, round, seed)
        shots = shots_of(recipe, ledger, problems, round)
        places = places_of(bench, spec, scratch.answers)
        partners = shots.before(partners_of(bench, model, cast, seed, scratch.answers, writers, places))
        pooled = read_pool(ledger, pool, frozenset(problem.id for problem in drawn))
        filled = make_sampler(replace(given, pool=pooled)) if pooled else sampler
        episodes = shots.put_back(drive(filled, shots.shown(drawn), partners, seed))
        if not sampler.makes_problems:
            heard = [judge.name for judge in sampler.judges]
            episodes = watched(bench, round, {row.id: row for row in rows}, episodes, heard)
        numbers = write_episodes(scratch.out, episodes, sampler)
        if sampler.makes_problems:
            copy_held_out(ledger, problems, scratch.out)
        counts = {"num_problems": len(drawn), "num_samples": numbers["num_samples"]}
        counts |= {"num_calls": numbers["num_calls"]} if tool else {}
        return {**counts, **sampler.summary(len(drawn), {**numbers})}

    who, is_planned = policy_answerer(bench, model), calibration is not None and temperature is None
    settings = [tool.watching(one) if tool else one for one in sampler.settings]
    known = [] if is_planned else [text_folder(spec.answers, who, one) for one in settings]
    return bench.step(spec, produce, known)
