"""An experiment whose trainings have two processes, and the same experiment on one: the same steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.micro import micro_recipe, selfloop, wait_until_gone, write_recipe

pytestmark = pytest.mark.slow(minutes=2)


def test_trained_on_two_devices_and_found_on_one(tmp_path: Path) -> None:
    plain = micro_recipe(rounds={"max": 1})
    shared = {**plain, **{name: {**plain[name], "devices": ["cpu", "cpu"]} for name in ("warm_start", "train")}}
    run = selfloop("run", write_recipe(tmp_path, shared), cwd=tmp_path, SELFLOOP_TEST_RUN=str(tmp_path))
    assert run.returncode == 0, run.stderr
    assert list(tmp_path.rglob("log-1.txt")) == [], "work folders of finished steps are gone"
    assert not wait_until_gone(tmp_path, 5)
    plan = selfloop("plan", write_recipe(tmp_path, plain), cwd=tmp_path)
    assert plan.returncode == 0, plan.stderr
    assert " new" not in plan.stdout, plan.stdout
    absent = {**plain, "train": {**plain["train"], "devices": ["cuda:0"]}}
    refused = selfloop("run", write_recipe(tmp_path, absent), cwd=tmp_path, CUDA_VISIBLE_DEVICES="")
    assert refused.returncode == 2
    assert "train.devices: there is no cuda:0: this process sees no GPU" in refused.stderr
