"""Program: runs inside a sandbox. It gives up its rights, then runs one program, or the tests of one.

Started by `bubblewrap.py`; the setup is a dict written by `bubblewrap_plain.encode`. Three roles:

    script   run the program as a script; standard input and output are files
    serve    load the program and answer calls to its functions
    check    run the tests of one program after the other, each in a fork of this process; their calls go to another
             sandbox with the role `serve`

It writes one byte to `ready` before it runs anything that is not its own, so that a sandbox that could not start is
never taken for a program that failed. Few imports: they are paid for once a program.
"""

from __future__ import annotations

import builtins
import os
import resource
import sys

from infra.sandbox.bubblewrap_calls import Caller, ProgramEndedError, Remote, serve
from infra.sandbox.bubblewrap_plain import decode, encode

TYPE_CHECKING = False  # typing would be paid for once a program
if TYPE_CHECKING:
    from typing import IO, Any, NoReturn

PROGRAM_NAME = "program"
MAX_OPEN_FILES = 64
_NOTE_LENGTH = 300
_TEST_MODULES = ("bisect", "collections", "copy", "hashlib", "heapq", "itertools", "math", "random", "re", "typing")
"""what tests and prompts often import: imported once for all"""


def main(file: IO[bytes]) -> None:
    """Read the setup, confine this process for good, and do what the role asks."""
    with file:
        setup = decode(file.read())
    os.setsid()  # away from the caller's terminal; the sandbox's first process stays in the caller's process group
    vars(builtins).update(exit=sys.exit, quit=sys.exit)  # as the module site would do
    sys.argv[:] = [f"{PROGRAM_NAME}.py"]
    if setup["uid"] is not None:
        os.setgroups([])
        os.setresgid(setup["gid"], setup["gid"], setup["gid"])
        os.setresuid(setup["uid"], setup["uid"], setup["uid"])
    _set_limits(setup["limits"])
    os.write(setup["ready"], b"R")
    os.close(setup["ready"])
    _ROLES[setup["role"]](setup)


def _set_limits(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _run_script(setup: dict[str, Any]) -> None:
    _load(setup["parts"], "__main__")


def _serve(setup: dict[str, Any]) -> None:
    serve(setup["requests"], setup["replies"], lambda: _load(setup["parts"], PROGRAM_NAME))
    os._exit(0)  # threads that the program left are not waited for


def _load(parts: list[str], name: str) -> dict[str, Any]:
    """Run pieces of source one after the other as one module, which its dataclasses can find."""
    module = type(sys)(name)
    sys.modules[name] = module
    for number, part in enumerate(parts):
        exec(compile(part, f"<{PROGRAM_NAME}>" if number == len(parts) - 1 else "<prompt>", "exec"), vars(module))
    return vars(module)


def _check_all(setup: dict[str, Any]) -> None:
    """Take tests with their pipes from the control socket, until the caller is gone."""
    import socket

    for name in _TEST_MODULES:
        __import__(name)
    control = socket.socket(fileno=setup["control"])
    while (received := socket.recv_fds(control, 1, 4))[0]:
        pid = os.fork()
        if pid == 0:
            control.close()
            _check(*received[1])
        for descriptor in received[1]:
            os.close(descriptor)
        os.waitpid(pid, 0)


def _check(task: int, requests: int, replies: int, verdict: int) -> NoReturn:
    """Run tests and write the verdict: is_passed, a note, and whether the tests themselves are at fault."""
    with open(task, "rb") as file:
        setup = decode(file.read())
    caller = Caller(requests, replies, setup["keeps_objects"])
    module = type(sys)("tests")
    sys.modules["tests"] = module
    names = vars(module)
    is_passed, note, is_own_fault = False, "", True
    try:
        exec(compile(setup["context"], "<context>", "exec"), names)
        names.update({name: Remote(caller, name) for name in setup["remote"]}, **setup["data"])
        exec(compile(setup["definitions"], "<definitions>", "exec"), names)
        code = compile(setup["tests"], "<tests>", "exec")
        is_own_fault = False
        exec(code, names)
        is_passed = not caller.is_ended
    except ProgramEndedError:
        pass
    except BaseException as error:
        note = _describe(error, setup)
    if caller.is_ended:
        note = "the program ended before its tests did"
    elif caller.complaint is not None:
        is_passed, note, is_own_fault = False, caller.complaint, True
    os.write(verdict, encode((is_passed, note, is_own_fault)))
    os._exit(0)


def _describe(error: BaseException, setup: dict[str, Any]) -> str:
    """The error, and the last line of the tests that it passed through."""
    line, trace = "", error.__traceback__
    while trace is not None:
        source = {"<tests>": "tests", "<definitions>": "definitions"}.get(trace.tb_frame.f_code.co_filename)
        if source is not None:
            line = setup[source].split("\n")[trace.tb_lineno - 1].strip()
        trace = trace.tb_next
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"{text[:_NOTE_LENGTH]} in: {line[:_NOTE_LENGTH]}" if line else text[:_NOTE_LENGTH]


_ROLES = {"script": _run_script, "serve": _serve, "check": _check_all}
