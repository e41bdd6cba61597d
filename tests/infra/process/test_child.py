"""A child talks in JSON lines, says how it ended, and never outlives its starter. All with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.process.child import Child, engine_python
from infra.process.group import is_group_alive

pytestmark = pytest.mark.slow

ECHO = """
import os
from infra.process.protocol import Channel
channel = Channel(commands=True)
print("printed by a library")
os.system("echo written by native code")
while (message := channel.receive())["kind"] != "close":
    channel.send({"echo": message})
"""

FAMILY = """
import os, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("{" + f'"pids": [{os.getpid()}, {grandchild.pid}]' + "}", flush=True)
time.sleep(600)
"""

STARTER = f"""
import os, sys, time
from pathlib import Path
from infra.process.child import Child
with Child([sys.executable, "-c", {FAMILY!r}], log_path=Path(sys.argv[1])) as child:
    worker = os.fork() if sys.argv[2] == "fork" else None  # it holds a copy of every descriptor
    if worker == 0:
        os.setsid()
        time.sleep(600)
    print(child.pid, *child.receive()["pids"], worker or "", flush=True)
    time.sleep(600)
"""


def python(source: str, tmp_path: Path, *, stdin: bool = False, env: dict[str, str] | None = None) -> Child:
    return Child([engine_python(), "-c", source], log_path=tmp_path / "logs" / "child.log", stdin=stdin, env=env)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def become_true(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_messages_travel_both_ways_and_prints_go_to_the_log(tmp_path: Path) -> None:
    with python(ECHO, tmp_path, stdin=True) as child:
        child.send({"kind": "say", "text": "zwölf\nlines"})
        assert child.receive(10) == {"echo": {"kind": "say", "text": "zwölf\nlines"}}
        child.send({"kind": "close"})
        assert list(child.messages()) == []
        assert child.wait(10) == 0
        assert child.describe_exit() == "exit status 0"
    log = child.log_path.read_text()
    assert "printed by a library" in log
    assert "written by native code" in log


def test_output_of_a_plain_program_is_logged_except_json_objects(tmp_path: Path) -> None:
    with python("print('one'); print('{\"two\": 2}'); print('{three}'); print('[4]')", tmp_path) as child:
        assert list(child.messages()) == [{"two": 2}]
    assert child.log_path.read_text().split() == ["one", "{three}", "[4]"]


def test_receive_waits_no_longer_than_asked_and_says_when_all_is_over(tmp_path: Path) -> None:
    with python("import time; time.sleep(1); print('{\"late\": 1}')", tmp_path) as child:
        assert child.receive(0.05) is None
        assert child.receive(10) == {"late": 1}
        for _ in range(2):
            with pytest.raises(EOFError, match="exit status 0"):
                child.receive(10)


def test_exit_is_described_with_the_last_lines_of_the_log(tmp_path: Path) -> None:
    with python("print('old'); raise ValueError('the disk is on fire')", tmp_path) as child:
        assert child.wait(10) == 1
        assert child.describe_exit().startswith(f"exit status 1; last lines of {child.log_path}")
        assert "the disk is on fire" in child.describe_exit()
    with python("import os; os.kill(os.getpid(), 9)", tmp_path) as child:
        assert child.wait(10) == -signal.SIGKILL
        assert child.describe_exit().startswith("killed by SIGKILL (out of memory?)")
        assert "fire" not in child.describe_exit(), "the lines of an earlier child in the same log"
    with python("import os; os.abort()", tmp_path) as child:
        assert child.wait(10) == -signal.SIGABRT
        assert "killed by SIGABRT" in child.describe_exit()


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with Child(["no-such-program"], log_path=tmp_path / "log") as child:
        assert child.wait(10) == 127
        assert "cannot start no-such-program" in child.describe_exit()


def test_environment_and_project_reach_the_child(tmp_path: Path) -> None:
    source = "import os, configs.errors, infra.process.guard; print('{\"x\": \"' + os.environ['X'] + '\"}')"
    with python(source, tmp_path, env={"X": "y", "PYTHONPATH": "/nowhere"}) as child:
        assert child.receive(10) == {"x": "y"}


def test_kill_ends_the_whole_family_and_may_be_repeated(tmp_path: Path) -> None:
    with python(FAMILY, tmp_path) as child:
        message = child.receive(10)
        assert message is not None
        assert child.poll() is None
        child.kill()
        child.kill()
        assert not any(map(lives, message["pids"]))
        assert child.describe_exit() == "ended on request"


def test_kill_does_not_wait_for_what_has_left_the_group(tmp_path: Path) -> None:
    """A program that leads a session of its own keeps the output open; nobody waits for its end."""
    source = (
        "import subprocess, time\n"
        "other = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print('{' + f'\"pid\": {other.pid}' + '}', flush=True)\n"
        "time.sleep(600)"
    )
    child = python(source, tmp_path)
    message = child.receive()
    assert message is not None
    started = time.monotonic()
    child.kill()
    assert time.monotonic() - started < 30
    assert lives(message["pid"])
    os.kill(message["pid"], signal.SIGKILL)


def test_what_a_finished_command_leaves_behind_is_killed(tmp_path: Path) -> None:
    source = FAMILY.replace("time.sleep(600)\n", "sys.exit(5)\n")
    with python(source, tmp_path) as child:
        message = child.receive(10)
        assert message is not None
        assert child.wait(10) == 5
        assert not any(map(lives, message["pids"]))


def test_sending_to_a_child_that_has_ended_is_an_error(tmp_path: Path) -> None:
    with python("pass", tmp_path, stdin=True) as child:
        child.wait(10)
        with pytest.raises(BrokenPipeError):
            child.send({"kind": "say"})


@pytest.mark.parametrize(
    ("victims", "forks"),
    [
        (["starter"], "plain"),
        (["starter"], "fork"),
        (["guard"], "plain"),
        (["starter", "guard"], "plain"),
        (["command"], "plain"),
    ],
)
def test_nothing_survives_a_kill_of_any_part_of_the_tree(victims: list[str], forks: str, tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "log"), forks],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        text=True,
        start_new_session=True,
    )
    assert starter.stdout is not None
    guard, command, grandchild, *workers = map(int, starter.stdout.readline().split())
    pids = {"starter": starter.pid, "guard": guard, "command": command, "grandchild": grandchild}
    try:
        assert all(map(lives, pids.values()))
        for number in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none can react to another's end
            for victim in victims:
                os.kill(pids[victim], number)
        assert become_true(lambda: not any(map(lives, [guard, command, grandchild])))
        assert become_true(lambda: not is_group_alive(guard))
    finally:
        for process in [*pids.values(), *workers]:
            if lives(process):
                os.kill(process, signal.SIGKILL)
        starter.wait()
        starter.stdout.close()


def test_a_protocol_program_ends_its_group_when_its_standard_input_closes(tmp_path: Path) -> None:
    source = """
import subprocess, sys, time
from infra.process.protocol import Channel
channel = Channel(commands=True)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
channel.send({"pid": grandchild.pid})
time.sleep(600)
"""
    with python(source, tmp_path, stdin=True) as child:
        message = child.receive(10)
        assert message is not None and child._stdin is not None
        child._stdin.close()
        assert child.wait(10) == -signal.SIGKILL
        assert not lives(message["pid"])
