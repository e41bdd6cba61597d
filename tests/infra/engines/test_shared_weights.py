"""Full weights that several devices share: steps and model are those of one device, each has its part, all resumes."""

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

from configs.errors import EngineError
from configs.schema.objective import Dpo, Kto, Objective, Sft
from configs.schema.train import FullWeights
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tests.infra.engines.kill import contents, kill_and_go_on
from tests.infra.engines.test_ranks import NUM_ROWS, check_same, row_of
from tests.infra.engines.test_ranks_killed import GONE_SECONDS, NUM_STEPS, losses, phase, processes, second_of
from tests.infra.engines.training import make_request

pytestmark = pytest.mark.slow

TWO = ("cpu", "cpu")


@pytest.fixture(scope="module")
def tied(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with one matrix as embedding and as head."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = tmp_path_factory.mktemp("tied") / "model"
    shutil.copytree(base, folder)
    config = AutoConfig.from_pretrained(base)
    config.tie_word_embeddings = True
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def full_request(objective: Any, model: Path, folder: Path, **optimizer: Any) -> TrainRequest:
    folder.mkdir()
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row_of(objective, number)) + "\n" for number in range(NUM_ROWS)))
    settings = {"batch_size": 4, "epochs": 2.0, "learning_rate": 1e-3, **optimizer}
    return make_request(ModelFiles("tiny", model), objective, rows, **settings)


