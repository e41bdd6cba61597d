"""The probe: train problems that every calibration of an experiment samples, who judges them, and where that lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.judges.kinds import Judge
from configs.schema.recipe import Recipe
from tasks.calibrate.balance import wanted_per_problem
from tasks.core.records import Problem
from tasks.core.step import derive_seed
from tasks.judge.kinds.registry import judges_needed
from tasks.sample.problems_of_round import draw_problems, problems_of_round


@dataclass(frozen=True)
class ProbeJudges:
    """Judges of the probe's samples.

    Attributes:
        answer: calls a sample correct.
        reward: its score is compared with the threshold.
        needed: these two, and those that a sum adds up; in the recipe's order.
    """

    answer: Judge
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


def wanted_of_each(recipe: Recipe, problems: Sequence[Problem], round: int) -> int:
    """n*: training examples wanted of each problem that the round samples.

    Args:
        problems: the train set.
    """
    config = recipe.calibrate
    assert config is not None, "asked for only where the recipe has one"
    sampled = problems_of_round(problems, recipe.generate, round, seed=0)  # how many they are no seed changes
    return wanted_per_problem(config.target, len(sampled))


@dataclass(frozen=True)
class ProbeTables:
    """Where the probe's samples at one temperature lie, and what judges say of them."""

    folder: Path
    temperature: float

    @property
    def samples(self) -> Path:
        return self._made(f"samples/t{self.temperature:g}.parquet")

    def verdicts(self, judge: str) -> Path:
        return self._made(f"verdicts/{judge}/t{self.temperature:g}.parquet")

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
