"""The stepwise generator joined to its engine and its judge. Called by the generate task."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import groupby

from configs.schema.generate import StepwiseGenerate
from infra.engines.wire import Completion
from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.step import Summary, derive_seed
from tasks.core.tables import TableWriter
from tasks.generate.shards import PlannedShard
from tasks.generate.stepwise import Path, comparable, pairwise_judge, step_shard, step_verdicts, to_candidates
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World


def generate_stepwise(
    bench: Workbench, model: ModelRef, problems: StepRef, shards: Sequence[PlannedShard], cast: Cast, scratch: Scratch
) -> Summary:
    """Every step's candidates as `shard-00000.parquet`, their verdicts, and the steps as problems in `train.parquet`.

    The held-out sets are copied beside them: for later stages this step stands for the round's problems.
    """
    run = _Run(bench, model, cast, scratch)
    paths: list[Path] = []
    with (
        TRAIN_SET.writer(scratch.out) as steps,
        TableWriter(scratch.out / SAMPLES.file(0), Sample) as samples,
        VERDICTS.writer(scratch.out) as verdicts,
    ):
        for number, shard in enumerate(shards):
            paths += run.climb(shard, steps, samples, verdicts)
            scratch.progress.update(number + 1, len(shards), f"{run.num_samples} candidates")
    for table in HELD_OUT.values():
        shutil.copy(bench.ledger.fetch(problems, table.name), scratch.out / table.name)
    num_steps = sum(len(path.steps) for path in paths)
    return {
        "num_problems": len(paths),
        "num_samples": run.num_samples,
        "num_steps_taken": num_steps,
        "steps_per_problem": num_steps / max(len(paths), 1),
        "num_roll_backs": sum(path.num_roll_backs for path in paths),
        "num_unfinished": sum(not path.is_done for path in paths),
    }


class _Run:
    def __init__(self, bench: Workbench, model: ModelRef, cast: Cast, scratch: Scratch) -> None:
        config = bench.recipe.generate
        assert isinstance(config, StepwiseGenerate), "called for this kind only"
        self.bench, self.model, self.cast, self.scratch, self.config = bench, model, cast, scratch, config
        self.judge = pairwise_judge(bench.recipe.judge)
        self.num_samples = 0

    def climb(self, shard: PlannedShard, steps: TableWriter, samples: TableWriter, verdicts: TableWriter) -> list[Path]:
        """All problems of a shard, a step of each at a time; rows are written problem by problem."""
        paths = [Path(problem) for problem in shard.problems]
        written: dict[str, list[tuple[Problem, list[Sample], list[Verdict]]]] = {path.problem.id: [] for path in paths}
        for wave in range(self.config.max_steps):
            under_way = [path for path in paths if not path.is_done]
            if not under_way:
                break
            for path, step, candidates, opinions in self._wave(under_way, shard, wave):
                written[path.problem.id].append((step, candidates, opinions))
        for rows in written.values():
            for step, candidates, opinions in rows:
                steps.add(step)
                for sample, verdict in zip(candidates, opinions, strict=True):
                    samples.add(sample)
                    verdicts.add(verdict)
        return paths

    def _wave(
        self, paths: Sequence[Path], shard: PlannedShard, wave: int
    ) -> list[tuple[Path, Problem, list[Sample], list[Verdict]]]:
        answers = self._draw(paths, shard, wave)
        steps = [path.next_problem() for path in paths]
        asked = [
            (path, step, to_candidates(path, answers.get(step.id, []), self.config, self.model))
            for path, step in zip(paths, steps, strict=True)
        ]
        rivals = [sample for _, _, candidates in asked for sample in comparable(candidates)]
        known = {step.id: step for _, step, _ in asked}
        seed = derive_seed(shard.seed, "compare", wave)
        world = World(known, self.bench, self.cast, seed, self.scratch.progress)
        opinions = judge_samples(rivals, [self.judge], world)
        scores = {opinion.sample_id: opinion.score or 0.0 for opinion in opinions}
        rows = []
        for path, step, candidates in asked:
            self.num_samples += len(candidates)
            rows.append((path, step, candidates, list(step_verdicts(candidates, scores, self.judge))))
            path.take(candidates, {sample.id: scores[sample.id] for sample in comparable(candidates)})
        return rows

    def _draw(self, paths: Sequence[Path], shard: PlannedShard, wave: int) -> dict[str, list[Completion]]:
        pool = self.bench.generator(self.model)
        found: list[Completion] = []
        for _, completions in pool.generate([step_shard(paths, shard, self.config, wave)]):
            found += completions
        return {name: list(rows) for name, rows in groupby(found, key=lambda row: row.request_id)}
