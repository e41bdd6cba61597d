"""A learner on several devices takes the steps of one, under every kernel, and the end of one process ends all."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from configs.errors import EngineEndedError, EngineError
from configs.schema.online.objectives import Cispo, Dapo, Grpo, Gspo, Nft, OnlineObjective, Ppo, Raft, Sdpo
from configs.schema.train import FullWeights, Lora, Train
from infra.engines.learn.learner import Learner
from infra.engines.learn.request import LearnRequest
from infra.engines.learn.rows import Span, StreamRow, write_rows
from infra.engines.learn.work import Here
from infra.engines.models.model_files import ModelFiles
from infra.store.files import sha256_of
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow
NUM_ROWS, NUM_WAVES = 11, 2
"""two steps share a wave: 11 rows fill 12 places, and 6 of them make two passes of 3 rows on one device"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", build_tiny_folder(tmp_path_factory.mktemp("tiny")))


def request(files: ModelFiles, objective: OnlineObjective, devices: tuple[str, ...], **fields: Any) -> LearnRequest:
    train = Train(
        objective=objective, max_steps=2 * NUM_WAVES, batch_size=3, learning_rate=1e-2, dtype="float32",
        warmup_share=0, checkpoint_seconds=0.001, devices=devices,
    )  # fmt: skip
    asked = LearnRequest(
        model=files, tune=FullWeights(), optimizer=train, seed=1, objective=objective, most_rows=NUM_ROWS,
        steps_per_wave=2, max_tokens=8, reference=files, total_steps=2 * NUM_WAVES,
    )  # fmt: skip
    return asked.model_copy(update=fields)


def spans_of(main: str, number: int, length: int) -> list[Span]:
    """What the kernels read, on parts of some rows; one row teaches nothing."""
    value = {"nft_weight": 1.0, "nll_weight": 1.0, "distil": 1.0}.get(main, number % 4 - 1.3)
    if number == 4:
        return []
    told: list[Span] = [(main, 0, length - number % 2, value), ("kl_weight", 0, length, 0.1 + number / 20)]
    if main == "nft_weight":
        told += [("nft_p", 0, length, 0.5), ("nft_right", 0, length, float(number % 2))]
    if main == "return":
        told += [("turn", 0, length, 0.0), ("pool", 0, length, float(number % 2))]
    if main != "nll_weight" and number == 5:
        told.append(("nll_weight", 0, 1, 0.5))
    return told


def rows_of(main: str) -> list[StreamRow]:
    """Rows of different lengths, whose log-probabilities are made up: the correction is left out."""
    lengths = [1 + (7 * number) % 5 for number in range(NUM_ROWS)]
    return [
        StreamRow([5, 6 + number % 3], [7 + (number + place) % 9 for place in range(length)], [-1.0] * length,
                  spans_of(main, number, length), [5, 6, 7 + number % 3] if main == "distil" else ())
        for number, length in enumerate(lengths)
    ]  # fmt: skip


