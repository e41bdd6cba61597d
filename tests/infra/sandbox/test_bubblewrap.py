"""Sandboxes: what they allow, and that nothing of them is left."""

from __future__ import annotations

import gc
import os
import platform
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from configs.errors import UserError
from infra.sandbox import bubblewrap, bubblewrap_command
from infra.sandbox.bubblewrap import Guest, Limits, SandboxError
from infra.sandbox.bubblewrap_checker import Checker, UnitTests
from infra.sandbox.bubblewrap_command import choose_identity, find_bubblewrap
from infra.sandbox.bubblewrap_filter import make_filter
from infra.sandbox.bubblewrap_run import Result, probe_sandbox, run_script, run_tests
from infra.sandbox.killable import KillablePool
from tests.infra.sandbox.sandboxes import needs_sandbox, replace_bwrap, sandboxed_processes

pytestmark = pytest.mark.usefixtures("sandboxes_alone")

ROOT = Path(__file__).parents[3]
LIMITS = Limits(seconds=10, memory_bytes=2**28, max_processes=4, max_file_bytes=2**20)
ADD = UnitTests(context="", remote=("add",), definitions="", tests="assert add(1, 2) == 3")
RUNNER = "tests.infra.sandbox.programs:make_runner"
RIGHT = ["def add(a, b): return a + b"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_a_sound_program(machine: str) -> None:
    """The kernel's own rules: jumps land inside, and the last instruction returns."""
    content = make_filter(machine) or b""
    program = list(struct.iter_unpack("<HBBI", content))
    assert 40 < len(program) <= 4096 and program[-1] == (6, 0, 0, 0x7FFF0000)
    for place, (code, if_true, if_false, _) in enumerate(program):
        assert code & 7 != 5 or place + 1 + max(if_true, if_false) < len(program)


def test_a_machine_whose_numbers_are_unknown_has_no_filter() -> None:
    assert make_filter("riscv64") is None


def test_bubblewrap_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="bwrap is not installed"):
        find_bubblewrap()
    assert "bwrap is not installed" in (probe_sandbox() or "")


@pytest.mark.slow
def test_the_reason_why_bubblewrap_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    complaint = "bwrap: No permissions to create new namespace"
    replace_bwrap(monkeypatch, tmp_path, f"echo '{complaint}' >&2\nexit 1")
    assert probe_sandbox() == f"the sandbox did not start: {complaint}"


def test_root_gives_every_sandbox_an_identity_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    first, second = choose_identity(0), choose_identity(1)
    assert first.uid and second.uid and first.uid != second.uid and min(first.uid, second.uid) > 60000
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert choose_identity(0).uid is None


def test_ids_stay_inside_a_small_user_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path: "0 1000 1\n1 100000 65536\n")
    assert {bubblewrap_command._spare_id("uid", number) in range(32769, 65537) for number in (0, 7, 10**6)} == {True}


@needs_sandbox
def test_a_script_gets_its_input_and_gives_its_output() -> None:
    result = run_script("import sys; print(sys.stdin.read()[::-1], sys.argv)", "äb".encode(), LIMITS)
    assert result == Result(True, "", "bä ['program.py']\n".encode())
    assert run_script("raise KeyError(1)", b"", LIMITS) == Result(False, "exit status 1: KeyError: 1", b"")
    assert run_script("import os; os.kill(os.getpid(), 11)", b"", LIMITS).note.startswith("exit status 139")


@needs_sandbox
def test_it_sees_its_library_and_nothing_else() -> None:
    source = """
import os, sys
print(sorted(os.listdir("/")), os.listdir("/tmp"), dict(os.environ), os.getcwd(), os.getgroups())
print(sorted(os.listdir("/dev")), os.path.exists("/proc"), os.path.exists("/usr/bin/bash"))
"""
    names, devices = run_script(source, b"", LIMITS).output.decode().splitlines()
    allowed = {"dev", "tmp", "usr", "lib", "lib32", "lib64", "libx32", sys.base_prefix.split("/")[1]}
    assert set(eval(names.split("]")[0] + "]")) <= allowed
    assert "[] {" in names and "SELFLOOP" not in names and "PATH" not in names and names.endswith("/tmp []")
    assert devices == "['null', 'urandom', 'zero'] False False"


