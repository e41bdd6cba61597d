"""What the runs of a study that are left will take, by what finished ones took, or by speeds that are given. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from configs.schema.study import Budget, Study
from configs.schema.study_runs import StudyRun


@dataclass(frozen=True)
class Speeds:
    """Tokens a second, over all devices of a run; None: not known."""

    draw: float | None = None
    train: float | None = None


def plan_lines(
    study: Study, runs: Collection[StudyRun], done: Mapping[str, float], speeds: Speeds, jobs: int
) -> Iterator[str]:
    """The plan in words.

    Args:
        done: seconds that finished runs took, by name.
        jobs: runs at the same time.
    """
    left = [run for run in runs if run.name not in done]
    counted = f"{len(runs)} runs, {len(runs) - len(left)} of them done"
    others = "".join(f", of {task} at {_spelled(budget)}" for task, budget in study.task_budgets.items())
    yield f"{study.name}: {counted}; each stops at {_spelled(study.budget)}{others}"
    if done and left:
        seconds = sum(_seconds_of(run, runs, done) for run in left)
        yield (f"left: {len(left)}, about {seconds / 3600 / jobs:.1f} h, {jobs} at a time, "
               "by what finished runs of the same methods took, or of all")  # fmt: skip
    limits = [longest_seconds(study.budget_of(run.task), speeds) for run in left]
    if known := [limit for limit in limits if limit is not None]:
        yield (f"left: {len(left)}, at most {sum(known) / 3600 / jobs:.1f} h, {jobs} at a time, by the speeds "
               "given, evaluation and the loading of models apart")  # fmt: skip


def longest_seconds(budget: Budget, speeds: Speeds) -> float | None:
    """How long a run may be at what its budget counts: all of it spent on the slower of writing and training.

    None where the speed that is needed is not given.
    """
    if budget.generated_tokens is not None:
        return budget.generated_tokens / speeds.draw if speeds.draw else None
    if budget.training_tokens is not None:
        return budget.training_tokens / speeds.train if speeds.train else None
    assert budget.flops_per_parameter is not None, "the budget was checked for one"
    if speeds.draw is None or speeds.train is None:
        return None
    return max(budget.flops_per_parameter / 2 / speeds.draw, budget.flops_per_parameter / 6 / speeds.train)


def _seconds_of(run: StudyRun, runs: Collection[StudyRun], done: Mapping[str, float]) -> float:
    """Of runs of its method on its task, on any task, or of all."""
    finished = [one for one in runs if one.name in done]
    alike = [one for one in finished if one.method == run.method]
    best = [one for one in alike if one.task == run.task] or alike or finished
    return fmean(done[one.name] for one in best)


def _spelled(budget: Budget) -> str:
    if budget.generated_tokens is not None:
        return f"{budget.generated_tokens:,} generated tokens"
    if budget.training_tokens is not None:
        return f"{budget.training_tokens:,} trained tokens"
    return f"{budget.flops_per_parameter:,.0f} FLOPs a parameter"
