"""Sessions, trainings and verifiers on the nodes of a Ray cluster: what comes of them is what comes of this machine,
whatever happens to nodes."""

from __future__ import annotations

import logging
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError, UserError
from configs.schema.engine import TransformersEngine
from flows.run.experiment import open_workbench
from flows.services.addresses import Addresses
from infra.cluster.address import SECONDS_VARIABLE, ClusterPlace
from infra.cluster.fleet import Fleet
from infra.cluster.fleet_pool import FleetPool
from infra.cluster.greeting import Greeting
from infra.cluster.group import Groups
from infra.cluster.parcel import ModelParcel
from infra.cluster.shape import Need, Nodes, Shape, shape_of
from infra.engines.errand import Here
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.progress import Silent
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.judge.task import judge
from tasks.sample.task import generate
from tests.build.benches import make_ledger, publish
from tests.build.judging import make_problems
from tests.build.records import make_recipe
from tests.flows.micro import SELFLOOP, environment, micro_recipe, processes_of, write_recipe
from tests.flows.on_cluster import HERE, ON_CLUSTER, last_of_training, sessions_of, training, wait_until
from tests.infra.cluster.machines import Machines
from tests.infra.engines.kill import contents
from tests.infra.engines.shards import answers, shard
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow(minutes=6)
NUM_NODES = 3
NUM_PROBLEMS, NUM_SAMPLES = 60, 16
BY_MATH = [{"kind": "answer", "verifier": {"kind": "math"}}]
"""a rule that looks at samples on nodes, while others are drawn"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("tiny"))


def places(number: int) -> Need:
    return Need("engine.devices", lambda nodes: Shape(number, 1, 0))


def runs(cluster: Machines, *programs: str) -> bool:
    found = processes_of(cluster.folder)
    return all(any(program == one.name or program in one.command for one in found) for program in programs)


def test_a_flow_that_is_killed_leaves_nothing_on_the_nodes(cluster: Machines, tmp_path: Path, prefect_url: str) -> None:
    """While a node trains, and then, when it has gone on from there, while two of them draw and all verify."""
    recipe = write_recipe(tmp_path, micro_recipe(engine=ON_CLUSTER | {"devices": ["cpu", "cpu"]}, judge=BY_MATH))
    env = environment(tmp_path / "home", PREFECT_API_URL=prefect_url, RAY_ADDRESS=cluster.address)
    for programs in (("train_program",), ("session_program", "template_server")):
        with (tmp_path / "log.txt").open("wb") as log:
            run = subprocess.Popen([SELFLOOP, "run", recipe], cwd=tmp_path, env=env, stdout=log, stderr=log)
            try:
                assert wait_until(partial(runs, cluster, *programs), 240), (tmp_path / "log.txt").read_text()
            finally:
                run.kill()
                run.wait()
        assert wait_until(lambda: not sessions_of(cluster), 20), sessions_of(cluster)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def test_more_places_than_there_are_is_one_message(
    cluster: Machines, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECONDS_VARIABLE, "1")
    fleet = Fleet(ClusterPlace(cluster.address, store, "x/cluster"), print)
    try:
        engine = TransformersEngine(devices=("cpu",) * 9, hosts="ray")
        pool = fleet.open_pool(engine, ModelParcel((), settings={"name": "any"}), tmp_path / "work")
        with pytest.raises(EngineError, match="has not given 9 places of 1 CPU within 1 s: it has 4 nodes") as caught:
            answers(pool, shard(1))
        assert "write fewer engine.devices" in str(caught.value.fix)
        monkeypatch.delenv(SECONDS_VARIABLE)
        fleet.require([Need("engine.devices", lambda nodes: Shape(3, 1, 0))])
        with pytest.raises(EngineError, match=r"train\.devices: the cluster can never give 1 place of 1 CPU and 1 GPU"):
            fleet.require([Need("train.devices", lambda nodes: Shape(1, 1, 1))])
        recipe = make_recipe(engine=ON_CLUSTER | {"devices": ["cpu"] * 9})
        addresses = Addresses(tmp_path / "home", store.uri, "", None, cluster.address)
        with (
            pytest.raises(
                EngineError, match=r"engine\.devices: the cluster can never give 9 places of 1 CPU: it has 4"
            ),
            open_workbench(recipe, addresses, tmp_path, Silent()),
        ):
            pass
        assert not list(store.keys("micro/recipe")), "the run has not begun"
    finally:
        fleet.close()


def test_a_training_takes_a_place_of_the_sessions_and_leaves_it_to_them(
    cluster: Machines, store: FolderStore, tmp_path: Path
) -> None:
    fleet = Fleet(ClusterPlace(cluster.address, store, "x/cluster"), print)
    groups = Groups(30, print)
    try:
        of_sessions = groups.take(places(2))
        groups.give_back(of_sessions)
        of_training = groups.take_for(places(1))
        assert of_training.group == of_sessions.group and of_training.options()["num_gpus"] == 0
        beside = groups.take_for(places(1))
        assert beside.group != of_sessions.group and beside.shape == Shape(1, 1, 0), "that one is taken"
        groups.give_back(of_training)
        assert groups.take(places(2)).group == of_sessions.group
    finally:
        groups.close()
        fleet.close()


def test_a_node_that_is_lost_before_its_places_are_given_is_not_waited_for(
    cluster: Machines, tiny: Path, tmp_path: Path
) -> None:
    """Ray tells of it as of a living one for some seconds, and all devices are then more than there ever will be."""
    ledger = make_ledger(tmp_path, guard=lambda: None)
    engine = TransformersEngine(devices=("auto",), hosts="ray")
    asked: list[Shape] = []

    def all_of_them(found: Nodes) -> Shape:
        asked.append(shape_of(engine, found))
        if len(asked) == 2:  # when the places are taken
            cluster.kill()
        return asked[-1]

    with Workbench(make_recipe(engine=ON_CLUSTER), ledger, tmp_path, cluster_address=cluster.address) as bench:
        model = bench.source(lambda: ModelRef(name="tiny", digest="f" * 64, external=str(tiny))).parcel()
        fleet = Fleet(ClusterPlace(cluster.address, ledger.store, "micro/other"), print)
        need = Need("engine.devices", all_of_them)
        pool = FleetPool(engine, model, tmp_path / "work", need, fleet._groups, fleet._greeting)
        try:
            assert pool.num_sessions == 3
            assert len(answers(pool, shard(4))["shard-4"]) == 15 and pool.num_sessions == 2
        finally:
            pool.close()
            fleet.close()
    assert [shape.num_places for shape in asked][:2] == [3, 3] and asked[-1].num_places == 2


def test_a_node_of_another_version_is_one_message(cluster: Machines, store: FolderStore, tmp_path: Path) -> None:
    fleet = Fleet(ClusterPlace(cluster.address, store, "x/cluster"), print)
    other = Greeting("0.0.1-abcdefabcdef", store.uri, "x/cluster/word", "word")
    groups = Groups(30, print)
    engine = TransformersEngine(hosts="ray")
    pool = FleetPool(engine, ModelParcel((), settings={"name": "any"}), tmp_path, places(1), groups, other)
    try:
        with pytest.raises(
            UserError, match=r"node .* has another version of selfloop, .*; this run has 0.0.1-abcdefab"
        ):
            answers(pool, shard(1))
    finally:
        pool.close()
        groups.close()
        fleet.close()


@pytest.mark.parametrize("num_nodes", [pytest.param(1, marks=pytest.mark.nightly), 2])
def test_a_training_whose_node_is_killed_ends_on_others_as_on_this_machine(
    cluster: Machines, tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, num_nodes: int
) -> None:
    """On two nodes of one CPU two processes of one training, as many as on this machine; the second is killed."""
    lines, killed = [], []
    ledger = make_ledger(tmp_path, guard=lambda: None)

    def kill_when_saved(line: dict[str, Any]) -> None:
        lines.append(line)
        if not killed and ledger.store.read("micro/cluster/errands/some-step/saved.json"):
            _, folder = last_of_training(cluster)
            killed.append(folder)
            cluster.kill_at(folder)

    recipe = make_recipe(engine=ON_CLUSTER)
    with (
        caplog.at_level(logging.WARNING),
        Workbench(recipe, ledger, tmp_path, cluster_address=cluster.address) as bench,
    ):
        errand = training(bench, tiny, tmp_path / "rows.jsonl", num_nodes)
        straight = Here().run(errand, tmp_path / "work", tmp_path / "straight")
        home = bench.training_place()
        found = home.run(errand, tmp_path / "there", tmp_path / "out", kill_when_saved)
    assert killed and "lost its machine" in caplog.text
    assert found["resumed_from_step"] > 0, "it went on from what had come back"
    assert contents(tmp_path / "out") == contents(tmp_path / "straight"), "the same bytes"
    same = {name: value for name, value in found.items() if name not in ("seconds", "resumed_from_step")}
    assert same.items() <= straight.items() and lines[-1]["step"] == lines[-1]["num_steps"] == found["num_steps"]
    assert [*ledger.store.keys("micro/cluster/errands/")] == [], "nothing of it is left in the store"
    assert wait_until(lambda: not sessions_of(cluster), 20), sessions_of(cluster)


class Killing(Silent):
    """Takes nodes away while a stage runs: one of three, for which another one comes, and later the other two."""

    def __init__(self, cluster: Machines, num_answers: int) -> None:
        self._cluster, self._num_answers = cluster, num_answers
        self.num_killed = 0

    def stage(self, label: str) -> Killing:
        return self

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        if done > self._num_answers * 0.2 and self.num_killed == 0:
            self._cluster.kill()
            self._cluster.add(wait=False)
            self.num_killed = 1
        if done > self._num_answers * 0.6 and self.num_killed == 1:
            self._cluster.kill(2)
            self.num_killed = 3


def drawn(bench: Workbench, folder: Path) -> tuple[StepRef, StepRef]:
    """Samples and their verdicts."""
    model = ModelRef(name="tiny", digest="f" * 64, external=str(folder))
    problems = make_problems(NUM_PROBLEMS)
    published = publish(bench, "problems", train=problems, select=problems[:1], report=problems[1:2])
    cast = Cast(base=model, seed=None, previous=None, round_start=model, live=model)
    samples = generate(bench, 1, model, published, cast)
    return samples, judge(bench, 1, samples, published, cast)


def test_a_stage_whose_nodes_are_killed_ends_as_on_one_machine_by_a_node_that_came_later(
    cluster: Machines,
    tiny: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    plan = {"num_samples": NUM_SAMPLES, "temperature": 1.0, "top_k": 0, "max_tokens": 40, "shard_size": 4}
    recipe = make_recipe(generate=plan, engine=HERE, judge=BY_MATH)
    with Workbench(recipe, make_ledger(tmp_path / "here"), tmp_path) as bench:
        straight = drawn(bench, tiny)
    killing = Killing(cluster, NUM_PROBLEMS * NUM_SAMPLES)
    recipe = make_recipe(generate=plan, engine=ON_CLUSTER, judge=BY_MATH)
    ledger = make_ledger(tmp_path / "there", guard=lambda: None)
    with (
        caplog.at_level(logging.WARNING),
        Workbench(recipe, ledger, tmp_path, progress=killing, cluster_address=cluster.address) as bench,
    ):
        found = drawn(bench, tiny)
        has_home = runs(cluster, "template_server")
    assert killing.num_killed == 3 and len(cluster.nodes) == 1, "the one that came finished"
    assert "lost its machine" in caplog.text and "raylet" not in capfd.readouterr().out, "said by us, and not by Ray"
    for one, other in zip(found, straight, strict=True):
        assert (one.key, one.files) == (other.key, other.files), "the same step, and the same bytes"
    assert has_home or "verifiers lost node" in caplog.text, "rules looked on nodes, while there were any"
    assert wait_until(lambda: not sessions_of(cluster), 20), sessions_of(cluster)
    assert [*ledger.store.keys("micro/cluster/")] == [*ledger.store.keys("micro/cluster/weights/")], "its word is gone"
