"""Verifier `code` with a score by tests: how many of a problem's tests a program passes, one by one.

CoCoS (arXiv 2505.23060) rewards the number of passed tests, and what a revision adds to it. Right is what passes all
tests, as without a score; those after `MOST_TESTS` are run together, and count for right and wrong alone.
"""

from __future__ import annotations

from time import monotonic

from configs.schema.verifiers.code import CodeVerifier
from tasks.judge.verifiers import code
from tasks.judge.verifiers.code_report import MOST_TESTS, RunReport, report
from tasks.judge.verifiers.finding import Finding

VERSION = 1


def verify(text: str, gold: str | None, config: CodeVerifier) -> Finding:
    """Run the sample's program on each test. Errors as of `code.verify`."""
    start = monotonic()
    program = code.program_of(text, gold, config)
    if program is None:
        return Finding(note="no program found")
    found = report(text, gold or "", config)
    if not found.passed or found.num_tests < MOST_TESTS:
        failure = found.first_failure
        return Finding(program, found.passed, score_of(found, config), failure.words if failure else None)
    left = config.limit_seconds - (monotonic() - start)
    if left <= 0:
        return Finding(program, False, score_of(found, config), "the time was over")
    whole = code.verify(text, gold, config.model_copy(update={"limit_seconds": left}))
    return Finding(program, whole.is_correct, score_of(found, config), whole.note)


def score_of(found: RunReport, config: CodeVerifier) -> float:
    """The number of passed tests, or their share."""
    return float(found.num_passed) if config.score == "count" else found.num_passed / max(found.num_tests, 1)
