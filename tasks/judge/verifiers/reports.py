"""Reports of runs, kept as answers of models are: a kill costs the shard in flight, and after it a writer is shown the
same. A sandbox that failed gives a report that says so, and is asked again by the next run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import ClassVar

from configs.schema.judges.kinds import Judge
from configs.schema.marks import identity
from configs.schema.verifiers.code import CodeVerifier
from infra.sandbox.bubblewrap import START_SECONDS
from infra.sandbox.job import Job, OpenPool
from infra.sandbox.killable import Outcome
from tasks.core.answers import Answers
from tasks.core.records import Label, Verdict
from tasks.core.step import digest
from tasks.judge.verifiers import code_report
from tasks.judge.verifiers.code_report import MOST_TESTS, Failure, RunReport
from tasks.judge.verifiers.pool import WORKER_MEMORY_BYTES
from tasks.judge.verifiers.registry import Item, verifier_versions

_ONE = range(1)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as a row."""

    VERSION: ClassVar[int] = 1
    question: str
    report: str
    draw: int = 0


def run_reports(judge: Judge, is_public: bool, items: Sequence[Item], answers: Answers) -> list[RunReport]:
    """One report an item, in their order.

    Args:
        judge: with a verifier of kind `code`.

    Raises:
        UserError: programs cannot be run here.
        StoreError: the lease was lost, or the store failed.
    """
    rule = judge.rule
    assert rule is not None and rule.kind == "code", "other verifiers have no tests"
    who = {"verifier": identity(rule, answers.contents), "versions": verifier_versions(rule), "public": is_public}
    folder = answers.folder({"version": code_report.VERSION, "who": who, "service": "report"}, ReportRow)
    keys = [digest([problem.gold, sample.text])[:32] for problem, sample in items]
    new = {key: item for key, item in zip(keys, items, strict=True) if folder.missing(key, _ONE)}
    failed: dict[str, RunReport] = {}
    ran = _run(rule, is_public, new, answers.workers)
    while part := list(islice(ran, answers.shard_size)):
        failed |= {key: RunReport(0, 0, (Failure(error=one.failure),)) for key, one in part if one.failure is not None}
        if rows := [ReportRow(key, json.dumps(asdict(one.value))) for key, one in part if one.failure is None]:
            folder.publish(rows)
    return [failed.get(key) or _read(folder.rows(key, _ONE)[0]) for key in keys]


def verdict_as_report(verdict: Verdict) -> RunReport:
    """What a judge of another kind found, as one test."""
    if verdict.label == Label.CORRECT:
        return RunReport(1, 1)
    return RunReport(0, 1, (Failure(error=verdict.note or verdict.label),))


def _run(
    rule: CodeVerifier, is_public: bool, new: dict[str, Item], open_pool: OpenPool
) -> Iterator[tuple[str, Outcome]]:
    """Keys with what became of their items; workers are started where something is new."""
    if not new:
        return
    seconds = rule.limit_seconds + 2 * MOST_TESTS + 2 * START_SECONDS
    target = "tasks.judge.verifiers.code_report:build_reporter"
    with open_pool(Job("reports of runs", target, seconds, (rule, is_public), WORKER_MEMORY_BYTES)) as pool:
        yield from zip(new, pool.map(new.values()), strict=True)


def _read(row: ReportRow) -> RunReport:
    content = json.loads(row.report)
    return RunReport(**{**content, "failures": tuple(Failure(**one) for one in content["failures"])})
