"""A work pool with a worker, and deployments' runs watched through Prefect's API."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.flows.micro import environment, wait_until_gone

POOL = "test"


@contextmanager
def worker(folder: Path, prefect_url: str) -> Iterator[None]:
    """A process pool and its worker; at the end no process of either is left."""
    made = httpx.post(f"{prefect_url}/work_pools/", json={"name": POOL, "type": "process"})
    assert made.status_code in (201, 409), made.text
    variables = environment(folder / "worker-home", PREFECT_API_URL=prefect_url, SELFLOOP_TEST_RUN=str(folder))
    variables |= {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_HOME": str(folder / "worker-prefect")}
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--name", folder.name]
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        left = wait_until_gone(folder, 15)
        assert left == [], left


class Deployment:
    """One deployment, by the id that `selfloop deploy` printed."""

    def __init__(self, prefect_url: str, stdout: str) -> None:
        self.url = prefect_url
        page = next(line for line in stdout.splitlines() if line.startswith("page"))
        self.id = page.rpartition("/")[2].strip()

    def read(self) -> dict[str, Any]:
        return self.get(f"deployments/{self.id}")

    def start(self, **parameters: Any) -> str:
        """Start a run; returns its id."""
        body: dict[str, Any] = {"state": {"type": "SCHEDULED"}}
        if parameters:
            body["parameters"] = {"parameters": {**self.read()["parameters"]["parameters"], **parameters}}
        deadline = time.monotonic() + 60
        while (answer := httpx.post(f"{self.url}/deployments/{self.id}/create_flow_run", json=body)).status_code == 503:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.5)  # its sqlite is locked; Prefect's own client waits too
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.get(f"flow_runs/{run}")["state"])

    def wait(self, run: str, is_it: Callable[[dict[str, Any]], bool], seconds: float = 400) -> dict[str, Any]:
        """The first state of a run that fits."""
        deadline = time.monotonic() + seconds
        while not is_it(state := self.state(run)):
            assert time.monotonic() < deadline, f"{run} is still {state['name']}: {state.get('message')}"
            time.sleep(0.1)
        return state

    def finish(self, run: str, seconds: float = 400) -> dict[str, Any]:
        """The final state of a run."""
        return self.wait(run, lambda state: state["type"] in FINAL, seconds)

    def cancel(self, run: str) -> None:
        answer = httpx.post(f"{self.url}/flow_runs/{run}/set_state", json={"state": {"type": "CANCELLING"}})
        assert answer.json()["status"] == "ACCEPT", answer.text

    def resume(self, run: str, **answer: Any) -> dict[str, Any]:
        return dict(httpx.post(f"{self.url}/flow_runs/{run}/resume", json={"run_input": answer}).json())

    def get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/{path}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
