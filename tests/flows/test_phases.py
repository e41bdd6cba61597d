"""Two phases, imitation and then preferences: each round follows its own phase's recipe, and kills at the border change
nothing."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.flows.micro import micro_recipe, processes_of, selfloop, wait_until_gone, write_recipe
from tests.flows.test_kill import run_to_the_end, start, step_keys

pytestmark = pytest.mark.slow(minutes=2)


def phased() -> dict[str, Any]:
    recipe = micro_recipe()
    generate = recipe["generate"] | {"num_samples": 12, "temperature": 1.5}  # some problems right and wrong
    preferences = {
        "select": [{"kind": "judged"}, {"kind": "drop_truncated"}],
        "pair": {"kind": "right_vs_wrong", "per_problem": 4},
        "train": {"objective": {"kind": "dpo"}, "start_from": "phase:imitate", "data": "accumulate", "max_steps": 2,
                  "learning_rate": 1e-4},
    }  # fmt: skip
    phases = [{"name": "imitate", "rounds": 2}, {"name": "prefer", "rounds": 2, "set": preferences}]
    del recipe["rounds"]
    return recipe | {
        "generate": generate,
        "train": recipe["train"] | {"data": "accumulate"},
        "phases": phases,
        "guards": [],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Path:
    folder = tmp_path_factory.mktemp("phases")
    run_to_the_end(folder, write_recipe(folder, phased()), prefect_url)
    return folder


def record(folder: Path, round: int, stage: str) -> dict[str, Any]:
    (path,) = (folder / "home" / "store" / "micro").glob(f"round-{round:03d}/{stage}/*/record.json")
    return json.loads(path.read_text())


def entry(folder: Path, round: int) -> dict[str, Any]:
    return json.loads((folder / "home" / "store" / "micro" / "reports" / f"round-{round:03d}.json").read_text())


def test_every_round_trains_by_its_own_phases_recipe(folder: Path) -> None:
    trained = [record(folder, number, "train") for number in (1, 2, 3, 4)]
    kinds = [step["payload"]["config"]["train"]["objective"]["kind"] for step in trained]
    assert kinds == ["sft", "sft", "dpo", "dpo"]
    assert [entry(folder, number)["report"]["phase"] for number in range(5)] == ["", "imitate", "imitate", "prefer",
                                                                               "prefer"]  # fmt: skip


def test_a_phase_can_start_from_what_another_ended_with(folder: Path) -> None:
    ended = record(folder, 2, "train")["key"]
    assert [record(folder, number, "train")["payload"]["inputs"]["model"] for number in (3, 4)] == [ended, ended]
    assert entry(folder, 4)["state"]["models"]["policy"]["phases"]["imitate"]["digest"] == ended


def test_rows_of_another_kind_are_not_accumulated(folder: Path) -> None:
    windows = [record(folder, number, "train")["payload"]["inputs"]["rows"] for number in (2, 4)]
    selections = [record(folder, number, "select")["key"] for number in (1, 2, 3, 4)]
    assert windows == [selections[:2], selections[2:]]


def test_plan_table_and_terminal_name_the_phase(folder: Path) -> None:
    shown = (folder / "log.txt").read_text()
    assert "round 3: phase prefer" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert [line[:3] for line in lines if line[:1] in (["2"], ["3"])] == [["2", "imitate", "round-2"],
                                                                        ["3", "prefer", "round-3"]]  # fmt: skip
    planned = selfloop("plan", "recipe.yaml", cwd=folder)
    rows = [line.split() for line in planned.stdout.splitlines() if line.startswith("  round 3")]
    assert {"prefer"} == {row[2] for row in rows}
    assert "everything is reused: nothing to compute" in planned.stdout


@pytest.mark.nightly
def test_a_run_killed_at_the_border_goes_on_with_the_same_keys(folder: Path, tmp_path: Path, prefect_url: str) -> None:
    recipe, store = write_recipe(tmp_path, phased()), tmp_path / "home" / "store"
    process = start(tmp_path, recipe, prefect_url)
    for border in ("round-002/evaluate", "round-003/generate"):
        while not list(store.glob(f"micro/{border}/*/record.json")):
            assert process.poll() is None, (tmp_path / "log.txt").read_text()[-3000:]
            time.sleep(0.02)
        for victim in processes_of(tmp_path):
            victim.send(signal.SIGKILL)
        assert process.wait(timeout=60) != 0
        assert wait_until_gone(tmp_path, 15) == []
        process = start(tmp_path, recipe, prefect_url)
    assert process.wait(timeout=600) == 0, (tmp_path / "log.txt").read_text()[-3000:]
    assert step_keys(store) == step_keys(folder / "home" / "store")
