"""Services end with all they started, and nobody else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from infra.deploy.processes import Notes, Running, identity_of, members, start, stop

pytestmark = pytest.mark.slow

# A service that starts a child in a session of its own, as engines and Postgres' backends are, then says so.
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
open("child", "w").write(str(child.pid))
time.sleep(600)
"""
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("child", "w").write("0")
time.sleep(600)
"""


def begin(folder: Path, program: str, order: int = 0) -> Running:
    command = [sys.executable, "-c", program]
    running = start("one", command, os.environ, folder=folder, log_path=folder / "log", order=order)
    wait_for(lambda: (folder / "child").is_file() and (folder / "child").read_text() != "")
    return running


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_stop_ends_children_in_other_sessions_too(tmp_path: Path) -> None:
    running = begin(tmp_path, FAMILY)
    child = int((tmp_path / "child").read_text())
    assert running.is_alive()
    assert set(members(running)) == {running.pid, child}
    stop(running, seconds=1)
    assert not running.is_alive()
    assert identity_of(child) is None
    assert members(running) == {}


def test_what_a_killed_service_leaves_is_found(tmp_path: Path) -> None:
    running = begin(tmp_path, FAMILY)
    child = int((tmp_path / "child").read_text())
    os.kill(running.pid, signal.SIGKILL)
    wait_for(lambda: not running.is_alive())
    assert identity_of(child) is not None
    started = time.monotonic()
    stop(running)
    assert identity_of(child) is None
    assert time.monotonic() - started < 5, "nobody is there to be waited for"


def test_service_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    running = begin(tmp_path, DEAF)
    stop(running, seconds=0.5)
    assert members(running) == {}


def test_a_process_that_took_over_the_id_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        own = identity_of(stranger.pid)
        assert own is not None
        old = Running("one", stranger.pid, own + "1", str(tmp_path), 0, time.time())
        assert not old.is_alive()
        stop(old)
        assert stranger.poll() is None
        assert replace(old, identity=own).is_alive()
    finally:
        stranger.kill()
        stranger.wait()


def test_notes_are_read_back(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "running")
    assert notes.read() == {}
    running = Running("s3", 7, "boot:1", "/somewhere", 1, 12.5, "digest", "SIGINT")
    notes.write(running)
    assert notes.read() == {"s3": running}
    notes.remove("s3")
    assert notes.read() == {}
