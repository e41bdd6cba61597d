"""The results of a study, read from the store: whatever runs are finished, by whom and when does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from configs.errors import StoreError
from configs.schema.study import Study
from configs.schema.study_runs import StudyRun
from flows.run.experiment import recipe_digest
from infra.store.base import Store
from tasks.core.bench import Workbench
from tasks.core.files import ITEMS
from tasks.core.ledger import Ledger
from tasks.housekeeping.steps import read_step
from tasks.report.entry import ReportEntry, find_entry
from tasks.report.rounds import RoundReport
from tasks.study.course import course_of, has_budget_left
from tasks.study.rows import Outcome

NO_ROUND = "it has no finished round"


def outcome_of(study: Study, run: StudyRun, store: Store, work_dir: Path, note: str = "") -> Outcome:
    """What became of a run.

    Args:
        note: how it ended, where that is to be told.

    Raises:
        StoreError: it has no round yet.
    """
    entries = entries_of(store, run.name, run.max_rounds)
    if not entries:
        raise StoreError(f"{run.name}: {NO_ROUND}", "run the study again")
    course = course_of([entry.report for entry in entries], study.budget_of(run.task), note)
    last = course.counted(study.score).round
    evaluated = next(entry for entry in reversed(entries[: last + 1]) if "evaluate" in entry.report.steps)
    ledger = Ledger(store, work_dir / f"{run.name}-read", {})
    try:
        before, right = (_right(entry, store, ledger) for entry in (entries[0], evaluated))
    finally:
        ledger.clear_cache()
    return Outcome(run.task, run.method, run.seed, course, right, before)


def _right(entry: ReportEntry, store: Store, ledger: Ledger) -> dict[str, bool]:
    """Problems of the report set, and whether the round's model solves them."""
    step = read_step(store, entry.report.steps["evaluate"]).step
    return {item.problem_id: item.is_correct for item in ITEMS.read(ledger, step) if item.suite == "report"}


def is_done(study: Study, run: StudyRun, store: Store, work_dir: Path, base_dir: Path) -> bool:
    """Whether a run has nothing left to do: it ended by itself, or no further round fits."""
    entries = entries_of(store, run.name, run.max_rounds)
    if not entries or (entries[-1].state.stop_reason is None and may_go_on(study, run, [e.report for e in entries])):
        return False
    with Workbench(run.recipe, Ledger(store, work_dir / f"{run.name}-read", {}), base_dir) as bench:
        return entries[0].recipe == recipe_digest(bench)


def may_go_on(study: Study, run: StudyRun, reports: Sequence[RoundReport]) -> bool:
    """Whether a run begins another round."""
    return len(reports) <= run.max_rounds and has_budget_left(reports, study.budget_of(run.task))


def entries_of(store: Store, experiment: str, most: int) -> list[ReportEntry]:
    """Finished rounds of one recipe, from round 0, `most` beside it."""
    entries: list[ReportEntry] = []
    while len(entries) <= most and (entry := find_entry(store, experiment, len(entries))):
        if entries and entry.recipe != entries[0].recipe:
            break
        entries.append(entry)
    return entries
