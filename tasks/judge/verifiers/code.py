"""Verifier `code`: the program in the sample passes the problem's unit tests, in a sandbox.

The program runs in one sandbox and the tests in another (`infra/sandbox/bubblewrap_run.py`). Only plain data goes
between them, so the tests compare values that are really numbers, texts, lists, tuples, sets and dicts, and the program
never meets an expected value. Where this differs from running program and tests in one interpreter, as the data sets'
own harnesses do:

1. Arguments are copies. A program is judged by what it returns, not by what it does to its arguments.
2. Helper functions that the tests use come from the problem, never from the program.
3. A result of a class that is not one of Python's plain ones is wrong. Subclasses of these arrive as the plain class,
   iterators as iterators. Only for MBPP problems with `test_setup_code`, which may build objects of the program's
   classes, and for APPS methods do objects stay with the program and lend the tests their attributes and methods.
4. APPS: printed lines are compared word by word, results exactly; numbers are not rounded.

Not defended against: a program that knows the data set's tests by heart; tests too weak to tell right from wrong, or
that ask one of the program's functions, or under 3. one of its objects, whether another is right; and holes of the
kernel. Memory is limited for each process, so all together may take `max_processes` times as much. Packages other than
the standard library cannot be imported.
"""

from __future__ import annotations

from dataclasses import replace

from configs.schema.verifiers.code import CodeVerifier
from infra.sandbox import scripts
from infra.sandbox.bubblewrap import Limits
from infra.sandbox.bubblewrap_run import Result, run_script, run_tests
from tasks.answer.thinking import after_thinking
from tasks.judge.verifiers.code_extract import find_program
from tasks.judge.verifiers.code_layouts import read_problem
from tasks.judge.verifiers.finding import Finding, explain_missing

VERSION = 3


def require_sandbox() -> None:
    """UserError with the reason if programs cannot be run here."""
    scripts.require_sandbox("the verifier 'code'")


def verify(text: str, gold: str | None, config: CodeVerifier) -> Finding:
    """Run the sample's program. A program past a limit is wrong.

    Raises:
        SandboxError: the sandbox failed or the tests are at fault: no verdict.
        ValueError: the gold answer is not a problem of this layout.
    """
    problem, program = read_problem(gold or "", config.layout), program_of(text, gold, config)
    if program is None:
        return Finding(note="no program found")
    limits = limits_of(config)
    tests = problem.tests_for(program)
    if tests is not None:
        result = run_tests(problem.assemble(program), tests, limits)
    else:
        result = _run_pairs(program, problem.pairs, limits)
    return Finding(program, result.is_passed, note=result.note or None)


def program_of(text: str, gold: str | None, config: CodeVerifier) -> str | None:
    """The program in a text; None where there is none. ValueError: the gold answer is not a problem of this layout."""
    said = after_thinking(text, config.thinking)
    return None if said is None else find_program(said, config, read_problem(gold or "", config.layout).names)


def explain_gold(gold: str | None, config: CodeVerifier) -> str | None:
    """Why gold holds no tests of this layout; None if it does."""
    if explain_missing(gold) is not None:
        return explain_missing(gold)
    try:
        read_problem(gold or "", config.layout)
    except ValueError as error:
        return f"has a gold answer that is no problem in the layout {config.layout}: {error}"
    return None


def _run_pairs(program: str, pairs: tuple[tuple[str, str], ...], limits: Limits) -> Result:
    """Run a script on every input until one fails, each in a sandbox of its own."""
    seconds = limits.seconds
    for number, (given, expected) in enumerate(pairs, start=1):
        result = run_script(program, given.encode(), replace(limits, seconds=seconds))
        seconds = max(0.0, seconds - result.seconds)
        if not result.is_passed:
            return replace(result, note=f"test {number}: {result.note}")
        if not same_words(result.output.decode("utf-8", "replace"), expected):
            return Result(False, f"test {number}: other output than expected")
    return Result(True)


def same_words(text: str, expected: str) -> bool:
    """Whether two outputs are the same line by line and word by word."""
    return _words(text) == _words(expected)


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def limits_of(config: CodeVerifier) -> Limits:
    """What a program may use."""
    return Limits(
        seconds=config.limit_seconds,
        memory_bytes=config.memory_mib * 2**20,
        max_processes=config.max_processes,
        max_file_bytes=config.max_file_mib * 2**20,
    )
