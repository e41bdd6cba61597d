"""Two deployed experiments on one worker whose GPU only one of them may hold."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.flows.api import ask
from tests.flows.deployed import worker
from tests.flows.micro import processes_of
from tests.flows.test_deploy import deploy, light_recipe

pytestmark = pytest.mark.slow(minutes=2)


def wait_for_line(prefect_url: str, pattern: str) -> re.Match[str]:
    """A line of this form in the logs of Prefect's runs."""
    deadline = time.monotonic() + 120
    while True:
        logs = ask("POST", f"{prefect_url}/logs/filter", {"limit": 200, "sort": "TIMESTAMP_DESC"})
        found = [match for log in logs if (match := re.match(pattern, log["message"]))]
        if found:
            return found[0]
        assert time.monotonic() < deadline, [log["message"] for log in logs]
        time.sleep(0.2)


def test_the_second_experiment_waits_for_the_first_until_that_is_killed(tmp_path: Path, prefect_url: str) -> None:
    slice_of = {"SELFLOOP_DEVICES": "slice-1", "SELFLOOP_DEVICE_LOCKS": str(tmp_path / "locks")}
    with worker(tmp_path, prefect_url, **slice_of):
        endless = light_recipe(name="endless-turn")
        endless["train"]["epochs"] = 100_000
        deploy(tmp_path, prefect_url, endless).start()
        deadline = time.monotonic() + 120
        while "train_program" not in {process.name for process in processes_of(tmp_path)}:
            assert time.monotonic() < deadline
            time.sleep(0.2)

        second = deploy(tmp_path, prefect_url, light_recipe(name="second-turn", rounds={"max": 1}))
        run = second.start()
        held = wait_for_line(prefect_url, r"waiting for slice-1, held by experiment endless-turn: .*process (\d+) ")
        evaluated = tmp_path / "home" / "store" / "second-turn" / "round-000" / "evaluate"
        time.sleep(3)
        assert not evaluated.exists()
        os.kill(int(held[1]), signal.SIGKILL)
        ended = second.finish(run)
        assert ended["type"] == "COMPLETED", ended
        assert list(evaluated.glob("*/record.json"))
        wait_for_line(prefect_url, r"slice-1 is free, after \d+ s")
