"""The stepwise generator joined to its engine and its judge. Called by the generate task."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from configs.schema.generate import StepwiseGenerate
from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.records import Problem, Sample, Verdict
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.step import Summary, derive_seed
from tasks.core.tables import TableWriter
from tasks.generate.stepwise import (
    Path,
    comparable,
    pairwise_judge,
    step_request,
    step_sampling,
    step_verdicts,
    to_candidates,
)
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World


def generate_stepwise(
    bench: Workbench,
    model: ModelRef,
    problems: StepRef,
    drawn: Sequence[Problem],
    cast: Cast,
    seed: int,
    scratch: Scratch,
) -> Summary:
    """Every step's candidates as `shard-00000.parquet`, their verdicts, and the steps as problems in `train.parquet`.

    The held-out sets are copied beside them: for later stages this step stands for the round's problems.

    Args:
        drawn: the problems of the round.
    """
    run = _Run(bench, model, cast, seed, scratch)
    paths: list[Path] = []
    with (
        TRAIN_SET.writer(scratch.out) as steps,
        TableWriter(scratch.out / SAMPLES.file(0), Sample) as samples,
        VERDICTS.writer(scratch.out) as verdicts,
    ):
        for start in range(0, len(drawn), run.config.shard_size):
            paths += run.climb(drawn[start : start + run.config.shard_size], steps, samples, verdicts)
            scratch.progress.update(len(paths), len(drawn), f"{run.num_samples} candidates")
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
    def __init__(self, bench: Workbench, model: ModelRef, cast: Cast, seed: int, scratch: Scratch) -> None:
        config = bench.recipe.generate
        assert isinstance(config, StepwiseGenerate), "called for this kind only"
        self.bench, self.model, self.cast, self.scratch, self.config = bench, model, cast, scratch, config
        self.seed = seed
        self.judge = pairwise_judge(bench.recipe.judge)
        self.who = policy_answerer(bench, model)
        self.num_samples = 0

    def climb(
        self, problems: Sequence[Problem], steps: TableWriter, samples: TableWriter, verdicts: TableWriter
    ) -> list[Path]:
        """Some problems, a step of each at a time; rows are written problem by problem."""
        paths = [Path(problem) for problem in problems]
        written: dict[str, list[tuple[Problem, list[Sample], list[Verdict]]]] = {path.problem.id: [] for path in paths}
        for wave in range(self.config.max_steps):
            under_way = [path for path in paths if not path.is_done]
            if not under_way:
                break
            for path, step, candidates, opinions in self._wave(under_way, wave):
                written[path.problem.id].append((step, candidates, opinions))
        for rows in written.values():
            for step, candidates, opinions in rows:
                steps.add(step)
                for sample, verdict in zip(candidates, opinions, strict=True):
                    samples.add(sample)
                    verdicts.add(verdict)
        return paths

    def _wave(self, paths: Sequence[Path], wave: int) -> list[tuple[Path, Problem, list[Sample], list[Verdict]]]:
        requests = [step_request(path, self.config.width, self.seed) for path in paths]
        answers = self.scratch.answers.ask(self.who, step_sampling(self.config), requests)
        asked = [
            (path, path.next_problem(), to_candidates(path, rows, self.config, self.model))
            for path, (_, rows) in zip(paths, answers, strict=True)
        ]
        rivals = [sample for _, _, candidates in asked for sample in comparable(candidates)]
        known = {step.id: step for _, step, _ in asked}
        seed = derive_seed(self.seed, "compare", wave)
        world = World(known, self.bench, self.cast, seed, self.scratch.answers)
        opinions = judge_samples(rivals, [self.judge], world)
        scores = {opinion.sample_id: opinion.score or 0.0 for opinion in opinions}
        rows = []
        for path, step, candidates in asked:
            self.num_samples += len(candidates)
            rows.append((path, step, candidates, list(step_verdicts(candidates, scores, self.judge))))
            path.take(candidates, {sample.id: scores[sample.id] for sample in comparable(candidates)})
        return rows
