"""A Prefect server that ends while it is needed costs one line: a local one comes back, any other ends the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.errors import UserError
from flows.services.addresses import Addresses
from flows.services.kept_server import MAX_RESTARTS, KeptServer
from flows.services.prefect_server import PrefectServer
from infra.process.child import Child
from tests.flows.micro import (
    SELFLOOP,
    environment,
    micro_recipe,
    processes_of,
    selfloop,
    wait_until_gone,
    write_recipe,
)

pytestmark = pytest.mark.slow(minutes=2)
SERVER = "prefect.server.api.server"


def wait_for(what: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def addresses(home: Path, prefect: str | None = None) -> Addresses:
    return Addresses(home, str(home / "store"), f"sqlite:///{home}/mlflow.db", prefect)


def start_run(folder: Path, **variables: str) -> subprocess.Popen[str]:
    """A run of one round; returns once that draws samples."""
    recipe, log = write_recipe(folder, micro_recipe(rounds={"max": 1})), folder / "shown.txt"
    env = environment(folder / "home", SELFLOOP_TEST_RUN=str(folder), PYTHONUNBUFFERED="1", **variables)
    with log.open("w") as file:
        run = subprocess.Popen([str(SELFLOOP), "run", str(recipe)], cwd=folder, env=env, stdout=file, stderr=file,
                               text=True)  # fmt: skip
    wait_for(lambda: "round 1 generate" in log.read_text() or run.poll() is not None)
    assert run.poll() is None, log.read_text()
    return run


def test_a_local_server_that_is_killed_comes_back_and_the_run_ends_well(tmp_path: Path) -> None:
    run = start_run(tmp_path)
    killed = [process.send(signal.SIGKILL) for process in processes_of(tmp_path) if SERVER in process.command]
    assert any(killed)
    assert run.wait(300) == 0, (tmp_path / "shown.txt").read_text()
    shown = (tmp_path / "shown.txt").read_text().splitlines()
    said = [line for line in shown if not line.startswith(("round", "    ", "report ", "MLflow ", "model ")) and line]
    assert len(said) == 1, said
    assert "the local Prefect server ended: killed by SIGKILL" in said[0] and "started again" in said[0]
    assert Path(said[0].rpartition(" ")[2]).is_file(), "the log can be opened"
    assert wait_until_gone(tmp_path, 30) == []


@pytest.mark.nightly
def test_a_configured_server_that_ends_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with PrefectServer(addresses(tmp_path / "server")) as server:
        run = start_run(tmp_path, PREFECT_API_URL=server.wait(), PREFECT_CLIENT_MAX_RETRIES="0")
    assert run.wait(300) == 2, (tmp_path / "shown.txt").read_text()
    shown = (tmp_path / "shown.txt").read_text()
    assert "Traceback" not in shown and "Event(" not in shown and "Error logging" not in shown, shown
    assert shown.count("error: ") == 1 and f"the Prefect API at {server.url} does not answer any more" in shown
    assert "run the same command again" in shown
    assert wait_until_gone(tmp_path, 30) == []


def test_a_server_is_started_again_three_times(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    started: list[Child] = []

    def start() -> Child:
        command = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
        started.append(Child(command, log_path=tmp_path / "log"))
        return started[-1]

    server = KeptServer("the server", start)
    server.keep()
    for number in range(1 + MAX_RESTARTS):
        wait_for(lambda number=number: len(started) == number + 1)  # type: ignore[misc]
        assert server.ending() is None
        os.killpg(started[-1].pid, signal.SIGKILL)
    wait_for(server.ending)
    assert len(started) == 1 + MAX_RESTARTS and "killed by SIGKILL" in str(server.ending())
    assert [record.message.count("started again") for record in caplog.records] == [1] * (1 + MAX_RESTARTS)
    server.close()


def test_a_closed_server_stays_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = KeptServer("the server", lambda: Child(["sleep", "600"], log_path=tmp_path / "log"))
    server.keep()
    server.close()
    assert not caplog.records and "ended on request" in str(server._child.ending())


def test_a_server_that_cannot_start_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    (home / "prefect").mkdir()
    (home / "prefect" / "prefect.db").write_text("this is no database " * 999)
    ended = pytest.raises(UserError, match="the local Prefect server ended: ")
    with ended as caught, PrefectServer(addresses(home)) as server:
        server.wait()
    assert str(home / "prefect" / "server.log") in caught.value.message
    assert "run the same command again" in str(caught.value.fix)


@pytest.mark.nightly
def test_a_local_server_that_ends_again_and_again_ends_the_run_with_one_message(tmp_path: Path) -> None:
    """Four times: it is started again three times. What is queued for it is dropped without a page of records."""
    run = start_run(tmp_path, PREFECT_CLIENT_MAX_RETRIES="0")
    while run.poll() is None:
        for process in processes_of(tmp_path):
            if SERVER in process.command:
                process.send(signal.SIGKILL)
        time.sleep(0.2)
    shown = (tmp_path / "shown.txt").read_text()
    assert run.returncode == 2, shown
    assert "Traceback" not in shown and "Event(" not in shown and '{"' not in shown, shown
    assert max(map(len, shown.splitlines())) < 500, "a record, or a page of them"
    assert shown.count("it is started again") == MAX_RESTARTS and shown.count("error: ") == 1, shown
    assert "does not answer any more" in shown and "run the same command again, which goes on from here" in shown
    assert wait_until_gone(tmp_path, 30) == []
    done = selfloop("run", tmp_path / "recipe.yaml", cwd=tmp_path, SELFLOOP_TEST_RUN=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
