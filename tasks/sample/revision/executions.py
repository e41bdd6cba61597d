"""Executions: what a judge that ran an attempt says of it to later writers. Pure.

A code judge is asked for a report, test by test; of any other judge it is known what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from configs.errors import ProblemsError
from configs.schema.judges.kinds import Judge
from tasks.core.records import Problem, Sample, Verdict
from tasks.judge.verifiers.code_cases import shown_problem
from tasks.judge.verifiers.code_report import MOST_SHOWN, RunReport
from tasks.judge.verifiers.reports import verdict_as_report
from tasks.sample.episode import Runs
from tasks.sample.revision.asking import LoadedStep
from tasks.sample.revision.chain import Chain
from tasks.sample.revision.conditions import OpinionOf
from tasks.sample.revision.revising import Revising


def judge_of(step: LoadedStep, judges: Sequence[Judge]) -> Judge | None:
    """The judge that a step speaks for; None where it speaks for none."""
    return next((judge for judge in judges if judge.name == step.config.judge), None)


def is_run(step: LoadedStep, judges: Sequence[Judge]) -> bool:
    """Whether a step's text tells what came out of tests, one by one."""
    judge = judge_of(step, judges)
    return judge is not None and judge.rule is not None and judge.rule.kind == "code"


def runs_of(episode: Revising, step: LoadedStep, judges: Sequence[Judge]) -> Runs:
    """What is asked about the last attempts of the chains that the step is written after."""
    judge = judge_of(step, judges)
    assert judge is not None, "a step that is run speaks for a judge"
    attempts = tuple(chain.attempts[-1] for chain in episode.asking)
    return Runs(judge, episode.problem, attempts, step.config.tests == "public")


def report_of(
    attempt: Sample, episode: Revising, steps: Iterable[LoadedStep], judges: Sequence[Judge], opinion: OpinionOf
) -> RunReport | None:
    """What came out when an attempt was run; None where it was not."""
    step = next((step for step in steps if step.config.judge is not None), None)
    if step is None or attempt.id not in episode.opinions:
        return None
    if is_run(step, judges):
        return episode.reports.get(attempt.id)
    return verdict_as_report(opinion(attempt, step.config.judge))


def message_of(step: LoadedStep, chain: Chain, run: RunReport | None, verdict: Verdict, is_told: bool) -> str:
    """The text of an execution.

    Args:
        is_told: whether it tells tests, rather than what the judge noted.
    """
    if run is None or not is_told:
        return verdict.note or verdict.label
    return run.message(MOST_SHOWN if step.config.tests in ("all", "public") else 1)


def tells_graded_tests(steps: Iterable[LoadedStep], judges: Sequence[Judge]) -> bool:
    """Whether a text between attempts tells what came out of the tests that grade them."""
    told = (judge_of(step, judges) for step in steps if step.config.tests != "public")
    return any(judge is not None and judge.reads_gold for judge in told)


def require_public_tests(problem: Problem, steps: Iterable[LoadedStep], judges: Sequence[Judge]) -> None:
    """Nothing, where the problem has the public tests that a step shows, or none shows any.

    Raises:
        ProblemsError: it has none, or they cannot be read.
    """
    for step in steps:
        judge = judge_of(step, judges) if step.config.tests == "public" else None
        if judge is None or judge.rule is None or judge.rule.kind != "code":
            continue
        try:
            shown_problem(problem.gold or "", judge.rule.layout, is_public=True)
        except ValueError as error:
            raise ProblemsError(
                f"problem {problem.id} cannot show public tests: {error}",
                'write them into its gold answer, as in {"test_list": [...], "public": {"test_list": [...]}}; or '
                "tests: first_failing, which shows those that grade",
            ) from None
