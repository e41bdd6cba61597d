"""Trainings that lie on several nodes: what ends one process ends all, its log is on the flow's machine, and they go on
on what nodes there are."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pytest

from configs.errors import DeviceMemoryError, EngineEndedError, EngineError
from infra.cluster.address import ClusterPlace
from infra.cluster.fleet import Fleet
from infra.engines.errand import Errand, Here, Luggage, OnProgress, Part, Saved, Wanted
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.learn.devices import cluster_needs
from tests.build.benches import make_ledger
from tests.build.records import make_recipe
from tests.flows.on_cluster import (
    ON_CLUSTER,
    last_of_training,
    processes_of_training,
    sessions_of,
    training,
    wait_until,
)  # fmt: skip
from tests.infra.cluster.machines import Machines
from tests.infra.engines.kill import contents
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow(minutes=5)
NUM_NODES = 2
SAVED = "micro/cluster/errands/some-step/saved.json"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("tiny"))


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_end_of_one_process_ends_all_and_the_next_run_goes_on(
    cluster: Machines, tiny: Path, tmp_path: Path
) -> None:
    """The log that the error names is here. What the first had sent is gone on from, to the bytes of one machine."""
    killed: list[float] = []
    ledger = make_ledger(tmp_path, guard=lambda: None)

    def kill_when_saved(line: dict[str, Any]) -> None:
        if not killed and ledger.store.read(SAVED):
            assert len({*processes_of_training(cluster).values()}) == 2, "two nodes"
            os.kill(last_of_training(cluster)[0], signal.SIGKILL)
            killed.append(time.monotonic())

    with Workbench(make_recipe(engine=ON_CLUSTER), ledger, tmp_path, cluster_address=cluster.address) as bench:
        errand = training(bench, tiny, tmp_path / "rows.jsonl", 2)
        straight = Here().run(errand, tmp_path / "work", tmp_path / "straight")
        home = bench.training_place()
        with pytest.raises(EngineEndedError, match="killed by SIGKILL") as caught:
            home.run(errand, tmp_path / "there", tmp_path / "out", kill_when_saved)
        assert wait_until(lambda: not processes_of_training(cluster), 5)
        assert time.monotonic() - killed[0] < 20
        log = tmp_path / "there/log-1.txt"
        assert log.exists() and (tmp_path / "there/log.txt").exists() and str(log) in str(caught.value)
        found = home.run(errand, tmp_path / "again", tmp_path / "out")
    assert found["resumed_from_step"] > 0 and found["num_steps"] == straight["num_steps"]
    assert contents(tmp_path / "out") == contents(tmp_path / "straight"), "the same bytes"


def test_where_no_node_is_left_for_all_they_go_on_with_fewer_devices(
    cluster: Machines, tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    killed: list[Path] = []
    ledger = make_ledger(tmp_path, guard=lambda: None)

    def kill_when_saved(line: dict[str, Any]) -> None:
        if not killed and ledger.store.read(SAVED):
            killed.append(last_of_training(cluster)[1])
            cluster.kill_at(killed[0])

    with Workbench(make_recipe(engine=ON_CLUSTER), ledger, tmp_path, cluster_address=cluster.address) as bench:
        errand = training(bench, tiny, tmp_path / "rows.jsonl", 2, dropout=0)
        Here().run(errand, tmp_path / "work", tmp_path / "straight")
        found = bench.training_place().run(errand, tmp_path / "there", tmp_path / "out", kill_when_saved)
    assert killed and found["resumed_from_step"] > 0
    assert "goes on from what was saved, in 1 place of 1 CPU" in caplog.text
    for one, other in zip(losses(tmp_path / "out"), losses(tmp_path / "straight"), strict=True):
        assert one == pytest.approx(other, rel=1e-4), "without dropout, whose numbers each device draws for itself"
    assert wait_until(lambda: not sessions_of(cluster), 20), sessions_of(cluster)


@dataclass(frozen=True)
class Holding:
    """Work on two nodes, the second of which can hold one example at a time; the first waits for it, for hours.

    Attributes:
        size: examples at a time.
    """

    size: int = 4
    part: Part | None = None
    what: str = "holding"

    def wanted(self, most: int) -> Wanted:
        return Wanted(2, on_gpus=False)

    def elsewhere(self, part: Part | None = None) -> Self:
        return replace(self, part=part)

    def tries(self) -> list[Self]:
        return [replace(self, size=size) for size in (4, 2, 1)]

    def on_fewer_devices(self) -> Iterator[Self]:
        return iter(())

    def do(self, luggage: Luggage, work_dir: Path, out_dir: Path, on_progress: OnProgress | None) -> dict[str, Any]:
        assert self.part is not None and self.part.count == 2
        if self.part.number == 0 and self.size > 1:
            time.sleep(10_000)
        if self.size > 1:
            raise DeviceMemoryError(f"{self.size} are too many; see {work_dir / 'log-1.txt'}", "write less")
        return {"size": self.size, "meeting": self.part.meeting}

    def saved(self, work_dir: Path) -> Saved | None:
        return None


def test_memory_that_is_too_small_on_one_node_has_all_begin_again_with_less(
    cluster: Machines, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the others notice nothing."""
    fleet = Fleet(ClusterPlace(cluster.address, FolderStore(tmp_path / "store"), "x/cluster"), print)
    try:
        found = fleet.errands.run(Errand("any", Holding(), {}), tmp_path / "work", tmp_path / "out")
    finally:
        fleet.close()
    assert found["size"] == 1 and int(found["meeting"].rpartition(":")[2]) > 0
    told = [message for message in caplog.messages if "too many" in message]
    assert [message.split()[0] for message in told] == ["4", "2"], "in turn"
    assert f"see {tmp_path / 'work/log-1.txt'}" in told[0], "what is called so on the node"


def test_more_devices_than_all_nodes_have_is_one_message(cluster: Machines, tmp_path: Path) -> None:
    fleet = Fleet(ClusterPlace(cluster.address, FolderStore(tmp_path / "store"), "x/cluster"), print)
    try:
        for tune, places, fix in (("lora", "3 places of 1 CPU", "fewer"), ("full", "1 place of 3 CPU", "on one node")):
            train = {"devices": ["cpu"] * 3, "batch_size": 3, "tune": {"kind": tune}}
            needs = cluster_needs(make_recipe(engine=ON_CLUSTER, train=train))
            own = [need for need in needs if need.field == "train.devices"]
            with pytest.raises(
                EngineError, match=rf"train\.devices: the cluster can never give {places}: it has"
            ) as told:
                fleet.require(own)
            assert fix in str(told.value.fix)
    finally:
        fleet.close()
