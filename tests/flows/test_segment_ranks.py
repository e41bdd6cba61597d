"""A segment that trains on two devices: its flow leaves nothing where it ends, and goes on to the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from infra.engines.learn.learner import Learner
from tests.flows.micro import wait_until_gone
from tests.flows.segments import digests, run_rounds, segment_recipe

pytestmark = pytest.mark.slow
STEPS = 6


def tree(**train: Any) -> dict[str, Any]:
    return segment_recipe(steps=STEPS, train={"batch_size": 7, **train})


def has_checkpoint(folder: Path) -> bool:
    try:
        return any(folder.glob("work/**/checkpoint-*/whole"))
    except FileNotFoundError:  # a folder went as it was looked into
        return False


def killed_at_its_first_checkpoint(folder: Path, recipe: dict[str, Any]) -> None:
    """A run in a process of its own, whose flow alone is killed."""
    (folder / "recipe.json").write_text(json.dumps(recipe))
    command = [sys.executable, "-m", "tests.flows.segments", str(folder), str(folder / "recipe.json"), "1"]
    flow = subprocess.Popen(command, env={**os.environ, "SELFLOOP_TEST_RUN": str(folder)}, cwd=Path.cwd())
    try:
        while flow.poll() is None and not has_checkpoint(folder):
            time.sleep(0.05)
        assert list(folder.glob("work/**/learner-1.log")), "two of them train"
    finally:
        flow.kill()
    assert flow.wait() == -signal.SIGKILL, "it was in the middle"


def test_a_killed_flow_leaves_no_rank_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, folder, straight = tree(devices=["cpu", "cpu"]), tmp_path / "killed", tmp_path / "straight"
    run_rounds(folder, recipe, rounds=0)
    shutil.copytree(folder, straight)
    run_rounds(straight, recipe)
    killed_at_its_first_checkpoint(folder, recipe)
    assert not wait_until_gone(folder, 5)
    run_rounds(folder, recipe)
    assert digests(folder) == digests(straight)
    monkeypatch.setattr(Learner, "__init__", None)  # nothing is trained again
    run_rounds(folder, tree())
