"""A training is asked for the same thing wherever it is done, and what it reports is the step's summary."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.schema.marks import as_written
from configs.schema.objective import Dpo
from configs.schema.train import Train
from infra.cluster.freight import Freight
from infra.cluster.node_cache import NodeCache
from infra.engines.errand import Errand, Luggage, OnProgress
from infra.engines.train.work import TrainWork
from tasks.core.answers import Answers
from tasks.core.local_model import OutsideWeights, StoredFolder, StoredModel
from tasks.core.progress import Silent
from tasks.core.refs import ModelRef
from tasks.core.scratch import Scratch
from tasks.core.step import StepSpec
from tasks.learn.run import Phase, Schedule, train_model
from tests.build.benches import make_ledger

REPORT = {
    "num_examples": 3, "num_too_long": 1, "num_tokens": 7, "num_steps": 4, "first_loss": 3.0, "last_loss": 1.0,
    "mean_loss": 2.0, "seconds": 5.0, "resumed_from_step": 0,
}  # fmt: skip


@dataclass
class Asking:
    """A home that trains nothing, and keeps what it was asked for."""

    errand: Errand | None = None

    def run(
        self, errand: Errand, work_dir: Path, out_dir: Path, on_progress: OnProgress | None = None
    ) -> dict[str, Any]:
        self.errand = errand
        assert on_progress is not None
        on_progress({"step": 1, "num_steps": 4, "loss": 0.5})
        return REPORT


def test_on_a_node_the_trainer_is_asked_for_what_it_is_asked_for_here(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    with ledger.scratch(StepSpec("mine", "train", 1, {})) as folder:
        for name in ("optimizer/optimizer.pt", "optimizer/scheduler.pt", "adapter/adapter_config.json"):
            (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "out" / name).write_text(f"content of {name}")
        step = ledger.publish(StepSpec("mine", "train", 1, {}), folder / "out", {}, 0.0)
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (outside / name).write_text("{}")
    model = ModelRef(name="some", digest="d" * 64, external=str(outside), adapter=step)
    base = ModelRef(name="base", digest="b" * 64, external=str(outside))
    outside_weights = OutsideWeights(ledger.store, "mine/cluster")
    source = StoredModel(ledger, lambda: model, outside_weights)
    reference = StoredModel(ledger, lambda: base, outside_weights)
    rows = tmp_path / "rows.jsonl"
    rows.write_text("{}\n")
    settings = Train(objective=Dpo(), max_steps=9, devices=("cuda:3",))
    schedule = Schedule(4, 2, 6, StoredFolder(ledger, step, "optimizer"))
    phase = Phase("key", source, "some", settings, Dpo(), 5, reference, "digest", schedule=schedule)
    home = Asking()
    bar = Silent().stage("")
    scratch = Scratch(tmp_path, tmp_path, bar, Answers(ledger, "mine/answers", 4, bar, as_written))
    summary = train_model(phase, rows, scratch, home)
    assert summary["end_step"] == 2 + 4 and summary["train_loss"] == 2.0 and summary["num_train_tokens"] == 7
    errand = home.errand
    assert errand is not None and isinstance(errand.work, TrainWork)
    here = errand.work.request(
        Luggage(
            {name: one.files() for name, one in errand.models.items()},
            {name: one.files() for name, one in errand.folders.items()},
            errand.files,
        )
    )
    cache = NodeCache(tmp_path / "node/models", ledger.store)
    freight = Freight(ledger.store, "mine/cluster/errands/key")
    freight.fetch(freight.send(tmp_path, errand.files.values()), tmp_path / "node")
    there = errand.work.elsewhere().request(
        Luggage(
            {name: cache.unpack(one.parcel()) for name, one in errand.models.items()},
            {name: cache.folder(one.parcel()) for name, one in errand.folders.items()},
            {"rows": tmp_path / "node/rows.jsonl"},
        )
    )
    assert there.fingerprint() == here.fingerprint(), "so that a checkpoint of one is a checkpoint of the other"
    assert (there.optimizer.max_steps, there.first_step, there.total_steps) == (4, 2, 6)
    assert here.optimizer.devices == ("cuda:3",) and there.optimizer.devices == ("cuda:0",)
    assert there.resume_state is not None and sorted(os.listdir(there.resume_state)) == ["optimizer.pt", "scheduler.pt"]
    assert there.reference is not None and there.reference.adapter is None and there.model.adapter is not None
    assert all(tmp_path / "node" in path.parents for path in (there.rows, there.resume_state, there.model.weights))
