"""Devices and options of engines that cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from configs.schema.engine import TransformersEngine, VllmEngine, gpu_numbers


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"options": {"max_num_seqs": 4}}, "write engine.max_num_seqs in place of options.max_num_seqs"),
        ({"options": {"max_model_len": 4}}, "write engine.max_model_length in place of options.max_model_len"),
        ({"options": {"seed:4": None}}, "'seed:4' is no name of an argument"),
        ({"devices": ["cuda:0-3"]}, "cuda:0-3 is 4 GPUs, and a model takes 1: write cuda:0, cuda:1"),
        ({"devices": ["cuda:0"], "tensor_parallel_size": 2}, "a model takes 2: write cuda:0-1, cuda:2-3"),
        ({"devices": ["cuda:3-1"]}, "'cuda:3-1' is no device"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_can(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        VllmEngine(**settings)


def test_devices_are_read() -> None:
    assert [list(gpu_numbers(name)) for name in ("auto", "cpu", "cuda:2", "cuda:4-6")] == [[], [], [2], [4, 5, 6]]
    assert VllmEngine(devices=("cuda:0-1", "cuda:2-3"), tensor_parallel_size=2).gpus_each == 2
    assert VllmEngine(options={"speculative_config": {"method": "ngram"}}).width == 1024
    assert (VllmEngine(devices=("cpu",)).width, VllmEngine(max_num_seqs=8).width) == (256, 8)
    assert TransformersEngine(devices=("cpu", "cpu")).takes_gpu is False
