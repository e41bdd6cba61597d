"""Where a cluster is, how many places an engine wants there, and what is wrong before anything runs."""

from __future__ import annotations

import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from configs.errors import EngineError
from configs.schema.engine import Engine
from configs.schema.marks import identity
from configs.schema.objective import Sft
from configs.schema.sections import Services
from configs.schema.train import FullWeights, Lora, Optimizer
from flows.run.experiment import open_workbench
from flows.services.addresses import Addresses, resolve_addresses
from infra.cluster.address import SECONDS_VARIABLE, check_cluster
from infra.cluster.shape import Shape, num_lanes, shape_of, shape_of_errand, shape_of_those_left
from infra.engines.errand import Part, Wanted
from infra.engines.train.devices import renumbered, wanted_devices
from infra.engines.train.work import TrainWork
from tasks.core.progress import Silent
from tasks.learn.devices import check_devices, cluster_needs
from tests.build.records import make_recipe
from tests.servers import free_port


def engine(**fields: Any) -> Any:
    return TypeAdapter(Engine).validate_python({"kind": "vllm", "hosts": "ray", **fields})


def test_an_address_at_which_nothing_listens_is_told_with_how_to_start_a_cluster() -> None:
    address = f"127.0.0.1:{free_port()}"
    for known in (address, f"ray://{address}"):
        with pytest.raises(EngineError, match=f"no cluster answers at {known}: ") as caught:
            check_cluster(known)
        assert "ray start --head" in str(caught.value.fix)


def test_what_listens_and_is_no_cluster_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.cluster.address.CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"no cluster answers at {address}: something else listens there"):
            check_cluster(address)


def test_the_cluster_of_this_machine_has_to_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RAY_ADDRESS", f"127.0.0.1:{free_port()}"
    )  # where Ray looks first; others may run a cluster here
    with pytest.raises(EngineError, match=r"no cluster answers at 127.0.0.1:\d+: ") as caught:
        check_cluster("auto")
    assert "ray start --head" in str(caught.value.fix)


def test_a_run_without_its_cluster_ends_before_anything_is_stored(tmp_path: Path) -> None:
    recipe = make_recipe(engine={"kind": "transformers", "hosts": "ray"})
    addresses = Addresses(tmp_path, str(tmp_path / "store"), "", None, f"127.0.0.1:{free_port()}")
    with (
        pytest.raises(EngineError, match="no cluster answers at"),
        open_workbench(recipe, addresses, tmp_path, Silent()),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["head", "http://head:6379", "head:99999", "ray://head", ":6379"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(EngineError, match="is no address of a cluster"):
        check_cluster(address)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match="Ray, which is not installed here") as caught:
        check_cluster("auto")
    assert "selfloop[cluster]" in str(caught.value.fix)


@pytest.mark.parametrize("seconds", ["soon", "-1", "inf", "nan"])
def test_how_long_to_wait_is_a_number(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv(SECONDS_VARIABLE, seconds)
    with pytest.raises(EngineError, match="is no number of seconds"):
        check_cluster("auto")


def test_the_recipe_says_the_address_or_rays_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    assert resolve_addresses().cluster == "auto"
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    assert resolve_addresses().cluster == "head:6379"
    assert resolve_addresses(Services(cluster="ray://other:10001")).cluster == "ray://other:10001"


def test_auto_is_all_gpus_in_groups_that_fit_on_a_node_or_a_place_a_node() -> None:
    gpus: list[dict[str, float]] = [{"CPU": 8, "GPU": 8}, {"CPU": 8, "GPU": 3}, {"CPU": 4}]
    assert shape_of(engine(), gpus) == Shape(11, 1, 1)
    assert shape_of(engine(tensor_parallel_size=2), gpus) == Shape(4 + 1, 1, 2)
    assert shape_of(engine(), [{"CPU": 4}, {"CPU": 2}, {"memory": 1.0}]) == Shape(2, 1, 0), "the flow's has no CPU"
    assert shape_of(engine(devices=["auto", "auto"], tensor_parallel_size=4), gpus) == Shape(2, 1, 4)
    assert shape_of(engine(devices=["cpu"] * 5), gpus) == Shape(5, 1, 0)


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        (Shape(3, 1, 0), True), (Shape(13, 1, 0), False), (Shape(2, 6, 0), True), (Shape(3, 6, 0), False),
        (Shape(5, 1, 2), True), (Shape(6, 1, 2), False), (Shape(1, 1, 8), True), (Shape(1, 1, 9), False),
    ],
)  # fmt: skip
def test_a_place_lies_on_one_node(shape: Shape, fits: bool) -> None:
    assert shape.fits([{"CPU": 6, "GPU": 8}, {"CPU": 6, "GPU": 3}, {"memory": 1.0}]) is fits


@pytest.mark.parametrize(
    ("node", "lanes"),
    [({"CPU": 32, "GPU": 8}, 24), ({"CPU": 4}, 4), ({"CPU": 0}, 0), ({"memory": 1.0}, 0), ({"CPU": 4, "GPU": 8}, 0)],
)
def test_verifiers_have_the_processors_that_no_gpu_needs(node: dict[str, float], lanes: int) -> None:
    assert num_lanes(node) == lanes


