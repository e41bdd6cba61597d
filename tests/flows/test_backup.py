"""Backup and restore as docs/operate.md says: its commands, on the native stack, whose data is gone in between."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.deploy.postgres import find_postgres
from infra.store.address import open_store
from tests.flows.micro import environment
from tests.flows.stack import Stack
from tests.flows.test_stack_run import deploy, rounds_in_mlflow, step_keys

pytestmark = [pytest.mark.slow(minutes=8), pytest.mark.nightly]
GUIDE = Path(__file__).parents[2] / "docs/operate.md"


def follow(stack: Stack, part: str) -> None:
    """Run the commands of a block of the guide in the stack's folder."""
    (commands,) = re.findall(rf"```{part}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    variables = environment(stack.home, **stack.env)
    programs = [Path(sys.executable).parent, find_postgres(stack.home / "stack/data/postgres").parent]
    variables["PATH"] = ":".join([*map(str, programs), variables["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=stack.folder, env=variables, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_backed_up_is_there_after_the_host_is_lost(sourced: Stack) -> None:
    deployment = deploy(sourced, "kept", epochs=2)
    run = deployment.start()
    assert deployment.finish(run)["type"] == "COMPLETED"
    keys, in_mlflow = step_keys(sourced, "kept"), rounds_in_mlflow(sourced, "kept")
    artifacts = sorted(open_store("s3://trial/mlflow").keys(""))
    follow(sourced, "backup")

    assert sourced.run("stack", "down").returncode == 0
    shutil.rmtree(sourced.home / "stack/data")
    assert sourced.run("stack", "up").returncode == 0
    assert step_keys(sourced, "kept") == {}
    follow(sourced, "restore")

    assert step_keys(sourced, "kept") == keys
    assert deployment.state(run)["type"] == "COMPLETED"
    again = rounds_in_mlflow(sourced, "kept")
    assert {name: one.data.metrics for name, one in again.items()} == {
        name: one.data.metrics for name, one in in_mlflow.items()
    }
    assert artifacts and sorted(open_store("s3://trial/mlflow").keys("")) == artifacts
    done = sourced.run("housekeeping", "kept", **sourced.env)
    assert done.returncode == 0 and "damaged" not in done.stdout, done.stdout
