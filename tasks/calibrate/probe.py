"""The probe: train problems that every calibration of an experiment samples, and the shards they are drawn in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from configs.errors import ProblemsError
from configs.schema.judge import AnswerJudge, Judge
from configs.schema.recipe import Recipe
from tasks.core.records import Problem
from tasks.core.step import derive_seed
from tasks.generate.shards import PlannedShard, cut_shards, draw_problems
from tasks.judge.now import judges_needed


@dataclass(frozen=True)
class ProbeJudges:
    """Judges of the probe's samples.

    Attributes:
        answer: calls a sample correct.
        reward: its score is compared with the threshold.
        needed: these two, and those that a sum adds up; in the recipe's order.
    """

    answer: AnswerJudge
    reward: Judge
    needed: tuple[Judge, ...]


def probe_judges(recipe: Recipe) -> ProbeJudges:
    """Who judges the probe: the first answer judge, and calibrate.judge or the last judge."""
    answer, wanted = recipe.answer_judge(), recipe.calibrate.judge if recipe.calibrate else None
    assert answer is not None, "the recipe was checked for one"
    reward = next(judge for judge in reversed(recipe.judge) if wanted in (None, judge.name))
    names = {judge.name for judge in (answer, reward, *judges_needed(reward, recipe.judge))}
    return ProbeJudges(answer, reward, tuple(judge for judge in recipe.judge if judge.name in names))


def draw_probe(problems: Sequence[Problem], count: int, seed: int) -> list[Problem]:
    """`count` problems at random, the same in every round.

    Args:
        seed: the recipe's.

    Raises:
        ProblemsError: there are fewer.
    """
    if len(problems) < count:
        raise ProblemsError(
            f"calibrate.probe_problems asks for {count} train problems, and there are {len(problems)}",
            f"write probe_problems: {len(problems)} or fewer, or add train problems",
        )
    return draw_problems(problems, count, derive_seed(seed, "probe"))


@dataclass(frozen=True)
class ProbeShard:
    """Some problems of the probe at one temperature; `seed` is that of the temperature."""

    temperature: float
    planned: PlannedShard
    seed: int

    @property
    def samples_name(self) -> str:
        return f"samples/{self.planned.name}"

    def verdicts_name(self, judge: str) -> str:
        """Where one judge's verdicts on the samples lie."""
        return f"verdicts/{judge}/{self.planned.name}"


def probe_shards(
    probe: Sequence[Problem], temperatures: Iterable[float], shard_size: int, seed: int
) -> Iterator[ProbeShard]:
    """The probe at each temperature, coolest first."""
    for heat in sorted(set(temperatures)):
        for shard in cut_shards(probe, shard_size):
            named = PlannedShard(f"t{heat:g}-{shard.name.removeprefix('shard-')}", shard.problems)
            yield ProbeShard(heat, named, derive_seed(seed, f"temperature {heat:g}"))