@needs_sandbox
@pytest.mark.parametrize(
    ("source", "note"),
    [
        ("bytearray(2**29)", "MemoryError"),
        ("open('/tmp/x', 'wb').write(bytes(2**21))", "OSError"),
        ("for n in range(9): open(f'/tmp/{n}', 'wb').write(bytes(2**18))", "No space left"),
        ("print('x' * 2**21)", "File too large"),
        ("import os\nfor _ in range(9): os.fork() or __import__('time').sleep(1)", "Resource temporarily unavailable"),
        ("files = [open('/dev/null') for _ in range(99)]", "Too many open files"),
        ("open('/usr/lib/x', 'w')", "Read-only file system"),
        ("import socket; socket.socket(socket.AF_INET)", "Operation not permitted"),
        ("import numpy", "No module named"),
    ],
)
def test_limits_hold(source: str, note: str) -> None:
    result = run_script(source, b"", LIMITS)
    assert not result.is_passed and note in result.note


@needs_sandbox
@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="the seccomp filter knows two machines")
def test_the_filter_is_in_force() -> None:
    source = "import ctypes, os; print(ctypes.CDLL(None).unshare(0x10000000), ctypes.CDLL(None).ptrace(0, 0, 0, 0))"
    assert run_script(source, b"", LIMITS).output == b"-1 -1\n"


@needs_sandbox
def test_time_is_limited() -> None:
    begin = time.monotonic()
    limits = replace(LIMITS, seconds=3)
    assert run_script("while True: pass", b"", limits) == Result(False, "it took longer than 3 s")
    assert run_tests(["def add(a, b):\n    while True: pass"], ADD, limits) == Result(False, "it took longer than 3 s")
    assert run_tests(RIGHT, ADD, limits) == Result(True)
    assert time.monotonic() - begin < 10


@needs_sandbox
def test_a_slow_start_is_not_the_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replace_bwrap(monkeypatch, tmp_path, f'sleep 4\nexec {find_bubblewrap()} "$@"')
    result = run_script("print(1)", b"", replace(LIMITS, seconds=3))
    assert result.output == b"1\n" and result.seconds < 3
    assert run_tests(RIGHT, ADD, replace(LIMITS, seconds=3)) == Result(True)


@needs_sandbox
def test_a_sandbox_that_never_starts_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replace_bwrap(monkeypatch, tmp_path, "exec sleep 3")
    monkeypatch.setattr(bubblewrap, "START_SECONDS", 1.0)
    with pytest.raises(SandboxError, match="the sandbox did not start: it took longer than 1 s"):
        run_script("print(1)", b"", LIMITS)


@needs_sandbox
def test_tests_that_end_by_themselves_are_no_verdict_and_cost_only_themselves() -> None:
    tests = UnitTests(context="", remote=("add",), definitions="", tests="import os; os._exit(3)")
    with pytest.raises(SandboxError, match="the sandbox of the tests ended by itself"):
        run_tests(RIGHT, tests, LIMITS)
    assert run_tests(RIGHT, ADD, LIMITS) == Result(True)
    Checker.of_this_process()._guest._process.kill()
    with pytest.raises(SandboxError, match="the sandbox of the tests ended by itself"):
        run_tests(RIGHT, ADD, LIMITS)
    assert run_tests(RIGHT, ADD, LIMITS) == Result(True)


@needs_sandbox
def test_no_descriptor_is_left_open() -> None:
    run_tests(RIGHT, ADD, LIMITS)
    gc.collect()  # connections of earlier tests
    before = len(os.listdir("/proc/self/fd"))
    for program in (RIGHT, ["def add("], ["import os; os._exit(0)"]):
        run_tests(program, ADD, LIMITS)
        run_script(program[0], b"", LIMITS)
    assert len(os.listdir("/proc/self/fd")) == before


