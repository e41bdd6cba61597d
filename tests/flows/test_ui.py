"""`selfloop ui` opens both servers, a run finds its Prefect server, and nothing is left when it ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from flows.services.addresses import Addresses
from flows.services.prefect_server import PrefectServer, answers, free_port
from tests.flows.micro import SELFLOOP, environment, micro_recipe, selfloop, wait_until_gone, write_recipe

pytestmark = pytest.mark.slow


def read_until(process: subprocess.Popen[str], word: str, seconds: float) -> str:
    """What the process printed up to a line with `word`."""
    deadline, shown = time.monotonic() + seconds, ""
    assert process.stdout is not None
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        shown += line
        if word in line or not line:
            break
    assert word in shown, shown
    return shown


def test_both_servers_answer_and_end_with_the_command(tmp_path: Path) -> None:
    prefect, mlflow = free_port(), free_port()
    command = [str(SELFLOOP), "ui", "--prefect-port", str(prefect), "--mlflow-port", str(mlflow)]
    variables = environment(tmp_path / "home", PYTHONUNBUFFERED="1")
    process = subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True)
    try:
        shown = read_until(process, "Ctrl-C", 180)
        assert f"Prefect  http://127.0.0.1:{prefect}" in shown
        assert f"MLflow   http://127.0.0.1:{mlflow}" in shown
        assert httpx.get(f"http://127.0.0.1:{prefect}/api/health").status_code == 200
        assert "MLflow" in httpx.get(f"http://127.0.0.1:{mlflow}/").text
        assert (tmp_path / "home" / "prefect" / "server.json").exists()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{prefect}/api/health")
    assert not (tmp_path / "home" / "prefect" / "server.json").exists()


def test_a_run_without_services_brings_its_own_prefect_server_and_ends_it(tmp_path: Path) -> None:
    recipe = micro_recipe(rounds={"max": 1})
    done = selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path, SELFLOOP_TEST_RUN=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    with sqlite3.connect(tmp_path / "home" / "prefect" / "prefect.db") as database:
        runs = {name for (name,) in database.execute("select name from flow_run")}
    assert {"improve/micro", "micro round 0", "micro round 1"} <= runs
    assert wait_until_gone(tmp_path, 10) == []
    assert not (tmp_path / "home" / "prefect" / "server.json").exists()


def test_a_run_keeps_its_server_when_another_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    addresses = Addresses(tmp_path, str(tmp_path / "store"), f"sqlite:///{tmp_path}/mlflow.db", None)
    with PrefectServer(addresses) as first:
        first.wait()
        with PrefectServer(addresses) as second:
            assert second.wait() != first.url
            assert answers_in_the_end(first.url)
        assert answers_in_the_end(first.url)
        assert not answers(second.url)
        assert os.environ["PREFECT_API_URL"] == first.url
    assert "PREFECT_API_URL" not in os.environ


def answers_in_the_end(url: str) -> bool:
    """Whether a server answers that may have much to do."""
    deadline = time.monotonic() + 30
    while not (is_there := answers(url)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return is_there
