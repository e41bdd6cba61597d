"""One learning-rate schedule and one optimizer over several rounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.train import FullWeights, Lora, Optimizer, Tune
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from tests.infra.engines.training import said

pytestmark = pytest.mark.slow

NUM_ROWS = 6
LORA = Lora(rank=4, alpha=8)


def run(folder: Path, base: Path, tune: Tune, steps: int, **carried: Any) -> list[dict[str, Any]]:
    """A phase whose every step sees all rows, so that their order within the batch is all that a seed changes."""
    from infra.engines.train.phase import run_phase

    folder.mkdir()
    rows = folder / "rows.jsonl"
    with rows.open("w") as file:
        for number in range(NUM_ROWS):
            messages = [{"role": "user", "content": f"{number}+1="}]
            file.write(json.dumps({"messages": messages, "completion": said(str(number + 1)), "weight": 1.0}) + "\n")
    optimizer = Optimizer(learning_rate=1e-2, batch_size=NUM_ROWS, max_steps=steps, warmup_share=0.25, weight_decay=0.1)
    request = TrainRequest(
        model=carried.pop("model", ModelFiles("base", base)),
        tune=tune,
        optimizer=optimizer,
        rows=rows,
        seed=carried.pop("seed", 0),
        **carried,
    )
    run_phase(request, folder, folder / "out", lambda _: None)
    return [json.loads(line) for line in (folder / "out/metrics.jsonl").read_text().splitlines()]


def weights_of(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    (file,) = [*folder.glob("out/adapter/*.safetensors"), *folder.glob("out/model/*.safetensors")]
    return load_file(file)


@pytest.mark.parametrize("tune", [FullWeights(), LORA], ids=["full", "lora"])
def test_two_carried_rounds_are_one_straight_training(base: Path, tmp_path: Path, tune: Tune) -> None:
    import torch

    straight = run(tmp_path / "straight", base, tune, 8, total_steps=8)
    first = run(tmp_path / "first", base, tune, 4, total_steps=8)
    out = tmp_path / "first/out"
    model = ModelFiles("round-1", base, out / "adapter") if tune is LORA else ModelFiles("round-1", out / "model")
    carried = {"total_steps": 8, "first_step": 4, "resume_state": out / "optimizer", "model": model, "seed": 1}
    second = run(tmp_path / "second", base, tune, 4, **carried)
    rates = [line["learning_rate"] for line in straight]
    assert [line["learning_rate"] for line in first + second] == rates
    assert rates.index(max(rates)) == 2  # a quarter of eight steps is warm-up, once
    assert [line["loss"] for line in first + second] == pytest.approx([line["loss"] for line in straight], abs=1e-5)
    expected, found = weights_of(tmp_path / "straight"), weights_of(tmp_path / "second")
    assert all(torch.allclose(found[name], tensor, atol=1e-5) for name, tensor in expected.items())
    restarted = run(tmp_path / "restarted", base, tune, 4, model=model, seed=1)  # the schedule begins again
    assert [line["learning_rate"] for line in restarted] != rates[4:]
    other = weights_of(tmp_path / "restarted")
    assert not all(torch.allclose(other[name], tensor, atol=1e-3) for name, tensor in expected.items())


def test_the_state_holds_tensors_and_plain_values_only(base: Path, tmp_path: Path) -> None:
    import torch

    run(tmp_path / "phase", base, LORA, 2, total_steps=8)
    folder = tmp_path / "phase/out/optimizer"
    optimizer = torch.load(folder / "optimizer.pt", weights_only=True)
    scheduler = torch.load(folder / "scheduler.pt", weights_only=True)
    assert {tuple(sorted(state)) for state in optimizer["state"].values()} == {("exp_avg", "exp_avg_sq", "step")}
    assert {float(state["step"]) for state in optimizer["state"].values()} == {2.0}
    assert scheduler["last_epoch"] == 2


def test_without_a_planned_schedule_nothing_is_carried(base: Path, tmp_path: Path) -> None:
    run(tmp_path / "phase", base, LORA, 2)
    assert sorted(path.name for path in (tmp_path / "phase/out").iterdir()) == [
        "adapter",
        "metrics.jsonl",
        "probe.json",
    ]


def test_a_state_of_another_step_or_another_model_is_refused(base: Path, tmp_path: Path) -> None:
    run(tmp_path / "first", base, LORA, 2, total_steps=8)
    state = tmp_path / "first/out/optimizer"
    with pytest.raises(EngineError, match="stands at step 2, and this round begins at step 4"):
        run(tmp_path / "late", base, LORA, 2, total_steps=8, first_step=4, resume_state=state)
    with pytest.raises(EngineError, match="the carried optimizer does not fit the model"):
        run(tmp_path / "full", base, FullWeights(), 2, total_steps=8, first_step=2, resume_state=state)
    wider = LORA.model_copy(update={"rank": 2 * LORA.rank})
    with pytest.raises(EngineError, match="does not fit the model: exp_avg has the shape"):
        run(tmp_path / "wider", base, wider, 2, total_steps=8, first_step=2, resume_state=state)
