"""Run one program in a sandbox: as a script, or under tests that run in a second sandbox. Called by verifier `code`.

Under tests two sandboxes stand side by side, joined by two pipes. The program answers calls in one; in the other the
tests make the calls, compare plain values, and write the verdict to a pipe that the program's sandbox does not have. So
nothing that the program does to its own interpreter can reach the comparison.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from time import monotonic

from configs.errors import UserError
from infra.sandbox.bubblewrap import Guest, Limits, SandboxError
from infra.sandbox.bubblewrap_checker import Checker, UnitTests
from infra.sandbox.bubblewrap_plain import decode

_PROBE_LIMITS = Limits(seconds=20, memory_bytes=2**28, max_processes=4, max_file_bytes=2**20)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a program.

    Attributes:
        is_passed: it kept the limits and passed its tests; as a script: it ended with exit status 0.
        note: why not.
        output: standard output of a script.
        seconds: wall clock of a script, the start of its sandbox not counted.
    """

    is_passed: bool
    note: str = ""
    output: bytes = b""
    seconds: float = field(default=0.0, compare=False)


def run_script(source: str, stdin: bytes, limits: Limits) -> Result:
    """Run a program with this standard input. SandboxError if the sandbox fails."""
    with Guest("script", {"parts": [source]}, limits, stdin=stdin, keeps_output=True) as guest:
        deadline = guest.wait_started()
        status = guest.wait(deadline)
        seconds = monotonic() - deadline + limits.seconds
        if status is None:
            return Result(False, _too_slow(limits), seconds=seconds)
        note = "" if status == 0 else f"exit status {status}: {(guest.read_errors().splitlines() or [''])[-1]}"
        return Result(status == 0, note, guest.read_output(), seconds)


def run_tests(parts: list[str], tests: UnitTests, limits: Limits) -> Result:
    """Run a program, given as pieces of source of one module, under tests. One at a time in one process.

    Raises:
        SandboxError: a sandbox fails, or the tests are at fault: nothing is known about the program.
    """
    checker = Checker.of_this_process()
    requests_out, requests_in = os.pipe()
    replies_out, replies_in = os.pipe()
    ends = [requests_out, requests_in, replies_out, replies_in]
    try:
        setup = {"parts": parts, "requests": requests_out, "replies": replies_in}
        with Guest("serve", setup, limits, 0, (requests_out, replies_in)) as program:
            deadline = program.wait_started()
            verdict = checker.start(tests, requests_in, replies_out)
            while ends:
                os.close(ends.pop())  # so that each side sees the other go
            content = checker.wait(verdict, deadline)
    finally:
        for descriptor in ends:
            os.close(descriptor)
    if content is None:
        return Result(False, _too_slow(limits))
    is_passed, note, is_tests_fault = decode(content)
    if is_tests_fault:
        raise SandboxError(f"the tests are at fault: {note}")
    return Result(is_passed, note)


def probe_sandbox() -> str | None:
    """Why generated code cannot be run on this machine, in words; None if it can. Takes about 0.1 s."""
    try:
        result = run_script("print(6 * 7)", b"", _PROBE_LIMITS)
    except (UserError, SandboxError, OSError) as error:
        return str(error)
    return None if result.output == b"42\n" else f"a program to print 42 in a sandbox failed: {result.note}"


def _too_slow(limits: Limits) -> str:
    return f"it took longer than {limits.seconds:g} s"
