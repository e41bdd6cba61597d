"""Training on several devices, and packed: every objective takes the steps of one device, whatever lies where."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from configs.errors import DeviceMemoryError, EngineError
from configs.schema.load import component_choices
from configs.schema.objective import Dpo, Kto, Objective, OfflinePg, Sft, SoftLabelDpo, Sppo, WeightedDpoNll
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.trainer import run_trainer
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

NUM_ROWS, BATCH = 11, 4
"""the last of an epoch's three steps has three rows, for two devices"""
OBJECTIVES: list[Any] = [
    Sft(), Sft(normalise="sequence_mean"), Dpo(), Dpo(loss="hinge"), WeightedDpoNll(), SoftLabelDpo(), Kto(), Sppo(),
    OfflinePg(), OfflinePg(normalise="two_means"),
]  # fmt: skip


def row_of(objective: Any, number: int) -> dict[str, Any]:
    """Texts of different lengths, weights that are not all 1, both labels in uneven order."""
    right, wrong = said("8" * (1 + number % 5)), said("3" * (1 + number % 3))
    row: dict[str, Any] = {"messages": [{"role": "user", "content": f"{number}+{'1' * (number % 4)}="}]}
    row["weight"] = 0.5 + number % 3
    if objective.rows == "pairs":
        chances = {"p_chosen": 0.5 + 0.04 * number, "p_rejected": 0.3, "p_over": 0.5 + 0.04 * number}
        return {**row, "chosen": right, "rejected": wrong, "soft_label": 0.6 + 0.03 * number, **chances}
    if objective.rows == "trajectories":
        return {**row, "completion": right, "advantages": [number - 4.5] if number % 4 else []}
    return {**row, "completion": right, "is_desirable": number % 3 == 0}


def train(objective: Any, base: Path, folder: Path, **optimizer: Any) -> list[dict[str, Any]]:
    folder.mkdir()
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row_of(objective, number)) + "\n" for number in range(NUM_ROWS)))
    request = make_request(
        ModelFiles("tiny", base), objective, rows, batch_size=BATCH, epochs=2.0, learning_rate=1e-3, **optimizer
    ).model_copy(update={"tune": Lora(rank=4, alpha=8)})
    report = run_trainer(request, work_dir=folder / "work", out_dir=folder / "out")
    lines = [json.loads(line) for line in (folder / "out/metrics.jsonl").read_text().splitlines()]
    assert (report.num_examples, report.num_steps) == (NUM_ROWS, len(lines)) == (NUM_ROWS, 6)
    return lines


def check_same(shared: list[dict[str, Any]], alone: list[dict[str, Any]]) -> None:
    for two, one in zip(shared, alone, strict=True):
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-5)
        assert two == pytest.approx(one, rel=1e-5, abs=1e-6), "rewards are differences, and may be 0"


@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_two_devices_and_packed_batches_take_the_steps_of_one(objective: Any, base: Path, tmp_path: Path) -> None:
    alone = train(objective, base, tmp_path / "alone")
    assert len({line["loss"] for line in alone}) == len(alone)
    check_same(train(objective, base, tmp_path / "shared", devices=("cpu", "cpu"), micro_batch_size=1), alone)
    packed = train(objective, base, tmp_path / "packed", batching="packed")
    for lines in (packed, alone):
        lines[0].pop("reward_accuracy", None)  # before the first step every margin is 0, and its sign is rounding
    check_same(packed, alone)
    if objective == Sft():
        check_same(train(objective, base, tmp_path / "wide", devices=("cpu", "cpu"), batching="packed"), alone)
        check_same(train(objective, base, tmp_path / "four", devices=("cpu",) * 4), alone)


def carried(base: Path, folder: Path, **optimizer: Any) -> tuple[list[float], dict[str, Any]]:
    """Losses of two rounds of full weights with one optimizer and schedule, and the weights at their end."""
    from safetensors.torch import load_file

    folder.mkdir()
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row_of(Sft(), number)) + "\n" for number in range(NUM_ROWS)))
    request = make_request(ModelFiles("tiny", base), Sft(), rows, batch_size=BATCH, max_steps=4, **optimizer)
    request = request.model_copy(update={"total_steps": 8})
    losses = []
    for number in range(2):
        out = folder / f"out-{number}"
        run_trainer(request, work_dir=folder / f"work-{number}", out_dir=out)
        losses += [json.loads(line)["loss"] for line in (out / "metrics.jsonl").read_text().splitlines()]
        goes_on = {"model": ModelFiles("tiny", out / "model"), "resume_state": out / "optimizer", "first_step": 4}
        request = request.model_copy(update=goes_on)
    return losses, load_file(folder / "out-1/model/model.safetensors")


def test_full_weights_and_their_optimizer_go_on_from_round_to_round(base: Path, tmp_path: Path) -> None:
    import torch

    alone, of_one = carried(base, tmp_path / "alone")
    shared, of_two = carried(base, tmp_path / "shared", devices=("cpu", "cpu"))
    assert shared == pytest.approx(alone, rel=1e-5)
    assert of_one.keys() == of_two.keys()
    assert all(torch.allclose(of_two[name], weights, atol=1e-5) for name, weights in of_one.items())


def test_attention_is_computed_as_it_is_called_on_one_device_and_on_two(base: Path, tmp_path: Path) -> None:
    plain = train(Sft(), base, tmp_path / "plain")
    eager = train(Sft(), base, tmp_path / "eager", attention="eager")
    check_same(eager, plain)
    assert [line["loss"] for line in eager] != [line["loss"] for line in plain], "in their last bits they differ"
    check_same(train(Sft(), base, tmp_path / "shared", devices=("cpu", "cpu"), attention="eager"), eager)
    with pytest.raises(EngineError, match="attention: flash_attention_2 cannot be had for tiny: ") as raised:
        train(Sft(), base, tmp_path / "flash", attention="flash_attention_2")
    assert "write attention: sdpa" in str(raised.value)


def test_every_objective_is_tried() -> None:
    assert {objective.kind for objective in OBJECTIVES} == set(component_choices(Objective))


def test_where_memory_is_too_small_fewer_examples_are_taken_at_a_time(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An interpreter whose memory is full without checkpointing, as a device's is with more than it holds."""
    answer = {"kind": "failed", "name": "DeviceMemoryError", "message": "the memory is too small", "fix": "less"}
    script = tmp_path / "python"
    script.write_text(
        f"""#!/bin/sh
case "$*" in
*fork_server*) exit 7;;
*train_program*) grep -q '"gradient_checkpointing": true' "$4" || {{ echo '{json.dumps(answer)}'; exit 1; }};;
esac
exec {sys.executable} "$@"
"""
    )
    script.chmod(0o755)
    alone = train(Sft(), base, tmp_path / "alone")
    monkeypatch.setenv("SELFLOOP_ENGINE_PYTHON", str(script))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    check_same(train(Sft(), base, tmp_path / "cut"), alone)
    told = [line for line in caplog.messages if "memory is too small" in line]
    assert [line.rpartition("goes on with ")[2].split()[0] for line in told] == ["2", "1", "1"]
    assert [line for line in told if "gradient_checkpointing" in line] == told[-1:]
    with pytest.raises(DeviceMemoryError, match="training of tiny: the memory is too small"):
        train(Sft(), base, tmp_path / "said", micro_batch_size=2, gradient_checkpointing=False)
