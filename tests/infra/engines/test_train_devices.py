"""Which devices a training takes, and what is said of those that are not there or do not share a step."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from configs.errors import EngineError, RecipeError
from configs.schema.load import check_recipe
from configs.schema.objective import Dpo, Sft
from configs.schema.phase import lay_over
from configs.schema.train import Optimizer, Train
from infra.engines import gpu_list
from infra.engines.train.attempts import attempts
from infra.engines.train.devices import choose_devices, one_device
from tests.configs.online_recipes import online_recipe
from tests.infra.engines.training import make_request

VISIBLE = "CUDA_VISIBLE_DEVICES"


@pytest.fixture
def three_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose nvidia-smi lists three."""
    program = tmp_path / "nvidia-smi"
    listing = "".join(f"GPU {number}: H200 (UUID: GPU-{name})\n" for number, name in enumerate(("cc", "bb", "aa")))
    program.write_text(f"#!/bin/sh\ncat <<END\n{listing}END\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(gpu_list, "GPU_FILES", (str(program),))
    monkeypatch.delenv(VISIBLE, raising=False)


def test_without_a_gpu_one_process_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "")
    assert choose_devices(Optimizer()).num_devices == 1
    several = choose_devices(Optimizer(devices=("cpu", "cpu")))
    assert (several.num_devices, several.env, several.gpus) == (2, {VISIBLE: ""}, ())
    with pytest.raises(EngineError, match=r"warm_start.devices: there is no cuda:0: this process sees no GPU"):
        choose_devices(Optimizer(devices=("cuda:0",)), "warm_start.devices")


def test_auto_takes_as_many_gpus_as_share_a_step(three_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_devices(Optimizer(batch_size=12)).env == {VISIBLE: "0,1,2"}
    assert choose_devices(Optimizer(batch_size=16)).env == {VISIBLE: "0,1"}
    assert choose_devices(Optimizer(batch_size=12), is_one=True).num_devices == 1
    assert choose_devices(Optimizer(batch_size=12)).gpus == ("GPU-aa", "GPU-bb", "GPU-cc")
    monkeypatch.setenv(VISIBLE, "2,0")
    two = choose_devices(Optimizer(batch_size=12))
    assert (two.env, two.gpus) == ({VISIBLE: "2,0"}, ("GPU-aa", "GPU-cc"))


def test_named_gpus_are_counted_among_the_visible(three_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_devices(Optimizer(devices=("cuda:2", "cuda:0"))).env == {VISIBLE: "2,0"}
    with pytest.raises(EngineError, match=r"train.devices: there is no cuda:3: this process sees cuda:0 to cuda:2"):
        choose_devices(Optimizer(devices=("cuda:0", "cuda:3")))
    monkeypatch.setenv(VISIBLE, "GPU-bb")
    assert choose_devices(Optimizer(devices=("cuda:0",))).env == {VISIBLE: "GPU-bb"}
    with pytest.raises(EngineError, match=r"no cuda:1: this process sees cuda:0 alone") as caught:
        choose_devices(Optimizer(devices=("cuda:0", "cuda:1")))
    assert "CUDA_VISIBLE_DEVICES=GPU-bb" in str(caught.value.fix)


def test_a_process_that_trains_alone_sees_one(three_gpus: None) -> None:
    assert one_device("auto") == {VISIBLE: "0"}
    assert one_device("cuda:2") == {VISIBLE: "2"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"batch_size": 6, "devices": ["cpu"] * 4}, "a step of 6 examples .* does not divide by 4 devices: write 3"),
        ({"batch_size": 1, "devices": ["cpu", "cpu"]}, "a step of 1 examples .* write 1 of them, or a batch_size"),
        ({"batch_size": 8, "micro_batch_size": 3}, r"the 8 examples .* no whole batches of 3: write 2, or leave"),
        ({"batch_size": 8, "devices": ["cpu", "cpu"], "micro_batch_size": 8}, "the 4 examples .* 2 devices.*write 4"),
        ({"devices": ["cpu", "cuda:0"]}, "a training runs on GPUs or on the CPU"),
        ({"devices": ["cuda:1", "cuda:1"]}, "a GPU stands there twice"),
        ({"devices": ["gpu0"]}, "write auto, or cpu, or cuda:0"),
        ({"devices": ["auto", "auto"]}, "write auto, or cpu, or cuda:0"),
        ({"devices": []}, "at least 1 item"),
    ],
)
def test_what_does_not_fit_is_told_with_what_does(said: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Optimizer.model_validate(said)


def test_a_loss_that_sorts_a_batch_is_not_cut() -> None:
    sorts = {"objective": Dpo(loss="aot"), "batch_size": 4}
    with pytest.raises(ValidationError, match="devices: the loss sorts the rows of a batch of 4"):
        Train.model_validate({**sorts, "devices": ["cpu", "cpu"]})
    with pytest.raises(ValidationError, match="micro_batch_size: the loss sorts"):
        Train.model_validate({**sorts, "micro_batch_size": 2})
    assert Train.model_validate({**sorts, "gradient_accumulation": 2, "micro_batch_size": 4}).step_size == 8


def test_a_segment_has_devices_and_its_passes_are_of_the_batch_that_is_said() -> None:
    check_recipe(lay_over(online_recipe({"kind": "grpo"}), {"train": {"devices": ["cpu", "cpu"]}}))
    with pytest.raises(RecipeError, match=r"train.micro_batch_size: .* leave it out"):
        check_recipe(lay_over(online_recipe({"kind": "grpo"}), {"train": {"micro_batch_size": 2}}))


def test_batches_are_halved_down_to_one_example(tmp_path: Path) -> None:
    def sizes(num_devices: int, objective: object = None, **optimizer: object) -> list[int]:
        request = make_request(tmp_path, objective or Sft(), **optimizer)  # type: ignore[arg-type]
        *found, last = attempts(request, num_devices)
        assert not any(attempt.gradient_checkpointing for attempt in found)
        assert last.gradient_checkpointing and last.micro_batch_size == found[-1].micro_batch_size
        return [attempt.micro_batch_size for attempt in found]

    assert sizes(1, batch_size=16) == [16, 8, 4, 2, 1]
    assert sizes(1, batch_size=4, gradient_accumulation=3) == [4, 2, 1]
    assert sizes(2, batch_size=12) == [6, 3, 1]
    assert sizes(2, batch_size=12, micro_batch_size=3) == [3]
    assert sizes(1, Dpo(loss="aot"), batch_size=4) == [4]


@pytest.mark.parametrize("said", [True, False])
def test_what_is_said_of_checkpointing_holds_at_every_size(tmp_path: Path, said: bool) -> None:
    tried = attempts(make_request(tmp_path, Sft(), batch_size=4, gradient_checkpointing=said), 1)
    assert [attempt.micro_batch_size for attempt in tried] == [4, 2, 1]
    assert all(attempt.gradient_checkpointing is said for attempt in tried)
