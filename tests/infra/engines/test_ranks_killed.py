"""A process of a training on several devices is killed, or fails: all are gone at once, and the next run goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from tests.infra.engines.kill import contents, kill_and_go_on
from tests.infra.engines.training import make_request, said

pytestmark = pytest.mark.slow

GONE_SECONDS = 5.0
NUM_STEPS = 60
FLOW = """
import sys
from pathlib import Path
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
request = TrainRequest.model_validate_json(sys.argv[1])
run_trainer(request, work_dir=Path(sys.argv[2]), out_dir=Path(sys.argv[3]), on_progress=lambda line: print(flush=True))
"""


def phase(base: Path, folder: Path, **optimizer: Any) -> TrainRequest:
    """An epoch ends inside of a step: 22 rows in steps of 4, with dropout."""
    rows = folder / "rows.jsonl"
    with rows.open("w") as file:
        for number in range(22):
            messages = [{"role": "user", "content": f"{number}+1="}]
            row = {"messages": messages, "completion": said(str(number + 1)), "weight": 1.0 + number % 2}
            file.write(json.dumps(row) + "\n")
    settings = {"batch_size": 4, "epochs": 10.0, "devices": ("cpu", "cpu"), "checkpoint_seconds": 0.05, **optimizer}
    request = make_request(ModelFiles("tiny", base), None, rows, **settings)
    return request.model_copy(update={"tune": Lora(rank=4, alpha=8, dropout=0.1)})


def processes(work: Path, log: str = "log*.txt") -> list[int]:
    """Ids of all that write to a log of the training: its processes and their guards, whoever their parent is."""
    logs = {os.path.realpath(path) for path in work.glob(log)}
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            lives = (process / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
            if lives and os.readlink(process / "fd/2") in logs:
                found.append(int(process.name))
        except OSError:
            continue
    return sorted(found)


def wait_until_gone(work: Path, since: float) -> None:
    while left := processes(work):
        assert time.monotonic() - since < GONE_SECONDS, left
        time.sleep(0.02)


@pytest.fixture(scope="module")
def straight(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("straight")
    report = run_trainer(phase(base, folder), work_dir=folder / "work", out_dir=folder / "out")
    assert report.num_steps == NUM_STEPS
    return folder / "out"


def guard_of(work: Path) -> int:
    """The guard of the second process: the older of the two that write to its log."""
    return processes(work, "log-1.txt")[0]


def second_of(work: Path) -> int:
    return processes(work, "log-1.txt")[-1]


def first_of(work: Path) -> int:
    return processes(work, "log.txt")[-1]


@pytest.mark.parametrize("victim", [second_of, first_of, guard_of])
def test_the_end_of_one_ends_all_and_the_next_run_goes_on_to_the_same_bytes(
    base: Path, tmp_path: Path, straight: Path, victim: Callable[[Path], int]
) -> None:
    request, work, out = phase(base, tmp_path), tmp_path / "work", tmp_path / "out"
    killed: list[float] = []

    def kill(line: dict[str, Any]) -> None:
        if not killed and line["step"] < NUM_STEPS and any(work.glob("checkpoints/*/whole")):
            os.kill(victim(work), signal.SIGKILL)
            killed.append(time.monotonic())

    with pytest.raises(EngineError, match="killed by SIGKILL") as caught:
        run_trainer(request, work_dir=work, out_dir=out, on_progress=kill)
    assert time.monotonic() - killed[0] < GONE_SECONDS
    assert not processes(work)
    log = work / ("log.txt" if victim is first_of else "log-1.txt")
    assert str(log) in str(caught.value) and "of 2 ended" in caught.value.message
    resumed = run_trainer(request, work_dir=work, out_dir=out)
    assert 0 < resumed.resumed_from_step < NUM_STEPS
    assert contents(out) == contents(straight)


@pytest.mark.parametrize(("first", "then"), [(("cpu", "cpu"), ("cpu",)), (("cpu",), ("cpu", "cpu"))])
def test_a_killed_training_goes_on_on_other_devices(
    base: Path, tmp_path: Path, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    """Without dropout, whose numbers each device draws for itself, it ends as it would have."""
    request = phase(base, tmp_path, devices=first, checkpoint_seconds=0.3)
    request = request.model_copy(update={"tune": Lora(rank=4, alpha=8)})
    run_trainer(request, work_dir=tmp_path / "straight", out_dir=tmp_path / "whole")
    out = tmp_path / "out"
    assert kill_and_go_on(request, then, tmp_path / "work", out).resumed_from_step > 0
    for one, other in zip(*(losses(folder) for folder in (out, tmp_path / "whole")), strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_nothing_outlives_the_flow_and_the_next_one_goes_on_to_the_same_bytes(
    base: Path, tmp_path: Path, straight: Path
) -> None:
    request, work, out = phase(base, tmp_path), tmp_path / "work", tmp_path / "out"
    arguments = [request.model_dump_json(), str(work), str(out)]
    flow = subprocess.Popen([sys.executable, "-c", FLOW, *arguments], stdout=subprocess.PIPE)
    assert flow.stdout is not None
    while not any(work.glob("checkpoints/*/whole")):
        assert flow.stdout.readline(), "it ended before its first checkpoint"
    assert len(processes(work)) >= 4
    flow.kill()
    wait_until_gone(work, time.monotonic())
    flow.wait()
    resumed = run_trainer(request, work_dir=work, out_dir=out)
    assert resumed.resumed_from_step > 0
    assert contents(out) == contents(straight)


def test_one_that_fails_says_why_and_ends_all(base: Path, tmp_path: Path) -> None:
    request, work = phase(base, tmp_path, learning_rate=1e30), tmp_path / "work"
    with pytest.raises(EngineError, match=r"training of tiny: the loss is (nan|inf) at step \d+") as caught:
        run_trainer(request, work_dir=work, out_dir=tmp_path / "out")
    assert "learning_rate" in str(caught.value.fix)
    assert not processes(work)
    assert not (tmp_path / "out").exists()