@needs_sandbox
def test_a_sandbox_ends_with_the_worker_that_started_it() -> None:
    before = set(sandboxed_processes())
    with KillablePool(RUNNER, 1.5, num_workers=1) as pool:
        (outcome,) = pool.map(["import os, time; os.fork() or os.setsid(); time.sleep(600)"])
    assert outcome.failure == "timeout"
    assert wait_until_none_but(before) == set()


def wait_until_none_but(before: set[int]) -> set[int]:
    """Processes of sandboxes that are left after a while, and were not there before."""
    deadline = time.monotonic() + 10
    while (left := set(sandboxed_processes()) - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def children_of(pid: int) -> set[int]:
    """Its child processes, those too that have ended and were not waited for."""
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@needs_sandbox
def test_a_guest_that_is_left_early_leaves_nothing() -> None:
    before, own_children = set(sandboxed_processes()), children_of(os.getpid())
    for milliseconds in range(0, 40, 2):
        with Guest("script", {"parts": ["while True: pass"]}, LIMITS) as guest:
            time.sleep(milliseconds / 1000)
        assert guest._process.returncode == 128 + signal.SIGKILL
    assert set(sandboxed_processes()) <= before
    assert children_of(os.getpid()) <= own_children


@needs_sandbox
def test_a_worker_that_is_killed_while_a_sandbox_starts_leaves_nothing() -> None:
    before = set(sandboxed_processes())
    for milliseconds in range(5, 40, 5):
        with KillablePool(RUNNER, milliseconds / 1000, num_workers=1) as pool:
            assert {outcome.failure for outcome in pool.map(["import time; time.sleep(600)"] * 3)} == {"timeout"}
    assert wait_until_none_but(before) == set()


SYSTEM_PYTHON = Path("/usr/bin/python3")
AS_NOBODY = """
import sys
sys.path.insert(0, sys.argv[1])
from infra.sandbox.bubblewrap_run import *
from infra.sandbox.bubblewrap_checker import UnitTests
assert sys.version_info >= (3, 11), f"{sys.version}"
print(probe_sandbox())
limits = Limits(10, 2**28, 2, 2**20)
tests = UnitTests("", ("add",), "", "assert add(1, 2) == 3")
print(run_tests(["def add(a, b): return a + b"], tests, limits).is_passed)
print(run_script("import os; [os.fork() for _ in range(9)]", b"", limits).note)
print(run_script("import os; print(os.getuid(), open('/root/x'))", b"", limits).note)
"""


def why_not_as_nobody() -> str | None:
    if os.geteuid() != 0:
        return "only root can become another user, and all other tests ran without root"
    command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare", "--user", "true"]
    with suppress(OSError):
        result = subprocess.run(command, capture_output=True, text=True)
        return result.stderr.strip() or None
    return "setpriv and unshare are not installed"


@needs_sandbox
def test_it_works_without_root_where_user_namespaces_are_allowed() -> None:
    reason = why_not_as_nobody()
    if reason is not None:
        pytest.skip(f"the way without root cannot be tried: {reason}")
    if not SYSTEM_PYTHON.is_file() or not os.access(SYSTEM_PYTHON, os.X_OK):
        pytest.skip("the way without root needs an interpreter that every user may run, /usr/bin/python3")
    command = [SYSTEM_PYTHON, "-B", "-c", AS_NOBODY, ROOT]
    result = subprocess.run(command, user=65534, group=65534, extra_groups=[], capture_output=True, text=True)
    if "AssertionError: 3." in result.stderr or "Permission denied" in result.stderr:
        pytest.skip(f"the way without root cannot be tried: {result.stderr.splitlines()[-1]}")
    probed, is_passed, forked, opened = result.stdout.splitlines()
    assert (probed, is_passed) == ("None", "True"), result.stderr
    assert "Resource temporarily unavailable" in forked and "No such file" in opened
