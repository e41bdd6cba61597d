"""Real servers for tests, each a process of its own on a free port, killed with all it started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(
    command: Sequence[str], page: str, log: Path, *, cwd: Path, seconds: float, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in its own process group for as long as the context lasts.

    Args:
        page: address that answers once the server serves.
        log: file for what it prints.
        seconds: how long it may take to serve.

    Raises:
        RuntimeError: it does not serve in time, or ended; with the end of its log.
    """
    with log.open("ab") as file:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=file, stderr=file, start_new_session=True)
    try:
        _wait_for(page, process, log, seconds)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(page: str, process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(page, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{page} does not answer:\n{log.read_text(errors='replace')[-2000:]}")
