"""Segments whose learner is on a node: bytes as on the flow's machine, whatever is lost or killed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineEndedError
from configs.schema.engine import TransformersEngine
from infra.cluster.address import ClusterPlace
from infra.cluster.fleet import Fleet
from infra.cluster.group import Groups
from infra.cluster.parcel import ModelParcel
from infra.cluster.shape import Need, Shape
from infra.engines.learn.learner import Learner
from infra.store.folder import FolderStore
from tests.flows.on_cluster import HERE, ON_CLUSTER, on_nodes, sessions_of, wait_until
from tests.flows.segments import digests, monkeypatched, run_rounds, segment_recipe
from tests.infra.cluster.machines import Machines

pytestmark = pytest.mark.slow(minutes=6)
NUM_NODES = 2
WAVES = 4
TREE = segment_recipe(steps=WAVES, rounds=2, engine=HERE)
THERE = segment_recipe(steps=WAVES, rounds=2, engine=ON_CLUSTER)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the baseline."""
    folder = tmp_path_factory.mktemp("begun")
    run_rounds(folder, TREE, rounds=0)
    return folder


@pytest.fixture(scope="module")
def straight(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rounds on the flow's machine, the second of which goes on with the first's optimizer."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    shutil.copytree(begun, folder)
    run_rounds(folder, TREE)
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


def learners(cluster: Machines) -> dict[int, Path]:
    """Those that run on nodes, and the folders of these."""
    return on_nodes(cluster, "learner_program")


def assert_as(straight: Path, folder: Path, rounds: int = 2) -> None:
    for number in range(1, rounds + 1):
        assert digests(folder, number) == digests(straight, number)
    left = [path for path in (folder / "store/micro/cluster/errands").rglob("*") if path.is_file()]
    assert not left, "what went there and back is gone"


def test_a_node_that_is_lost_costs_no_byte(cluster: Machines, straight: Path, folder: Path) -> None:
    """It had checkpoints; the second learner is on the other node, and the round after that goes on from there."""
    lost: list[Path] = []

    def lose_its_node(_: Any) -> None:
        saved = folder / "store/micro/cluster/errands"
        assert wait_until(lambda: bool(list(saved.glob("*/saved.json"))), 30)
        lost.extend(learners(cluster).values())
        cluster.kill_at(lost[0])

    with monkeypatched(Learner, "train", 3, lose_its_node):
        run_rounds(folder, THERE, cluster=cluster.address)
    assert len(lost) == 1
    assert_as(straight, folder)
    assert wait_until(lambda: not sessions_of(cluster), 20)


LORA = {"kind": "lora", "rank": 4, "alpha": 32}


@pytest.mark.parametrize(
    ("tune", "rounds"),
    [
        pytest.param({"kind": "full"}, 2, id="full"),
        pytest.param(LORA, 1, id="lora", marks=pytest.mark.nightly),
    ],
)
def test_sessions_beside_it_are_on_nodes_too(
    cluster: Machines, begun: Path, folder: Path, tmp_path: Path, tune: dict[str, Any], rounds: int
) -> None:
    """Their weights come through the store, and make the bytes that files of this machine make. The second segment
    comes after an evaluation that had all nodes."""
    beside = {"train": {"tune": tune}, "online": {"sampler": {"where": "session"}}}
    here = tmp_path / "here"
    shutil.copytree(begun, here)
    run_rounds(here, segment_recipe(steps=2, rounds=rounds, engine=HERE, **beside))
    found: list[dict[int, Path]] = []

    def look(_: Any) -> None:
        found.extend((learners(cluster), on_nodes(cluster, "session_program")))

    with monkeypatched(Learner, "train", 2, look):
        run_rounds(folder, segment_recipe(steps=2, rounds=rounds, engine=ON_CLUSTER, **beside), cluster=cluster.address)
    assert list(map(len, found)) == [1, 1] and set(found[0].values()) != set(found[1].values()), found
    assert_as(here, folder, rounds)


def test_all_devices_are_those_that_no_learner_has(cluster: Machines, tmp_path: Path) -> None:
    """For a model that judges a segment: it would wait for ever for places that its own run holds."""
    groups = Groups(20, print)
    fleet = Fleet(ClusterPlace(cluster.address, FolderStore(tmp_path / "store"), "x/cluster"), print)
    fleet._groups = groups
    try:
        everything = TransformersEngine(devices=("auto",), hosts="ray")
        model = ModelParcel((), settings={"name": "judge"})
        place = groups.take(Need("train.devices", lambda nodes: Shape(1, 1, 0)))
        assert fleet.open_pool(everything, model, tmp_path / "work").num_sessions == 1
        groups.give_back(place)
        assert fleet.open_pool(everything, model, tmp_path / "work").num_sessions == 2
    finally:
        fleet.close()


def test_a_learner_that_is_killed_there_is_told_with_its_log_here(
    cluster: Machines, straight: Path, folder: Path
) -> None:
    def kill(_: Any) -> None:
        (pid,) = learners(cluster)
        os.kill(pid, signal.SIGKILL)

    with (
        monkeypatched(Learner, "train", 2, kill),
        pytest.raises(EngineEndedError, match=r"on node .* killed by SIGKILL") as caught,
    ):
        run_rounds(folder, THERE, 1, cluster.address)
    (log,) = (folder / "work").rglob("learner.log")
    assert str(log) in str(caught.value) and "same command again" in str(caught.value.fix)
    run_rounds(folder, THERE, 1, cluster.address)
    assert_as(straight, folder, 1)


def test_a_flow_that_is_killed_leaves_no_learner_and_goes_on(
    cluster: Machines, straight: Path, folder: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps(THERE))
    command = [sys.executable, "-m", "tests.flows.segments", str(folder), str(recipe), "1", cluster.address]
    with (tmp_path / "log.txt").open("wb") as log:
        run = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=log, stderr=log)
        try:
            waves = folder / "store/micro/round-001/segment"
            assert wait_until(lambda: bool(learners(cluster)) and bool(list(waves.glob("*/wave*"))), 240), (
                tmp_path / "log.txt"
            ).read_text()
        finally:
            run.kill()
            run.wait()
    assert wait_until(lambda: not sessions_of(cluster), 20), sessions_of(cluster)
    run_rounds(folder, THERE, 1, cluster.address)
    assert_as(straight, folder, 1)
