"""A model stays what it was: layers that cannot be merged are refused, and a probe is compared after every move."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from configs.schema.train import FullWeights, Lora, Optimizer, Tune
from infra.engines.local_pool import LocalPool
from infra.engines.models.build import check_lora_targets, merge_model
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Request
from infra.engines.train.request import TrainRequest
from infra.engines.train.trainer import run_trainer
from infra.engines.wire import Shard
from tests.infra.engines.chatty import build_chat_folder, change_json
from tests.infra.engines.shards import ENGINE
from tests.infra.engines.training import said

pytestmark = pytest.mark.slow


def train(model: ModelFiles, folder: Path, tune: Tune, **optimizer: Any) -> ModelFiles:
    """A model after four steps on sums."""
    rows = folder / "rows.jsonl"
    folder.mkdir()
    lines = [
        {"messages": [{"role": "user", "content": f"{n} + 1 = "}], "completion": said(f"{n + 1}"), "weight": 1.0}
        for n in range(8)
    ]
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = Optimizer(**{"learning_rate": 3e-2, "max_steps": 4, "batch_size": 4, **optimizer})
    request = TrainRequest(model=model, tune=tune, optimizer=settings, rows=rows, seed=0)
    run_trainer(request, work_dir=folder / "work", out_dir=folder / "out")
    made = {"adapter": folder / "out/adapter"} if isinstance(tune, Lora) else {"weights": folder / "out/model"}
    return dataclasses.replace(model, name="round-1", probe=folder / "out/probe.json", **made)


def draw(model: ModelFiles, folder: Path) -> None:
    with LocalPool(ENGINE, model, folder) as pool:
        list(pool.generate([Shard("s", (Request("p", (("user", "1"),)),), Sampling(max_tokens=2))]))


LORA = Lora(rank=4, alpha=8)


@pytest.mark.parametrize(
    ("is_tied", "targets", "named"),
    [
        (True, ("embed_tokens", "q_proj"), "embed_tokens: its weights are those of lm_head too"),
        (False, ("lm_head",), "lm_head: losses are computed from its weights as they are"),
        (True, ("q_proj", "lm_head"), "lm_head: losses"),
        (False, ("q_proj", "c_attn"), "c_attn: the model has no layer of that name"),
        (False, ("q_proj", "proj"), "proj: the model has no layer of that name"),
        (False, ("mlp",), "mlp: it is a LlamaMLP"),
        (False, ("norm",), "norm: it is a LlamaRMSNorm"),
        (False, ".*_projection", r"\.\*_projection: the model has no layer"),
        (False, ".*(q_proj|lm_head)", "losses are computed"),
    ],
)
def test_layers_that_cannot_have_adapters_are_refused_by_name(
    is_tied: bool, targets: Any, named: str, tmp_path: Path
) -> None:
    model = ModelFiles("base", build_chat_folder(tmp_path / "model", is_tied=is_tied))
    with pytest.raises(EngineError, match=named) as caught:
        check_lora_targets(model, Lora(target_modules=targets), work_dir=tmp_path / "work")
    assert "q_proj" in str(caught.value.fix) and "lm_head" not in str(caught.value.fix)
    with pytest.raises(EngineError, match=named):
        train(model, tmp_path / "train", Lora(target_modules=targets))


@pytest.mark.parametrize(
    ("is_tied", "targets"),
    [(True, "all-linear"), (True, ("q_proj", "down_proj")), (False, ("embed_tokens", "q_proj")), (False, ".*_proj")],
)
def test_what_can_be_trained_is_what_is_loaded(is_tied: bool, targets: Any, tmp_path: Path) -> None:
    model = ModelFiles("base", build_chat_folder(tmp_path / "model", is_tied=is_tied))
    check_lora_targets(model, Lora(target_modules=targets), work_dir=tmp_path / "work")
    trained = train(model, tmp_path / "train", Lora(rank=4, alpha=8, target_modules=targets))
    merge_model(trained, tmp_path / "merged", work_dir=tmp_path / "merge")
    whole = ModelFiles("merged", tmp_path / "merged", probe=trained.probe)
    draw(whole, tmp_path / "whole")
    draw(trained, tmp_path / "draw")


def test_an_adapter_on_tied_weights_from_elsewhere_is_not_merged(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    weights = build_chat_folder(tmp_path / "model", is_tied=True)
    settings = LoraConfig(r=4, target_modules=["embed_tokens", "q_proj"], init_lora_weights=False)
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(weights), settings)
    adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    model = ModelFiles("old", weights, tmp_path / "adapter")
    with pytest.raises(EngineError, match=r"model 'old': embed_tokens: its weights are those of lm_head too \(tied\)"):
        merge_model(model, tmp_path / "merged", work_dir=tmp_path / "merge")


@pytest.mark.parametrize("tune", [LORA, FullWeights()], ids=["lora", "full"])
def test_a_model_that_is_another_one_is_told_before_it_says_anything(tune: Tune, tmp_path: Path) -> None:
    base = ModelFiles("base", build_chat_folder(tmp_path / "model"))
    trained = train(base, tmp_path / "train", tune)
    other = build_chat_folder(tmp_path / "other", seed=1)
    wrong = dataclasses.replace(trained, weights=other)
    what = r"model 'round-1' is another one .*: a text of \d+ tokens had the log-probability -\d+\.\d+ and has"
    with pytest.raises(EngineError, match=what):
        draw(wrong, tmp_path / "draw")
    with pytest.raises(EngineError, match=what):
        train(wrong, tmp_path / "again", tune)
    if trained.adapter is not None:
        with pytest.raises(EngineError, match=what):
            merge_model(wrong, tmp_path / "merged", work_dir=tmp_path / "merge")
        # another scale of the adapter: what a library would make of a setting it reads otherwise
        change_json(trained.adapter / "adapter_config.json", lora_alpha=80)
        with pytest.raises(EngineError, match=what):
            draw(trained, tmp_path / "scaled")
    else:
        train(trained, tmp_path / "further", tune)


def test_what_leaves_ends_its_turns_as_here(tmp_path: Path) -> None:
    """The folder alone, with another library's reading of it, has the template's end."""
    base = ModelFiles("base", build_chat_folder(tmp_path / "model", ends=("<|endoftext|>",)))
    trained = dataclasses.replace(train(base, tmp_path / "train", LORA), chat_template="{{ messages[0].content }}~")
    merge_model(trained, tmp_path / "merged", work_dir=tmp_path / "merge")
    settings = json.loads((tmp_path / "merged/generation_config.json").read_text())
    assert (settings["eos_token_id"], settings.get("stop_strings")) == ([96], None), "it writes no turn of the model's"
    assert (tmp_path / "merged/chat_template.jinja").read_text() == "{{ messages[0].content }}~"
    merge_model(dataclasses.replace(trained, chat_template=None), tmp_path / "chatml", work_dir=tmp_path / "merge")
    assert json.loads((tmp_path / "chatml/generation_config.json").read_text())["eos_token_id"] == [98, 96]
