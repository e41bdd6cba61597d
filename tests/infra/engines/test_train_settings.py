"""Schedules that go on after their training ends, and optimizers other than AdamW."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from configs.schema.train import FullWeights, Optimizer, WarmStart
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from tests.infra.engines.tiny import build_tiny_folder
from tests.infra.engines.training import said

NUM_ROWS = 8


def test_a_training_stops_inside_its_epochs() -> None:
    source = {"kind": "addition"}
    assert WarmStart.model_validate({"source": source, "epochs": 3, "stop_epochs": 1}).stop_epochs == 1
    with pytest.raises(ValidationError, match="stop_epochs: 4 lies behind the last of 3 epochs"):
        Optimizer(epochs=3, stop_epochs=4)
    with pytest.raises(ValidationError, match="leave it or max_steps out"):
        Optimizer(max_steps=3, stop_epochs=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("base"))


def run(folder: Path, base: Path, **optimizer: Any) -> list[dict[str, Any]]:
    from infra.engines.train.phase import run_phase

    folder.mkdir()
    rows = folder / "rows.jsonl"
    with rows.open("w") as file:
        for number in range(NUM_ROWS):
            messages = [{"role": "user", "content": f"{number}+1="}]
            file.write(json.dumps({"messages": messages, "completion": said(str(number + 1)), "weight": 1.0}) + "\n")
    settings = {"learning_rate": 1e-2, "batch_size": 2, "warmup_share": 0.0, "schedule": "linear", **optimizer}
    request = TrainRequest(
        model=ModelFiles("base", base), tune=FullWeights(), optimizer=Optimizer(**settings), rows=rows, seed=0
    )
    run_phase(request, folder, folder / "out", lambda _: None)
    assert not (folder / "out" / "optimizer").exists()
    return [json.loads(line) for line in (folder / "out/metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_a_checkpoint_of_a_longer_training_is_that_training_s(base: Path, tmp_path: Path) -> None:
    """The first of three epochs of a linear schedule: four of twelve steps, from 1e-2 to 3/4 of it, then 2/3 ..."""
    whole = run(tmp_path / "whole", base, epochs=3)
    early = run(tmp_path / "early", base, epochs=3, stop_epochs=1)
    assert (len(whole), len(early)) == (12, 4)
    assert early == whole[:4]
    assert [line["learning_rate"] for line in early] == pytest.approx([1e-2 * (12 - step) / 12 for step in range(4)])
    alone = run(tmp_path / "alone", base, epochs=1)
    assert alone[-1]["learning_rate"] == pytest.approx(1e-2 / 4)


@pytest.mark.slow
def test_warm_up_is_a_share_of_the_whole_schedule(base: Path, tmp_path: Path) -> None:
    """A quarter of twelve steps, of which four are trained."""
    rates = [line["learning_rate"] for line in run(tmp_path / "a", base, epochs=3, stop_epochs=1, warmup_share=0.25)]
    assert rates == pytest.approx([0, 1e-2 / 3, 2e-2 / 3, 1e-2])


@pytest.mark.slow
def test_rmsprop_takes_other_steps_and_learns(base: Path, tmp_path: Path) -> None:
    plain, other = (
        run(tmp_path / name, base, epochs=4, learning_rate=2e-3, optimizer=name) for name in ("adamw", "rmsprop")
    )
    assert plain[0]["loss"] == other[0]["loss"] and plain[1]["loss"] != other[1]["loss"]
    assert other[-1]["loss"] < other[0]["loss"]
