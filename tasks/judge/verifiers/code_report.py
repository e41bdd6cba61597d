"""What came out when a program was run on the tests that are shown, test by test: what an `execution` step says.

The verdict of a code judge stays what it is: it stops at the first failure, and looks at all tests. Here each test has
a sandbox of its own. The time limit is that of the verifier, for all of them together; tests that it leaves no time for
have failed, and so have those after `MOST_TESTS`, which are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from configs.schema.verifiers.code import CodeVerifier
from infra.sandbox.bubblewrap import Limits, SandboxError
from infra.sandbox.bubblewrap_run import run_script, run_tests
from tasks.answer.thinking import after_thinking
from tasks.judge.verifiers.code import limits_of, require_sandbox, same_words
from tasks.judge.verifiers.code_cases import Case, cases_of, shown_problem
from tasks.judge.verifiers.code_extract import find_program
from tasks.judge.verifiers.code_layouts import CodeProblem

VERSION = 1
MOST_TESTS = 30
MOST_SHOWN = 10
"""failures that a report holds"""
TIME_OVER = "the time was over"
MOST_CHARACTERS = 300
"""of each text of a failure"""


@dataclass(frozen=True, slots=True)
class Failure:
    """One test that was not passed; what is not known is None.

    Attributes:
        input, expected: what the program was given, and should have given.
        got: what it gave instead.
        error: how it ended instead.
        line: the test as it is written.
    """

    input: str | None = None
    expected: str | None = None
    got: str | None = None
    error: str | None = None
    line: str | None = None

    @property
    def words(self) -> str:
        """A line for each thing that is known; the test itself where it does not say input and output apart."""
        known = {"Input": self.input, "Expected": self.expected, "Got": self.got, "Error": self.error}
        told = [f"{name}: {text}" for name, text in known.items() if text is not None]
        return "\n".join([*([f"Test: {self.line}"] if self.line and self.input is None else []), *told])


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came out of the tests that are shown."""

    num_passed: int
    num_tests: int
    failures: tuple[Failure, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all tests were passed."""
        return 0 < self.num_passed == self.num_tests and not self.failures

    @property
    def first_failure(self) -> Failure | None:
        return self.failures[0] if self.failures else None

    def message(self, num_failures: int) -> str:
        """What an execution says.

        Args:
            num_failures: failures that are told, at most.
        """
        told = [failure.words for failure in self.failures[:num_failures]]
        return "\n\n".join([f"{self.num_passed} of {self.num_tests} tests passed.", *filter(None, told)])


def build_reporter(config: CodeVerifier, is_public: bool) -> Callable[[Any], RunReport]:
    """The function of one (problem, sample) item; runs in the workers.

    Raises:
        UserError: programs cannot be run here.
    """
    require_sandbox()
    return lambda item: report(item[1].text, item[0].gold or "", config, is_public)


def report(text: str, gold: str, config: CodeVerifier, is_public: bool = False) -> RunReport:
    """Run the program of a text on the tests that are shown.

    Raises:
        SandboxError: the sandbox failed or the tests are at fault.
        ValueError: the gold answer is not a problem of this layout, or has no public tests.
    """
    problem = shown_problem(gold, config.layout, is_public)
    said = after_thinking(text, config.thinking)
    program = None if said is None else find_program(said, config, problem.names)
    cases = cases_of(problem, program or "", config.layout)[:MOST_TESTS]
    if program is None:
        return RunReport(0, len(cases), (Failure(error="no program found"),))
    failures = _failures(problem, program, cases, limits_of(config))
    return RunReport(len(cases) - len(failures), len(cases), tuple(failures[:MOST_SHOWN]))


def _failures(problem: CodeProblem, program: str, cases: Sequence[Case], limits: Limits) -> list[Failure]:
    found: list[Failure] = []
    left = limits.seconds
    for case in cases:
        if left <= 0:
            found.append(_failure(case, error=f"not run: {TIME_OVER}"))
            continue
        start = monotonic()
        failure = _run(problem, program, case, replace(limits, seconds=left))
        left -= monotonic() - start
        found += [failure] if failure else []
    return found


def _run(problem: CodeProblem, program: str, case: Case, limits: Limits) -> Failure | None:
    if case.pair is not None:
        ran = run_script(program, case.pair[0].encode(), limits)
        printed = ran.output.decode("utf-8", "replace")
        if not ran.is_passed:
            return _failure(case, error=_without_time(ran.note))
        return None if same_words(printed, case.pair[1]) else _failure(case, got=printed.strip())
    assert case.tests is not None
    parts = problem.assemble(program)
    ran = run_tests(parts, case.tests, limits)
    if ran.is_passed:
        return None
    error = _without_time(ran.note.rpartition(" in: ")[0] or ran.note)
    if not error.startswith("AssertionError") or case.probe is None:
        return _failure(case, error=error)
    try:
        gave = run_tests(parts, case.probe, limits).note
    except SandboxError:
        return _failure(case, error=error)
    kind, _, value = (gave.rpartition(" in: ")[0] or gave).partition(": ")
    return _failure(case, got=value) if kind == "RuntimeError" else _failure(case, error=error)


def _without_time(note: str) -> str:
    """The time that was left for one test depends on the machine."""
    return TIME_OVER if note.startswith("it took longer than") else note


def _failure(case: Case, got: str | None = None, error: str | None = None) -> Failure:
    return Failure(*(text and text[:MOST_CHARACTERS] for text in (case.input, case.expected, got, error, case.line)))
