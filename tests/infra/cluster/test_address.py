"""Where a cluster is, how many places an engine wants there, and what is wrong before anything runs."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from configs.errors import EngineError
from configs.schema.engine import Engine
from configs.schema.marks import identity
from configs.schema.sections import Services
from flows.services.addresses import resolve_addresses
from infra.cluster.address import SECONDS_VARIABLE, check_cluster
from infra.cluster.fleet import shape_of
from infra.cluster.group import Shape
from tests.servers import free_port


def engine(**fields: Any) -> Any:
    return TypeAdapter(Engine).validate_python({"kind": "vllm", "hosts": "ray", **fields})


def test_an_address_at_which_nothing_listens_is_told_with_how_to_start_a_cluster() -> None:
    address = f"127.0.0.1:{free_port()}"
    for known in (address, f"ray://{address}"):
        with pytest.raises(EngineError, match=f"no cluster answers at {known}: ") as caught:
            check_cluster(known)
        assert "ray start --head" in str(caught.value.fix)


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


@pytest.mark.parametrize("devices", [["cuda:0"], ["auto", "cuda:1"], ["auto", "cpu"]])
def test_which_gpu_is_the_clusters_to_say(devices: list[str]) -> None:
    with pytest.raises(ValidationError, match="with hosts: ray"):
        engine(devices=devices)


def test_where_sessions_run_is_in_no_key() -> None:
    local = engine(hosts="local", devices=["cuda:0"])
    assert identity(engine(), lambda *_: None) == identity(local, lambda *_: None)
    assert local.takes_gpu and not engine().takes_gpu, "of this machine"
