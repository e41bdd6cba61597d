"""Trainings whose processes lie on two machines: here two launchers that share nothing but an address."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.objective import Dpo, Kto, Sft
from configs.schema.train import Lora
from infra.engines.errand import Part
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.meeting import interface_of
from infra.engines.train.request import TrainReport, TrainRequest
from infra.engines.train.trainer import run_part, run_trainer
from infra.process.ports import waiting_port
from tests.infra.engines.kill import contents
from tests.infra.engines.test_ranks import NUM_ROWS, row_of
from tests.infra.engines.test_ranks_killed import GONE_SECONDS, NUM_STEPS, phase, processes, second_of
from tests.infra.engines.training import make_request

pytestmark = pytest.mark.slow


def parts_of(
    request: TrainRequest, folder: Path, on_progress: Any = None, num_here: int = 1
) -> tuple[TrainReport | None, Exception | None, Exception | None]:
    """What comes of two parts, each in a folder of its own: the first's report, or the error of each."""
    meeting = f"127.0.0.1:{waiting_port()}"
    optimizer = request.optimizer.model_copy(update={"devices": ("cpu",) * num_here})
    own = request.model_copy(update={"optimizer": optimizer})

    def begin(pool: ThreadPoolExecutor, number: int) -> Future[TrainReport | None]:
        work, out = folder / f"work-{number}", folder / f"out-{number}"
        told = on_progress if number == 0 else None
        part = Part(number, 2, meeting, "127.0.0.1")
        return pool.submit(run_part, own, part, work_dir=work, out_dir=out, on_progress=told)

    with ThreadPoolExecutor(2) as pool:
        first, second = begin(pool, 0), begin(pool, 1)
        failed, other = error_of(first), error_of(second)
    return None if failed else first.result(), failed, other


def error_of(part: Future[TrainReport | None]) -> Exception | None:
    error = part.exception()
    assert error is None or isinstance(error, Exception)
    return error


@pytest.mark.parametrize(("objective", "num_here"), [(Sft(), 2), (Dpo(), 1), (Kto(), 1)], ids=str)
def test_two_machines_take_the_steps_of_one(objective: Any, num_here: int, base: Path, tmp_path: Path) -> None:
    """With rows that one machine encodes for itself, a reference that all ask, and a last step that is short."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row_of(objective, number)) + "\n" for number in range(NUM_ROWS)))
    settings: dict[str, Any] = {
        "batch_size": 4,
        "epochs": 2.0,
        "learning_rate": 1e-3,
        "devices": ("cpu",) * num_here * 2,
    }
    request = make_request(ModelFiles("tiny", base), objective, rows, **settings)
    request = request.model_copy(update={"tune": Lora(rank=4, alpha=8)})
    alone = run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    report, *errors = parts_of(request, tmp_path, num_here=num_here)
    assert errors == [None, None] and report is not None
    found, wanted = (
        [json.loads(line) for line in (tmp_path / folder / "metrics.jsonl").read_text().splitlines()]
        for folder in ("out-0", "out")
    )
    assert len(found) == report.num_steps == 6 and report.num_tokens == alone.num_tokens
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-6)
    assert sorted(contents(tmp_path / "out-0")) == sorted(contents(tmp_path / "out"))
    assert not (tmp_path / "out-1").exists(), "the first alone has what comes of it"


def test_the_end_of_one_ends_both_and_they_go_on_from_what_the_first_saved(base: Path, tmp_path: Path) -> None:
    request = phase(base, tmp_path)
    run_trainer(request, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    work, killed = tmp_path / "work-0", []

    def kill(line: dict[str, Any]) -> None:
        if not killed and line["step"] < NUM_STEPS and any(work.glob("checkpoints/*/whole")):
            os.kill(second_of(tmp_path / "work-1"), signal.SIGKILL)
            killed.append(time.monotonic())

    _, first, second = parts_of(request, tmp_path, kill)
    assert time.monotonic() - killed[0] < GONE_SECONDS and isinstance(first, EngineError)
    assert isinstance(second, EngineError) and "killed by SIGKILL" in second.message
    assert str(tmp_path / "work-1/log-1.txt") in str(second) and not processes(work) + processes(tmp_path / "work-1")
    brought = {*os.listdir(work / "checkpoints")}
    shutil.rmtree(tmp_path / "work-1")
    shutil.copytree(work / "checkpoints", tmp_path / "work-1/checkpoints")  # as a cluster brings it to each node
    report, *errors = parts_of(request, tmp_path)
    assert errors == [None, None] and report is not None and report.resumed_from_step > 0
    assert {*os.listdir(tmp_path / "work-1/checkpoints")} <= brought, "the second keeps no part of one"
    assert contents(tmp_path / "out-0") == contents(tmp_path / "out"), "dropout of both goes on as it was"


def test_a_port_that_is_taken_is_one_message(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("", 0)) as taken:
        part = Part(0, 2, f"127.0.0.1:{taken.getsockname()[1]}", "127.0.0.1")
        request = phase(base, tmp_path, devices=("cpu",))
        with pytest.raises(
            EngineError, match=r"the machines of the training do not meet at 127\.0\.0\.1:\d+: "
        ) as told:
            run_part(request, part, work_dir=tmp_path / "work", out_dir=tmp_path / "out")
    assert "takes another port" in str(told.value.fix)


def test_the_interface_of_an_address() -> None:
    assert interface_of("127.0.0.1") == "lo" and interface_of("192.0.2.1") is None
