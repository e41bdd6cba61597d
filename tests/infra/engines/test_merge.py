"""Adapters become part of their base's files: the bytes of PEFT's merge, one tensor in memory, one merge a machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from infra.engines.models.model_files import PROBE_FILE, ModelFiles
from tests.infra.engines.chatty import build_chat_folder, change_json

pytestmark = pytest.mark.slow


def adapted(weights: Path, folder: Path, **settings: Any) -> ModelFiles:
    """A model with an adapter that changes much, and with its probe."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from infra.engines.models.probe import any_tokens, measure, write_probe

    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(weights, dtype=torch.float32)
    config = LoraConfig(**{"r": 4, "target_modules": "all-linear", "init_lora_weights": False, **settings})
    model = get_peft_model(base, config).eval()
    model.save_pretrained(folder, save_embedding_layers=False)
    write_probe(measure(model, any_tokens(base.config.vocab_size), "float32"), folder.parent)
    return ModelFiles("round-1", weights, folder, probe=folder.parent / PROBE_FILE)


def in_format(weights: Path, dtype: str, **saving: Any) -> Path:
    """The folder's weights in another number format."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(weights, dtype=getattr(torch, dtype))
    (weights / "model.safetensors").unlink()
    model.save_pretrained(weights, **saving)
    return weights


def tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(
    ("is_tied", "settings"),
    [
        (True, {}),
        (False, {"target_modules": ["q_proj", "down_proj"], "rank_pattern": {"q_proj": 2}}),
        (False, {"target_modules": ["embed_tokens", "v_proj"]}),
    ],
    ids=["all", "some", "embedding"],
)
def test_a_streamed_merge_has_the_bytes_of_pefts(
    dtype: str, is_tied: bool, settings: dict[str, Any], tmp_path: Path
) -> None:
    from infra.engines.models.merge import check_saved, save_loaded, save_merged
    from infra.engines.models.streamed_merge import can_stream

    weights = in_format(build_chat_folder(tmp_path / "model", is_tied=is_tied), dtype, max_shard_size="40KB")
    model = adapted(weights, tmp_path / "adapter", **settings)
    assert model.adapter is not None and can_stream(weights, model.adapter)
    save_merged(model, tmp_path / "streamed")
    save_loaded(model, tmp_path / "loaded")
    streamed, loaded, base = tensors(tmp_path / "streamed"), tensors(tmp_path / "loaded"), tensors(weights)
    assert streamed.keys() == loaded.keys() and len(list(weights.glob("*.safetensors"))) > 1
    assert all(streamed[name].dtype == tensor.dtype for name, tensor in base.items())
    assert all(streamed[name].equal(tensor) for name, tensor in loaded.items())
    assert any(not streamed[name].equal(tensor) for name, tensor in base.items())
    check_saved(model, tmp_path / "streamed")


@pytest.mark.parametrize("settings", [{"use_rslora": True}, {"use_dora": True}, {"alpha_pattern": {"q_proj": 16}}])
def test_what_is_not_a_sum_of_products_is_merged_by_peft(settings: dict[str, Any], tmp_path: Path) -> None:
    from infra.engines.models.merge import check_saved, save_merged
    from infra.engines.models.streamed_merge import can_stream

    model = adapted(build_chat_folder(tmp_path / "model"), tmp_path / "adapter", **settings)
    assert model.adapter is not None and not can_stream(model.weights, model.adapter)
    save_merged(model, tmp_path / "merged")
    check_saved(model, tmp_path / "merged")


def test_a_folder_that_was_merged_from_another_base_is_refused(tmp_path: Path) -> None:
    from configs.errors import EngineError
    from infra.engines.models.merge import check_saved, save_merged

    model = adapted(build_chat_folder(tmp_path / "model"), tmp_path / "adapter")
    wrong = dataclasses.replace(model, weights=build_chat_folder(tmp_path / "other", seed=1))
    save_merged(wrong, tmp_path / "merged")
    with pytest.raises(EngineError, match="model 'round-1' is another one after merging"):
        check_saved(wrong, tmp_path / "merged")


def test_sessions_of_a_machine_merge_once(tmp_path: Path) -> None:
    from infra.engines.models.merge import merge_once

    model = adapted(build_chat_folder(tmp_path / "model"), tmp_path / "adapter")
    scratches = [tmp_path / name for name in ("session-a", "session-b", "session-c")]
    for scratch in scratches:
        scratch.mkdir()
    (first, probe), (second, same) = (merge_once(model, scratch) for scratch in scratches[:2])
    assert probe == same and (first / "model.safetensors").samefile(second / "model.safetensors")
    change_json(tmp_path / "adapter/adapter_config.json", lora_alpha=16)
    third, _ = merge_once(model, scratches[2])
    assert not (first / "model.safetensors").samefile(third / "model.safetensors")
    assert not any(folder.name.endswith(".part") for scratch in scratches for folder in scratch.iterdir())
