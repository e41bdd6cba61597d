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

from tests.flows.api import ask
from tests.flows.micro import environment, wait_until_gone

POOL = "test"


@contextmanager
def worker(folder: Path, prefect_url: str, **settings: str) -> Iterator[None]:
    """A process pool and its worker with settings in its environment; at the end no process of either is left."""
    ask("POST", f"{prefect_url}/work_pools/", {"name": POOL, "type": "process"}, expected=(201, 409))
    variables = environment(
        folder / "worker-home", PREFECT_API_URL=prefect_url, SELFLOOP_TEST_RUN=str(folder), **settings
    )
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
        return str(ask("POST", f"{self.url}/deployments/{self.id}/create_flow_run", body)["id"])

    def wait_for_log(self, run: str, text: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        asked = {"logs": {"flow_run_id": {"any_": [run]}}, "limit": 200}
        while not any(text in line["message"] for line in ask("POST", f"{self.url}/logs/filter", asked)):
            assert time.monotonic() < deadline, f"{run} never said {text!r}"
            time.sleep(0.5)

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
        answer = ask("POST", f"{self.url}/flow_runs/{run}/set_state", {"state": {"type": "CANCELLING"}})
        assert answer["status"] == "ACCEPT", answer

    def resume(self, run: str, **answer: Any) -> dict[str, Any]:
        return dict(ask("POST", f"{self.url}/flow_runs/{run}/resume", {"run_input": answer}))

    def get(self, path: str) -> dict[str, Any]:
        return dict(ask("GET", f"{self.url}/{path}"))


FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