@pytest.mark.parametrize(
    ("devices", "is_one", "num_gpus"),
    [
        (["auto"], False, 4), (["auto"], True, 1), (["cpu", "cpu"], False, 0), (["cuda:2", "cuda:5"], False, 2),
    ],
)  # fmt: skip
def test_a_training_takes_devices_of_one_node(devices: list[str], is_one: bool, num_gpus: int) -> None:
    optimizer = Optimizer(devices=tuple(devices), batch_size=4)
    wanted = partial(wanted_devices, optimizer, is_one=is_one)
    found = shape_of_errand(wanted, [{"CPU": 8, "GPU": 6}, {"CPU": 8, "GPU": 2}])
    assert found == Shape(1, 1 if num_gpus else 2, num_gpus)
    assert wanted_devices(Optimizer(), 0) == Wanted(1, on_gpus=False), "a cluster without GPUs trains on CPUs"
    seen = tuple(f"cuda:{number}" for number in range(num_gpus)) if "cuda:2" in devices else tuple(devices)
    assert renumbered(optimizer).devices == seen, "there it sees its own alone"


def node(cpus: int, gpus: int = 0) -> dict[str, float]:
    return {"CPU": cpus, "GPU": gpus}


@pytest.mark.parametrize(
    ("wanted", "nodes", "shape"),
    [
        (Wanted(16, True), [node(8, 8), node(8, 8)], Shape(2, 1, 8)),
        (Wanted(8, True), [node(8, 8), node(8, 8)], Shape(1, 1, 8)),
        (Wanted(12, True), [node(8, 8), node(8, 4)], Shape(3, 1, 4)),  # two of them on the larger
        (Wanted(12, True), [node(8, 8), node(8, 8)], Shape(2, 1, 6)),
        (Wanted(16, True, is_whole=True), [node(8, 8), node(8, 8)], Shape(1, 1, 16)),  # which there is not
        (Wanted(16, True), [node(8, 8)], Shape(2, 1, 8)),  # one more such node is missing
        (Wanted(16, True), [], Shape(1, 1, 16)),
        (Wanted(2, False), [node(1), node(1), node(1)], Shape(2, 1, 0)),
        (Wanted(2, False), [node(1), node(2)], Shape(1, 2, 0)),
    ],
)
def test_a_training_lies_on_as_few_nodes_as_have_its_devices(
    wanted: Wanted, nodes: list[dict[str, float]], shape: Shape
) -> None:
    assert shape_of_errand(lambda most: wanted, nodes) == shape


def training_on(*devices: str, tune: Any = None) -> TrainWork:
    optimizer = Optimizer(devices=devices, batch_size=4)
    return TrainWork("tiny", tune or Lora(), optimizer, Sft(), 0, "", {}, None, 0)


def test_a_training_goes_on_on_the_nodes_that_are_left() -> None:
    work = training_on(*(f"cuda:{number}" for number in range(4)))
    two, one = [node(4, 2), node(4, 2)], [node(4, 2)]
    shape = shape_of_errand(work.wanted, two)
    assert shape == Shape(2, 1, 2) and shape_of_those_left(work, shape, two) == (work, shape)
    fewer, left = shape_of_those_left(work, shape, one)
    assert left == Shape(1, 1, 2) and isinstance(fewer, TrainWork) and len(fewer.optimizer.devices) == 2
    assert shape_of_those_left(work, shape, [node(8)]) == (work, shape), "never on CPUs: it waits for a node"
    part = work.elsewhere(Part(1, 2, "host:1", "other"))
    assert part.optimizer.devices == ("cuda:0", "cuda:1") and part.part is not None
    full = training_on("cuda:0", "cuda:1", tune=FullWeights())
    assert shape_of_those_left(full, Shape(1, 1, 2), [node(4, 1)]) == (full, Shape(1, 1, 2)), (
        "its memory is that of all"
    )


def test_all_parts_of_a_training_are_told_how_much_they_take_at_a_time() -> None:
    tries = training_on("cpu", "cpu").tries()
    sizes = [(one.optimizer.micro_batch_size, one.optimizer.gradient_checkpointing) for one in tries]
    assert sizes == [(2, False), (1, False), (1, True)]


def test_what_a_recipe_needs_of_a_cluster() -> None:
    assert cluster_needs(make_recipe()) == []
    recipe = make_recipe(engine={"kind": "transformers", "hosts": "ray", "devices": ["cpu"] * 3})
    fields = {need.field: need.shape([{"CPU": 2}]) for need in cluster_needs(recipe)}
    tuned = [recipe.model_copy(update={"train": recipe.train.model_copy(update={"tune": one})})
             for one in (Lora(), FullWeights())]  # fmt: skip
    fixes = [[need.fix for need in cluster_needs(one) if need.field == "train.devices"] for one in tuned]
    assert fixes[0] == [None] and "full weights are trained on one node" in str(fixes[1])
    assert fields["engine.devices"] == Shape(3, 1, 0) and fields["train.devices"] == Shape(1, 1, 0)
    check_devices(recipe.model_copy(update={"train": recipe.train.model_copy(update={"devices": ("cuda:7",)})}))


@pytest.mark.parametrize("devices", [["cuda:0"], ["auto", "cuda:1"], ["auto", "cpu"]])
def test_which_gpu_is_the_clusters_to_say(devices: list[str]) -> None:
    with pytest.raises(ValidationError, match="with hosts: ray"):
        engine(devices=devices)


def test_where_sessions_run_is_in_no_key() -> None:
    local = engine(hosts="local", devices=["cuda:0"])
    assert identity(engine(), lambda *_: None) == identity(local, lambda *_: None)
    assert local.takes_gpu and not engine().takes_gpu, "of this machine"
