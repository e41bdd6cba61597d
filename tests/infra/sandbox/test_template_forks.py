"""Templates as forks of one process: what it imports once, and that they are otherwise as programs of their own are."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

import tests.infra.sandbox.targets  # noqa: F401  (what this process has imported, forks need not import again)
from configs.errors import UserError
from infra.sandbox.killable import KillablePool
from infra.sandbox.template_forks import close_server
from tests.processes import that

pytestmark = pytest.mark.slow

OBEDIENT = "tests.infra.sandbox.targets:make_obedient"


def server_of(pool: KillablePool) -> psutil.Process:
    """The process whose fork a pool's template is."""
    return psutil.Process(pool._template._process.pid).parent()


def is_gone(process: psutil.Process, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while left := that(_runs, [process]):
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return not left


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_templates_are_forks_of_one_process_which_ends_with_ours() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        assert [outcome.value for outcome in pool.map([1, 2])] == [2, 4]
        server, template = server_of(pool), pool._template._process.pid
    assert server.pid != os.getpid() and server.ppid() == os.getpid()
    assert not psutil.pid_exists(template), "dead, and buried"
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        assert server_of(pool) == server
    close_server()
    assert is_gone(server)


def test_a_module_that_this_process_has_not_imported_is_imported_by_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tests.infra.sandbox.targets")
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        assert server_of(pool).pid == os.getpid()
        assert [outcome.value for outcome in pool.map([1])] == [2]


def test_what_a_pool_imports_is_imported_before_its_template_is_made_and_what_is_missing_is_left_to_it() -> None:
    close_server()
    for imports in ((), ("no_such_module", "colorsys")):
        with KillablePool(OBEDIENT, 5, num_workers=1, imports=imports) as pool:
            assert [outcome.value for outcome in pool.map(["knows colorsys"])] == [bool(imports)]


def test_a_fork_has_the_folder_the_environment_and_the_errors_of_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        ((before, unset),) = [outcome.value for outcome in pool.map(["surroundings"])]
    assert before == os.getcwd() and unset is None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFLOOP_TEST_SURROUNDINGS", "others")
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        assert [outcome.value for outcome in pool.map(["surroundings"])] == [(str(tmp_path), "others")]
    with pytest.raises(UserError, match="no such rewards"), KillablePool("tests.infra.sandbox.targets:make_nothing", 5):
        pass
    assert "LookupError: no such rewards" in capfd.readouterr().err


def test_a_server_that_was_killed_is_replaced() -> None:
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        server = server_of(pool)
        os.kill(server.pid, signal.SIGKILL)
        assert is_gone(server)
        with pytest.raises(UserError, match="ended by itself"):
            time.sleep(1.5)  # within which its templates see that it is gone
            list(pool.map([1]))
    for _ in range(2):
        with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
            assert [outcome.value for outcome in pool.map([1, 2])] == [2, 4]
    assert server_of_new() != server


def server_of_new() -> psutil.Process:
    with KillablePool(OBEDIENT, 5, num_workers=1) as pool:
        return server_of(pool)
