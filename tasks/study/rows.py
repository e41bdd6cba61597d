"""The table of a study: a row a method and task, best first, each with how sure it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from configs.schema.study import Study
from tasks.study.comparison import Estimate, estimate, holm
from tasks.study.course import Course


@dataclass(frozen=True)
class Outcome:
    """One run that came to an end.

    Attributes:
        right: the report set's problems and whether the model that counts solves them.
        before: the same of round 0, which a task's runs of one seed share.
    """

    task: str
    method: str
    seed: int
    course: Course
    right: Mapping[str, bool]
    before: Mapping[str, bool]


@dataclass(frozen=True)
class Failure:
    """One run without a result, and why."""

    task: str
    method: str
    seed: int
    reason: str


@dataclass(frozen=True)
class Row:
    """One method on one task.

    Attributes:
        accuracy: on the report set, over seeds and problems.
        gain: against the baseline on the same problems and seeds; None for itself, and where they share no seed.
        p_value: of the gain, corrected by Holm for the methods of the task.
        rank: (best, worst) that the gains between methods allow: those surely better come before, those surely worse
            after.
        gained: accuracy against round 0, on the same problems and seeds.
        tokens_per_point: written, read and trained, for each percentage point gained; None where nothing was.
        numbers: means over seeds of what `Course.shown` says.
        promoted: share of rounds that the gate let pass.
        elsewhere: by benchmark, means over seeds of the score and of what became of it since round 0: forgetting.
    """

    task: str
    method: str
    seeds: tuple[int, ...]
    accuracy: Estimate
    gain: Estimate | None
    p_value: float | None
    rank: tuple[int, int]
    gained: Estimate
    spent: float
    tokens_per_point: float | None
    numbers: Mapping[str, float]
    promoted: float | None
    elsewhere: Mapping[str, tuple[float, float]]
    notes: tuple[str, ...]


def rows_of(study: Study, task: str, outcomes: Sequence[Outcome]) -> list[Row]:
    """The rows of one task, the highest accuracy first.

    Args:
        outcomes: of all tasks.
    """
    by_method = {name: [one for one in outcomes if (one.task, one.method) == (task, name)] for name in study.methods}
    tables = {name: _table(runs) for name, runs in by_method.items() if runs}
    gains = {
        name: gain
        for name, table in tables.items()
        if name != study.baseline and study.baseline in tables
        if (gain := difference(table, tables[study.baseline], study.confidence)) is not None
    }
    corrected = holm({name: gain.p_value for name, gain in gains.items()})
    ranks = _ranks(tables, study.confidence)
    rows = [
        _row(study, task, name, by_method[name], tables[name], gains.get(name), corrected.get(name), ranks[name])
        for name in tables
    ]
    return sorted(rows, key=lambda row: -row.accuracy.mean)


Table = Mapping[int, Mapping[str, bool]]
"""by seed and problem, whether it is solved"""


def _table(runs: Sequence[Outcome]) -> Table:
    return {run.seed: run.right for run in runs}


def _before(runs: Sequence[Outcome]) -> Table:
    return {run.seed: run.before for run in runs}


def _cells(table: Table, seeds: Sequence[int]) -> np.ndarray:
    problems = sorted(table[seeds[0]])
    return np.array([[float(table[seed][problem]) for problem in problems] for seed in seeds])


def difference(one: Table, other: Table, confidence: float) -> Estimate | None:
    """How much better the first is, problem by problem and seed by seed; None where they share no seed."""
    seeds = sorted(one.keys() & other.keys())
    return estimate(_cells(one, seeds) - _cells(other, seeds), confidence).within(-1, 1) if seeds else None


def _ranks(tables: Mapping[str, Table], confidence: float) -> dict[str, tuple[int, int]]:
    """Best and worst rank of each; every pair is compared, corrected by Holm for their number."""
    names = list(tables)
    pairs = {(a, b): difference(tables[a], tables[b], confidence) for i, a in enumerate(names) for b in names[i + 1 :]}
    known = {f"{a} {b}": found.p_value for (a, b), found in pairs.items() if found is not None}
    sure = {name for name, p in holm(known).items() if p < 1 - confidence}
    better = [(a, b) if found.mean > 0 else (b, a) for (a, b), found in pairs.items() if found and f"{a} {b}" in sure]
    return {
        name: (1 + sum(worse == name for _, worse in better), len(names) - sum(best == name for best, _ in better))
        for name in names
    }


def _row(
    study: Study, task: str, name: str, runs: Sequence[Outcome], table: Table, gain: Estimate | None,
    p_value: float | None, rank: tuple[int, int],
) -> Row:  # fmt: skip
    counted = [(run.course, run.course.counted(study.score)) for run in runs]
    gained = estimate(_cells(table, sorted(table)) - _cells(_before(runs), sorted(table)), study.confidence)
    accuracy = estimate(_cells(table, sorted(table)), study.confidence).within(0, 1)
    tokens = fmean(sum(point.spent) for _, point in counted)
    shown = [course.shown() for course, _ in counted]
    rounds = [point for course, _ in counted for point in course.points[1:]]
    notes = {f"seed {run.seed}: {run.course.note}" for run in runs if run.course.note}
    return Row(
        task, name, tuple(sorted(table)), accuracy, gain, p_value, rank,
        gained.within(-1, 1), fmean(point.spent.against(study.budget_of(task)) for _, point in counted),
        tokens / (100 * gained.mean) if gained.mean > 0 else None,
        {key: fmean(one[key] for one in shown) for key in shown[0] if all(key in one for one in shown)},
        fmean(point.action == "promote" for point in rounds) if rounds else None, _elsewhere(runs),
        tuple(sorted(notes)),
    )  # fmt: skip


def _elsewhere(runs: Sequence[Outcome]) -> dict[str, tuple[float, float]]:
    found = [run.course.elsewhere() for run in runs]
    both = [name for name in found[0] if all(name in one for one in found)]
    return {name: (fmean(one[name][0] for one in found), fmean(one[name][1] for one in found)) for name in both}
