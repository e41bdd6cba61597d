"""Programs that are forks of a server: they behave as new programs do, and end with whoever asked for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.process.child import Child
from infra.process.forking import ForkServer
from tests.infra.process.test_child import lives

PROGRAM = """
import json, os, sys, time
print(json.dumps({"argv": sys.argv[1:], "name": __name__, "cwd": os.getcwd(), "greeting": os.environ.get("GREETING"),
                  "is_imported": "fractions" in sys.modules, "pid": os.getpid(), "group": os.getpgrp()}), flush=True)
print("to the log", file=sys.stderr)
if sys.argv[1] == "stay":
    time.sleep(600)
if sys.argv[1] == "echo":
    for line in sys.stdin:
        print(line, end="", flush=True)
if sys.argv[1] == "raise":
    raise ValueError("broken on purpose")
sys.exit(int(sys.argv[2]))
"""
STARTER = """
import sys
from pathlib import Path
from infra.process.child import Child
from infra.process.forking import fork_server
server = fork_server(sys.executable, ["fractions"], {})
child = Child(["program", "stay", "0"], log_path=Path("log"), start=server.start)
print(server._child.pid, child.receive(20)["pid"], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServer]:
    """A server whose programs find `program.py`."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    server = ForkServer(sys.executable, ["fractions", "no_such_module"], {})
    yield server
    server.close()


def program(server: ForkServer, tmp_path: Path, *arguments: str, stdin: bool = False, **env: str) -> Child:
    return Child(["program", *arguments], log_path=tmp_path / "log", env=env, stdin=stdin, start=server.start)


def test_a_fork_is_a_program_with_its_own_arguments_environment_and_folder(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with program(server, tmp_path, "end", "0", GREETING="hello") as child:
        message = child.receive(20)
        assert child.wait(20) == 0
    assert message is not None
    assert message.pop("pid") != child.pid == message.pop("group")
    expected = {"argv": ["end", "0"], "name": "__main__", "cwd": str(tmp_path), "greeting": "hello"}
    assert message == {**expected, "is_imported": True}
    assert (tmp_path / "log").read_text() == "to the log\n"
    assert "GREETING" not in os.environ


@pytest.mark.parametrize(("how", "status"), [("end", 3), ("raise", 1)])
def test_the_exit_status_arrives(server: ForkServer, tmp_path: Path, how: str, status: int) -> None:
    with program(server, tmp_path, how, "3") as child:
        assert child.wait(20) == status
        assert f"exit status {status}" in child.describe_exit()
    assert ("broken on purpose" in (tmp_path / "log").read_text()) == (how == "raise")


def test_messages_go_both_ways(server: ForkServer, tmp_path: Path) -> None:
    with program(server, tmp_path, "echo", "0", stdin=True) as child:
        child.receive(20)
        for number in range(3):
            child.send({"number": number})
            assert child.receive(20) == {"number": number}


@pytest.mark.parametrize("victim", ["program", "guard"])
def test_a_killed_fork_is_seen_and_nothing_of_it_lives(server: ForkServer, tmp_path: Path, victim: str) -> None:
    with program(server, tmp_path, "stay", "0") as child:
        message = child.receive(20)
        assert message is not None
        os.kill(message["pid"] if victim == "program" else child.pid, signal.SIGKILL)
        assert child.wait(20) == -signal.SIGKILL
        assert "killed by SIGKILL" in child.describe_exit()
        assert not lives(message["pid"])
    with program(server, tmp_path, "end", "0") as another:
        assert another.wait(20) == 0


def test_programs_end_with_their_server(server: ForkServer, tmp_path: Path) -> None:
    with program(server, tmp_path, "stay", "0") as child:
        message = child.receive(20)
        server.close()
        assert child.wait(20) == -signal.SIGKILL
        assert message is not None and not lives(message["pid"])
        assert not server.is_alive()


def test_a_server_that_cannot_start_is_described(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho this interpreter is broken >&2\nexit 7\n")
    broken.chmod(0o755)
    server = ForkServer(str(broken), [], {})
    with pytest.raises(EOFError, match=r"exit status 7; its last lines:\s+this interpreter is broken"):
        program(server, tmp_path, "end", "0")
    assert not server.is_alive()
    with pytest.raises(EOFError, match="exit status 7"):  # asked when it is long dead
        program(server, tmp_path, "end", "0")
    server.close()


@pytest.mark.parametrize("ending", [signal.SIGKILL, None])
def test_server_and_forks_end_with_the_process_that_asked(tmp_path: Path, ending: signal.Signals | None) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    root = str(Path(__file__).parents[3])
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])}
    command = [sys.executable, "-c", STARTER]
    with subprocess.Popen(
        command, cwd=tmp_path, env=variables, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdin is not None and starter.stdout is not None
        pids = json.loads(f"[{starter.stdout.readline().replace(' ', ',')}]")
        assert all(map(lives, pids))
        if ending:
            starter.send_signal(ending)
        starter.stdin.close()
        starter.wait(20)
    deadline = time.monotonic() + 10
    while any(map(lives, pids)):
        assert time.monotonic() < deadline, pids
        time.sleep(0.05)