def run(asked: LearnRequest, main: str, folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Lines of the metrics, and the weights at the end."""
    folder.mkdir()
    write_rows(folder / "rows.jsonl", rows_of(main))
    with Learner(Here(asked), folder / "work", folder / "out") as learner:
        while (wave := learner.wanted()) is not None:
            learner.train(folder / "rows.jsonl", wave + 5, 0.1)
    told = map(json.loads, (folder / "out/metrics.jsonl").read_text().splitlines())
    lines = [{name: number for name, number in line.items() if number is not None} for line in told]
    (weights,) = (folder / "out").glob("*/*model.safetensors")
    return lines, load_file(weights)


CASES: dict[str, tuple[str, OnlineObjective, dict[str, Any]]] = {
    "grpo": ("advantage", Grpo(correction="none", entropy_weight=0.01), {"compare_start_every": 2}),
    "adapter": ("advantage", Dapo(correction="none", kl_weight=0.1), {"tune": Lora(rank=4, alpha=8)}),
    "gspo": ("advantage", Gspo(correction="none"), {"inner_epochs": 1}),
    "cispo": ("advantage", Cispo(correction="none"), {}),
    "nft": ("nft_weight", Nft(correction="none", divisor=None), {}),
    "raft": ("nll_weight", Raft(correction="none", kl_weight=0.1), {}),
    "ppo": ("return", Ppo(correction="none", gae_lambda=0.9, kl_token_reward=0.1, value_first_steps=1), {}),
    "sdpo": ("distil", Sdpo(correction="none"), {"has_moving_copy": True}),
}


@pytest.mark.parametrize("case", CASES)
def test_two_devices_take_the_steps_of_one(case: str, files: ModelFiles, tmp_path: Path) -> None:
    main, objective, fields = CASES[case]
    alone, weights = run(request(files, objective, ("cpu",), **fields), main, tmp_path / "alone")
    assert len({line["loss"] for line in alone}) == len(alone) == 2 * NUM_WAVES
    devices = [("cpu",) * 2, ("cpu",) * 3] if case == "grpo" else [("cpu",) * 2]
    for several in devices:
        folder = tmp_path / f"on-{len(several)}"
        shared, found = run(request(files, objective, several, **fields), main, folder)
        for many, one in zip(shared, alone, strict=True):
            assert many["loss"] == pytest.approx(one["loss"], rel=1e-5)
            assert many == pytest.approx(one, rel=1e-5, abs=1e-6)
        assert found.keys() == weights.keys()
        assert max(float(abs(found[name] - weights[name]).max()) for name in weights) < 1e-5
        assert (folder / "work/learner-1.log").exists()


def gone(learner: Learner, seconds: float) -> bool:
    """Whether no process of any rank is left, after so many seconds at most."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(is_gone(one.source.pid) for one in learner._ranks._all):
            return True
        time.sleep(0.02)
    return False


def is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("case", ["grpo", "ppo"])
def test_the_end_of_one_ends_all_and_what_resumes_ends_with_the_same_bytes(
    case: str, files: ModelFiles, tmp_path: Path
) -> None:
    main, objective, fields = CASES[case]
    asked = request(files, objective, ("cpu", "cpu"), **fields, has_moving_copy=case == "ppo")
    rank, kill = (1, os.kill) if case == "grpo" else (0, os.killpg)
    run(asked, main, tmp_path / "straight")
    folder = tmp_path / "killed"
    folder.mkdir()
    write_rows(folder / "rows.jsonl", rows_of(main))
    learner = Learner(Here(asked), folder / "work", folder / "out")
    with learner, pytest.raises(EngineEndedError, match=f"process {rank} of 2: killed by SIGKILL"):
        while (wave := learner.wanted()) is not None:
            learner.train(folder / "rows.jsonl", wave + 5, 0.1)
            if wave == 1:
                kill(learner._ranks._all[rank].source.pid, signal.SIGKILL)
                assert gone(learner, 5)
    assert learner.report is None
    again = Learner(Here(asked.model_copy(update={"num_known_waves": 2})), folder / "work", folder / "out")
    with again:
        while (wave := again.wanted()) is not None:
            again.train(folder / "rows.jsonl", wave + 5, 0.1)
    assert again.report is not None and again.report.resumed_from_step == 2
    assert digests(folder / "out") == digests(tmp_path / "straight/out")


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_of(path) for path in folder.rglob("*") if path.is_file()}


def test_one_that_ends_while_nobody_asks_ends_all_too(files: ModelFiles, tmp_path: Path) -> None:
    """Judges may take hours: until then nothing may be left of the others."""
    with Learner(Here(request(files, Dapo(), ("cpu", "cpu"))), tmp_path / "work", tmp_path / "out") as learner:
        assert learner.wanted() == 0
        os.killpg(learner._ranks._all[1].source.pid, signal.SIGKILL)
        assert gone(learner, 5)
        with pytest.raises(EngineEndedError, match="process 1 of 2: killed by SIGKILL"):
            learner.export(tmp_path / "live")


def test_what_one_of_them_cannot_do_is_told_and_ends_all(files: ModelFiles, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    with Learner(Here(request(files, Dapo(), ("cpu", "cpu"))), tmp_path / "work", tmp_path / "out") as learner:
        assert learner.wanted() == 0
        write_rows(rows, [StreamRow([5, 6], [7, 8], [-1.0, -1.0], [("advantage", 0, 2, float("inf"))])])
        learner.train(rows, 5)
        with pytest.raises(EngineError, match=r"the loss is .* at step 1"):
            learner.wanted()
        assert gone(learner, 5)
