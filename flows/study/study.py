"""A study: its runs, side by side in processes of their own; then what they came to.

The store knows what is done. The same command goes on, and a run that failed is tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.errors import StoreError, UserError
from configs.schema.study import Study
from configs.schema.study_runs import StudyRun, refuse_faults
from flows.run.problem_check import read_recipe_data
from flows.services.addresses import Addresses
from flows.study.results import entries_of, is_done, outcome_of
from flows.study.run_process import Ending, RunProcess
from infra.store.address import open_store
from tasks.plan.named import check_named
from tasks.study.cost import Speeds, plan_lines
from tasks.study.rows import Failure, Outcome, Row, rows_of

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Results:
    """What a study came to."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...]
    rows: dict[str, list[Row]]


def refuse_unfit(study: Study, runs: Sequence[StudyRun], base_dir: Path) -> None:
    """Read what every method names, and all its problems, before anything runs.

    Raises:
        RecipeError: something is missing or cannot be used; all methods are named.
    """
    faults: dict[str, str] = {}
    for run in runs:
        if run.seed == study.seeds[0]:
            try:
                check_named(run.recipe, base_dir)
                read_recipe_data(run.recipe, base_dir)
            except UserError as error:
                faults.setdefault(run.method, error.message)
    refuse_faults(study, faults)


def run_study(
    study: Study, runs: Sequence[StudyRun], path: Path, addresses: Addresses, jobs: int, say: Callable[[str], None]
) -> Results:
    """Run what is left of a study.

    Args:
        path: of its file; runs read it again.
        jobs: runs at the same time.
        say: told of every run that begins or ends, in a line.
    """
    store, started = open_store(addresses.store), time.monotonic()
    left = [run for run in runs if not is_done(study, run, store, addresses.work_dir, Path.cwd())]
    say(f"{study.name}: {len(runs)} runs, {len(runs) - len(left)} of them done")
    ended: dict[str, Ending] = {}
    for run, ending, seconds in _endings(left, [RunProcess(path, addresses.home / "logs") for _ in range(jobs)]):
        ended[run.name] = ending
        shown = _in_a_line(study, run, addresses, ending.reason, seconds)
        say(f"{run.name}: {shown} ({len(left) - len(ended)} left, {(time.monotonic() - started) / 60:.0f} min)")
    return collect(study, runs, addresses, ended)


def _endings(runs: Sequence[StudyRun], processes: Sequence[RunProcess]) -> Iterator[tuple[StudyRun, Ending, float]]:
    """Each run as it ends, with its seconds; what goes on when nobody asks any more is ended."""
    waiting = list(runs)
    try:
        while waiting or any(process.run for process in processes):
            for process in processes:
                if waiting and process.run is None:
                    process.begin(waiting.pop(0))
            time.sleep(POLL_SECONDS)
            for process in processes:
                run = process.run
                if run is not None and (ending := process.ending()):
                    yield run, ending, process.seconds
    finally:
        for process in processes:
            process.close()


def plan_study(
    study: Study, runs: Sequence[StudyRun], addresses: Addresses, speeds: Speeds, jobs: int
) -> Iterator[str]:
    """What is left of a study, in lines."""
    store = open_store(addresses.store)
    done = {
        run.name: sum(entry.report.seconds() or 0.0 for entry in entries_of(store, run.name, run.max_rounds))
        for run in runs
        if is_done(study, run, store, addresses.work_dir, Path.cwd())
    }
    return plan_lines(study, runs, done, speeds, jobs)


def collect(study: Study, runs: Sequence[StudyRun], addresses: Addresses, ended: Mapping[str, Ending]) -> Results:
    """The results of all runs that have some.

    Args:
        ended: how runs of this command ended, by name; empty: as they should.
    """
    store = open_store(addresses.store)
    outcomes, failures = [], []
    for run in runs:
        ending = ended.get(run.name, Ending())
        reason = ending.reason
        if ending.counts:
            try:
                outcomes.append(outcome_of(study, run, store, addresses.work_dir, ending.reason))
                continue
            except StoreError as error:
                reason = error.message
        failures.append(Failure(run.task, run.method, run.seed, reason))
    rows = {task: rows_of(study, task, outcomes) for task in study.task_names}
    return Results(tuple(outcomes), tuple(failures), rows)


def _in_a_line(study: Study, run: StudyRun, addresses: Addresses, reason: str, seconds: float) -> str:
    try:
        outcome = outcome_of(study, run, open_store(addresses.store), addresses.work_dir)
    except StoreError:
        return reason or "no round"
    point = outcome.course.counted(study.score)
    took = f"{point.spent.against(study.budget_of(run.task)):.0%} of the budget, {seconds:.0f} s"
    told = f"{outcome.course.first.accuracy:.1%} -> {point.accuracy:.1%} in {point.round} rounds, {took}"
    return f"{told}; {reason}" if reason else told
