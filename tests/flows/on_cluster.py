"""Work on the nodes of a cluster of `tests/infra/cluster/machines.py`, for tests."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from configs.schema.objective import Sft
from configs.schema.train import Lora, Optimizer
from infra.cluster.node_cache import FOLDER_VARIABLE
from infra.engines.errand import Errand
from infra.engines.train.work import MODEL, ROWS, TrainWork
from tasks.core.bench import Workbench
from tasks.core.refs import ModelRef
from tests.flows.micro import processes_of
from tests.infra.cluster.machines import Machines
from tests.infra.engines.training import said

HERE = {"kind": "transformers", "batch_size": 16}
ON_CLUSTER = HERE | {"hosts": "ray"}


def sessions_of(cluster: Machines) -> list[str]:
    """What runs on the nodes beside Ray itself."""
    return [one.command for one in processes_of(cluster.folder) if "infra" in one.command or "Home" in one.command]


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def training(bench: Workbench, base: Path, rows: Path, num_devices: int, dropout: float = 0.1) -> Errand:
    """Of some processes, with an epoch that ends inside of a step, dropout, and checkpoints."""
    with rows.open("w") as file:
        for number in range(22):
            messages = [{"role": "user", "content": f"{number}+1="}]
            row = {"messages": messages, "completion": said(str(number + 1)), "weight": 1.0 + number % 2}
            file.write(json.dumps(row) + "\n")
    optimizer = Optimizer(
        learning_rate=1e-2, batch_size=4, epochs=20.0, devices=("cpu",) * num_devices, checkpoint_seconds=0.1
    )
    work = TrainWork("tiny", Lora(rank=4, alpha=8, dropout=dropout), optimizer, Sft(), 0, "", {}, None, 0)
    model = ModelRef(name="tiny", digest="f" * 64, external=str(base))
    return Errand("some-step", work, {MODEL: bench.source(lambda: model)}, files={ROWS: rows})


def on_nodes(cluster: Machines, *programs: str) -> dict[int, Path]:
    """Processes of these programs, and the folders of their nodes; none that ends meanwhile."""
    found = {}
    for process in processes_of(cluster.folder):
        if process.name in programs:
            with contextlib.suppress(psutil.NoSuchProcess):
                found[process.pid] = Path(psutil.Process(process.pid).environ()[FOLDER_VARIABLE])
    return found


def processes_of_training(cluster: Machines) -> dict[int, Path]:
    """Those that train, and the folders of their nodes."""
    return on_nodes(cluster, "train_program")


def last_of_training(cluster: Machines) -> tuple[int, Path]:
    """The process of a training that has the highest number, and its node: never the one that has a checkpoint, unless
    it trains alone."""
    found = processes_of_training(cluster)
    assert found, "it does not run beside the flow"
    return max(found.items(), key=lambda one: not any(one[1].glob("work/*/work/checkpoints/*/whole")))
