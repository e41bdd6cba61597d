"""The command `selfloop` in a process of its own, forked from one that has imported what commands import: most runs of
tests take less time than their imports."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

VARIABLES = {"OMP_NUM_THREADS": "2"}
"""of all commands of tests; libraries read them when they are imported"""
KILL_SECONDS = 10.0

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.flows.preload"])


def run_command(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` would run it, with what it prints captured as text."""
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder) / name for name in ("out", "err")]
        for path in printed:
            path.touch()
        process = _forks.Process(target=_be_the_command, args=(arguments, cwd, dict(environment), printed))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.terminate()
            process.join(KILL_SECONDS)
            process.kill()
            raise subprocess.TimeoutExpired(["selfloop", *arguments], timeout, *map(Path.read_bytes, printed))
        return subprocess.CompletedProcess(["selfloop", *arguments], process.exitcode, *map(Path.read_text, printed))


def _be_the_command(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], printed: Sequence[Path]
) -> None:
    """In the fork: what Python does from the start to the end of the program."""
    for stream, path in zip((1, 2), printed, strict=True):
        with path.open("w") as file:
            os.dup2(file.fileno(), stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["selfloop", *arguments]
    status = 1
    try:
        from flows.cli import main

        main()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
    _end(status)


def _end(status: int) -> None:
    """Never returns: multiprocessing would leave out what a program does at its end."""
    from infra.process import forking
    from tests.flows.preload import SHARED

    threading._shutdown()  # type: ignore[attr-defined]
    for key in SHARED:
        forking._servers.pop(key, None)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(status)