def train(objective: Any, model: Path, folder: Path, **optimizer: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Lines of metrics, and the weights of the model that is written."""
    from safetensors.torch import load_file

    run_trainer(full_request(objective, model, folder, **optimizer), work_dir=folder / "work", out_dir=folder / "out")
    lines = [json.loads(line) for line in (folder / "out/metrics.jsonl").read_text().splitlines()]
    return lines, load_file(folder / "out/model/model.safetensors")


@pytest.mark.parametrize(
    ("objective", "model", "settings"),
    [
        (Sft(), "base", {}),
        (Dpo(), "tied", {"batching": "packed"}),
        (Kto(), "base", {"gradient_checkpointing": True}),
    ],
    ids=["sft", "dpo", "kto"],
)
def test_devices_that_share_weights_take_the_steps_of_one(
    objective: Objective, model: str, settings: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    import torch

    files: Path = request.getfixturevalue(model)
    alone, of_one = train(objective, files, tmp_path / "alone")
    shared, of_two = train(objective, files, tmp_path / "shared", devices=TWO, micro_batch_size=1, **settings)
    for line in (*alone, *shared):
        if abs(line.get("reward_margin", 1)) < 1e-6:  # until weights have moved every margin is 0, its sign rounding
            line.pop("reward_accuracy", None)
    check_same(shared, alone)
    assert of_one.keys() == of_two.keys()
    assert all(torch.allclose(of_two[name], weights, atol=1e-5) for name, weights in of_one.items())
    written = [{str(path.relative_to(tmp_path / name)) for path in (tmp_path / name).rglob("out/**/*")}
               for name in ("alone", "shared")]  # fmt: skip
    assert written[0] == written[1]


def test_in_bfloat16_a_reference_that_is_the_start_still_gives_rewards_of_0(base: Path, tmp_path: Path) -> None:
    alone, _ = train(Dpo(), base, tmp_path / "alone", dtype="bfloat16")
    shared, of_two = train(Dpo(), base, tmp_path / "shared", devices=TWO, dtype="bfloat16")
    assert shared[0]["reward_margin"] == pytest.approx(0, abs=1e-3)
    assert [line["loss"] for line in shared] == pytest.approx([line["loss"] for line in alone], rel=0.05)
    assert {str(weights.dtype) for weights in of_two.values()} == {"torch.float32"}, "as the base was published"


def held_by(base: Path, folder: Path, num_devices: int) -> list[dict[str, Any]]:
    devices = ("cpu",) * num_devices
    request = full_request(Sft(), base, folder, devices=devices, epochs=1.0)
    (folder / "request.json").write_text(request.model_dump_json())
    command = [sys.executable, "-m", "tests.infra.engines.shared_bytes"]
    places = [str(folder / name) for name in ("meeting", "request.json", "work")]
    started = [
        subprocess.Popen([*command, str(number), str(num_devices), *places], stdout=subprocess.PIPE, text=True)
        for number in range(num_devices)
    ]
    return [json.loads(process.communicate()[0].splitlines()[-1]) for process in started]


def test_each_of_two_devices_holds_half(base: Path, tmp_path: Path) -> None:
    (alone,) = held_by(base, tmp_path / "alone", 1)
    whole = alone["whole"]
    assert alone["held"] == {"weights": whole, "gradients": whole, "moments": 2 * whole}
    both = held_by(base, tmp_path / "shared", 2)
    for held in (device["held"] for device in both):
        assert held["moments"] == 2 * held["weights"] == 2 * held["gradients"]
        assert held["weights"] == pytest.approx(whole / 2, rel=0.02), "a matrix of 75 rows is cut into 38 and 37"
    assert sum(device["held"]["weights"] for device in both) == whole
    assert [device["loads"] for device in both] == [1, 0], "the first reads the weights, and sends the other its part"


def full_phase(model: Path, folder: Path, **optimizer: Any) -> TrainRequest:
    return phase(model, folder, **{"checkpoint_seconds": 0.3, **optimizer}).model_copy(update={"tune": FullWeights()})


@pytest.fixture(scope="module")
def straight(tied: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a training on two devices ends with that nobody disturbs."""
    folder = tmp_path_factory.mktemp("straight")
    run_trainer(full_phase(tied, folder, checkpoint_seconds=1000), work_dir=folder / "work", out_dir=folder / "out")
    return folder / "out"


def test_the_end_of_one_ends_all_and_the_next_run_goes_on_to_the_same_bytes(
    tied: Path, straight: Path, tmp_path: Path
) -> None:
    request = full_phase(tied, tmp_path)
    work, out = tmp_path / "work", tmp_path / "out"
    killed: list[float] = []

    def kill(line: dict[str, Any]) -> None:
        if not killed and line["step"] < NUM_STEPS and any(work.glob("checkpoints/*/whole")):
            os.kill(second_of(work), signal.SIGKILL)
            killed.append(time.monotonic())

    with pytest.raises(EngineError, match="killed by SIGKILL"):
        run_trainer(request, work_dir=work, out_dir=out, on_progress=kill)
    assert time.monotonic() - killed[0] < GONE_SECONDS
    assert not processes(work)
    (checkpoint,) = work.glob("checkpoints/*/whole")
    assert len(list(checkpoint.parent.glob("parts/*.distcp"))) == 2, "each wrote its part"
    resumed = run_trainer(request, work_dir=work, out_dir=out)
    assert 0 < resumed.resumed_from_step < NUM_STEPS
    assert contents(out) == contents(straight)


@pytest.mark.parametrize(("first", "then"), [(TWO, ("cpu",)), (("cpu",), TWO)])
def test_a_killed_training_goes_on_on_other_devices(
    tied: Path, straight: Path, tmp_path: Path, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    request = full_phase(tied, tmp_path, devices=first)
    out = tmp_path / "out"
    assert kill_and_go_on(request, then, tmp_path / "work", out).resumed_from_step > 0
    for one, other in zip(*(losses(folder) for folder in (out, straight)), strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_what_cannot_be_shared_is_told(base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from infra.engines.train.shared_weights import share_weights

    model = AutoModelForCausalLM.from_pretrained(base)
    model.model.layers[1].mlp = model.model.layers[0].mlp
    with pytest.raises(EngineError, match=r"the weights of tiny cannot be shared .* weights in common") as caught:
        share_weights(lambda: model, lambda: model, torch.float32, "tiny")
    assert "one device" in str(caught.value.fix)
    model.scale = torch.nn.Parameter(torch.tensor(1.0))
    with pytest.raises(EngineError, match="a single number"):
        share_weights(lambda: model, lambda: model, torch.float32, "tiny")
