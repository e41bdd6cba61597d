"""Two experiments in one process at the same time: each works at its own bench, and computes what it does alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.micro import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.nightly]


def keys(folder: Path, how: str, prefect_url: str) -> list[list[str]]:
    folder.mkdir()
    places = {"SELFLOOP_HOME": str(folder / "home"), "PREFECT_API_URL": prefect_url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.flows.two_experiments", str(folder / "keys.json"), how]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **places}, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found: list[list[str]] = json.loads((folder / "keys.json").read_text())
    return found


def test_two_experiments_run_at_once_as_each_does_alone(tmp_path: Path, prefect_url: str) -> None:
    together = keys(tmp_path / "together", "together", prefect_url)
    assert together == keys(tmp_path / "alone", "alone", prefect_url)
    assert together[0] != together[1]
