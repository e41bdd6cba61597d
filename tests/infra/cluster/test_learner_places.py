"""The places of a cluster that the learner of a segment takes, and those that it leaves to sessions beside it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.schema.engine import Engine, TransformersEngine
from configs.schema.recipe import Recipe
from configs.schema.train import Optimizer
from infra.cluster.shape import Shape, shape_beside, shape_of, shape_of_errand
from infra.engines.learn.work import LearnWork
from tasks.learn.devices import cluster_needs
from tests.flows.segments import segment_recipe

NODES = [{"CPU": 8.0, "GPU": 8.0}] * 2


def segment_on(train: tuple[str, ...], drawn_on: tuple[str, ...]) -> LearnWork:
    return LearnWork("tiny", Optimizer(devices=train, batch_size=48), TransformersEngine(devices=drawn_on), {})


@pytest.mark.parametrize(
    ("train", "drawn_on", "shape"),
    [
        (("auto",), ("auto",), Shape(1, 1, 1)),
        (("auto",), ("cpu", "cpu"), Shape(1, 1, 0)),
        (("cuda:3", "cuda:4"), ("auto",), Shape(1, 1, 2)),
        (("cpu", "cpu"), ("auto",), Shape(1, 2, 0)),
        (tuple(f"cuda:{number}" for number in range(16)), ("auto",), Shape(1, 1, 16)),  # which no node has
    ],
)
def test_a_learner_has_one_place(train: tuple[str, ...], drawn_on: tuple[str, ...], shape: Shape) -> None:
    work = segment_on(train, drawn_on)
    assert shape_of_errand(work.wanted, NODES) == shape
    seen = work.elsewhere().optimizer.devices
    assert seen == (tuple(f"cuda:{number}" for number in range(len(train))) if train[0].startswith("cuda") else train)


@pytest.mark.parametrize(
    ("devices", "each", "train", "places"),
    [
        (["auto"], 1, ("auto",), 15),
        (["auto"], 2, ("cuda:0", "cuda:1", "cuda:2"), 6),
        (["auto", "auto"], 1, ("auto",), 2),  # counted by whoever wrote them
        (["auto"], 1, ("cpu",), 16),
    ],
)
def test_sessions_beside_a_learner_leave_it_its_gpus(
    devices: list[str], each: int, train: tuple[str, ...], places: int
) -> None:
    fields = {"kind": "vllm", "hosts": "ray", "devices": devices, "tensor_parallel_size": each}
    drawing: Any = TypeAdapter(Engine).validate_python(fields)
    learner = shape_of_errand(segment_on(train, ("auto",)).wanted, NODES)
    assert shape_beside(shape_of(drawing, NODES), drawing, [learner]) == Shape(places, 1, each)


def test_what_a_segment_needs_of_a_cluster() -> None:
    online = {"problems_per_wave": 2, "group_size": 2, "reward": [{"kind": "judge"}], "probe": None}
    recipe = Recipe.model_validate(segment_recipe(engine={"kind": "transformers", "hosts": "ray"}, online=online))
    (need,) = [need for need in cluster_needs(recipe) if need.field == "train.devices"]
    assert need.shape(NODES) == Shape(1, 1, 1) and "a segment is trained on one node" in str(need.fix)


@pytest.mark.parametrize(
    ("devices", "train", "nodes", "both"),
    [
        (["auto"], ["auto"], NODES, Shape(16, 1, 1)),
        (["auto"], ["auto"], [{"CPU": 8.0, "GPU": 1.0}], Shape(2, 1, 1)),  # which there are not
        (["auto", "auto", "auto"], ["cuda:0", "cuda:1"], NODES, Shape(5, 1, 1)),
        (["cpu", "cpu"], ["auto"], [{"CPU": 1.0}] * 2, Shape(2, 1, 0)),  # the first of two is left to the learner
        (["cpu", "cpu"], ["cpu"], [{"CPU": 1.0}] * 2, Shape(3, 1, 0)),
        (["auto"], ["cpu"], NODES, Shape(16, 1, 1)),
    ],
)
def test_a_learner_and_sessions_have_places_at_the_same_time(
    devices: list[str], train: list[str], nodes: list[dict[str, float]], both: Shape
) -> None:
    recipe = Recipe.model_validate(segment_recipe(
        engine={"kind": "transformers", "hosts": "ray", "devices": devices}, train={"devices": train},
        online={"sampler": {"where": "session"}},
    ))  # fmt: skip
    (need,) = [need for need in cluster_needs(recipe) if need.field == "online.sampler"]
    assert need.shape(nodes) == both and "at the same time" in str(need.fix)


BY_ROLE = {"name": "grades", "kind": "reward_model", "role": "rm"}
BY_BASE = {"name": "grades", "kind": "likelihood", "frozen": "base"}


@pytest.mark.parametrize(
    ("judge", "sampler", "nodes", "field", "together"),
    [
        (BY_ROLE, "learner", NODES, "roles.rm.engine.devices", 16),
        (BY_BASE, "learner", NODES, "engine.devices", 16),
        (BY_ROLE, "learner", [{"CPU": 8.0, "GPU": 1.0}], "roles.rm.engine.devices", 2),  # which there are not
        (BY_ROLE, "session", NODES, "roles.rm.engine.devices", 17),  # they draw on all that the learner leaves
    ],
)
def test_a_learner_and_models_that_judge_its_waves_have_places_at_the_same_time(
    judge: dict[str, Any], sampler: str, nodes: list[dict[str, float]], field: str, together: int
) -> None:
    role = {"model": {"base": "some"}, "engine": {"kind": "reward", "hosts": "ray"}}
    recipe = Recipe.model_validate(segment_recipe(
        engine={"kind": "transformers", "hosts": "ray"}, roles={"rm": role} if "role" in judge else {}, judge=[judge],
        evaluate={"verifier": {"kind": "number"}}, online={"sampler": {"where": sampler}},
    ))  # fmt: skip
    (need,) = [need for need in cluster_needs(recipe) if need.field == field and "at the same time" in str(need.fix)]
    assert need.shape(nodes) == Shape(together, 1, 1)
