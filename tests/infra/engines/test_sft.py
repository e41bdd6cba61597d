"""What a step of SFT computes: rows, weights, settings. The library runs in this process."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.objective import Sft
from configs.schema.train import Lora
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.tiny import build_tiny_adapter
from tests.infra.engines.training import encode_rows, make_request, said

pytestmark = pytest.mark.slow


def make_trainer(
    base: Path, rows: list[dict[str, Any]], folder: Path, *, normalise: Any = "token_mean", **optimizer: Any
) -> Any:
    from datasets import Dataset

    from infra.engines.train.prepare import make_trainer as make
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base, **optimizer).model_copy(update={"objective": Sft(normalise=normalise)})
    return make(request, load_tokenizer(request.model), load_trainable(request), Dataset.from_list(rows), folder)


def make_trl_trainer(base: Path, rows: list[dict[str, Any]], folder: Path, **optimizer: Any) -> Any:
    from datasets import Dataset
    from trl import SFTTrainer

    from infra.engines.train.settings import choose_settings
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base, **optimizer)
    return SFTTrainer(
        model=load_trainable(request),
        args=choose_settings(request, len(rows), folder),
        train_dataset=Dataset.from_list([{key: row[key] for key in ("input_ids", "labels")} for row in rows]),
        processing_class=load_tokenizer(request.model),
    )


def row(prompt: list[int], completion: list[int], weight: float = 1.0) -> dict[str, Any]:
    return {"input_ids": prompt + completion, "labels": [-100] * len(prompt) + completion, "weight": weight}


ROWS = [row([4, 5, 6], [7, 8, 2]), row([9], [10, 2]), row([4, 4], [5, 6, 7, 8, 2]), row([11, 12], [2]), row([3], [4])]


def encode(base: Path, rows: list[dict[str, Any]], max_length: int = 64) -> tuple[list[dict[str, Any]], int]:
    from infra.engines.chat.load import load_chat
    from infra.engines.train.objectives.sft import EXAMPLES
    from infra.engines.train.rows import Encoder

    return encode_rows(EXAMPLES, rows, Encoder(load_chat(ModelFiles("base", base)), max_length))


def test_a_row_is_the_generation_prompt_then_the_completion_and_its_end(base: Path) -> None:
    from infra.engines.chat.load import load_chat

    chat = load_chat(ModelFiles("base", base))
    tokenizer = chat.tokenizer
    messages = [{"role": "user", "content": "4+8="}]
    rows, num_too_long = encode(base, [{"messages": messages, "completion": said("12"), "weight": 0.5}])
    prompt = chat.prompt_ids([("user", "4+8=")])
    completion = [*tokenizer("12")["input_ids"], tokenizer.eos_token_id]
    assert rows == [{"input_ids": prompt + completion, "labels": [-100] * 4 + completion, "weight": 0.5}]
    assert num_too_long == 0


@pytest.mark.parametrize("given_weight", [0.0, 1.0])
def test_parts_are_tokenised_apart_and_no_loss_falls_on_weight_zero(base: Path, given_weight: float) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    parts = [*said("12 ", given_weight), *said("is it")]
    encoded, _ = encode(base, [{"messages": [{"role": "user", "content": "4+8="}], "completion": parts, "weight": 1}])
    given, rest = tokenizer("12 ")["input_ids"], [*tokenizer("is it")["input_ids"], tokenizer.eos_token_id]
    assert encoded[0]["input_ids"][4:] == given + rest
    assert encoded[0]["labels"] == [-100] * 4 + ((given if given_weight else [-100] * 3) + rest)
    assert set(encoded[0]) == {"input_ids", "labels", "weight"}


def test_a_completion_that_does_not_end_has_no_end_token(base: Path) -> None:
    row = {"messages": [{"role": "user", "content": "4+8="}], "completion": said("12"), "weight": 1}
    (ended, cut), _ = encode(base, [row, {**row, "ends": False}])
    assert cut["input_ids"] == ended["input_ids"][:-1]


def test_rows_longer_than_the_limit_are_dropped_whole_and_counted(base: Path) -> None:
    texts = ["1" * length for length in (3, 4, 5)]
    rows = [
        {"messages": [{"role": "user", "content": "4+8="}], "completion": said(text), "weight": 1} for text in texts
    ]
    encoded, num_too_long = encode(base, rows, 4 + 4 + 1)
    assert [len(row["input_ids"]) for row in encoded] == [8, 9]
    assert num_too_long == 1


@pytest.mark.parametrize("accumulation", [1, 2])
def test_with_all_weights_one_training_is_trl_s_own(base: Path, tmp_path: Path, accumulation: int) -> None:
    import torch

    settings = {"epochs": 4.0, "gradient_accumulation": accumulation}
    ours, theirs = (make(base, ROWS, tmp_path, **settings) for make in (make_trainer, make_trl_trainer))
    for trainer in (ours, theirs):
        trainer.train()
    losses = [[log["loss"] for log in trainer.state.log_history if "loss" in log] for trainer in (ours, theirs)]
    assert len(losses[0]) == (12 if accumulation == 1 else 8)
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    for mine, other in zip(ours.model.parameters(), theirs.model.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)


def test_a_weight_is_a_factor_of_its_row_s_token_losses(base: Path, tmp_path: Path) -> None:
    """A model that finds all 75 tokens equally likely loses ln 75 a token. Two rows of 3 and 2 completion tokens
    with weights 2 and 0.5: (2 * 3 + 0.5 * 2) * ln 75 / 5."""
    import torch

    rows = [row([4, 5, 6], [7, 8, 2], 2.0), row([9], [10, 2], 0.5)]
    trainer = make_trainer(base, rows, tmp_path)
    with torch.no_grad():
        trainer.model.lm_head.weight.zero_()
    batch = trainer.data_collator(rows)
    loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(5))
    assert trainer.model.config.vocab_size == 75
    assert loss.item() == pytest.approx((2 * 3 + 0.5 * 2) * math.log(75) / 5, abs=1e-5)


@pytest.mark.parametrize("accumulation", [1, 2])
def test_sequence_mean_is_the_mean_of_weighted_example_means(base: Path, tmp_path: Path, accumulation: int) -> None:
    """A model that finds all 75 tokens equally likely loses ln 75 a token, whatever the length of an example:
    (2 + 0.5 + 1 + 1) / 4 * ln 75 for the four examples of a step, in one batch or in two."""
    import torch

    weights = [2.0, 0.5, 1.0, 1.0]
    rows = [{**one, "weight": weight} for one, weight in zip(ROWS, weights, strict=False)]
    settings = {"batch_size": 4 // accumulation, "gradient_accumulation": accumulation, "max_steps": 1}
    trainer = make_trainer(base, rows, tmp_path, normalise="sequence_mean", **settings)
    with torch.no_grad():
        trainer.model.lm_head.weight.zero_()
    trainer.train()
    assert trainer.state.log_history[0]["loss"] == pytest.approx(4.5 / 4 * math.log(75), abs=1e-5)
    assert trainer.step_tokens == 3 + 2 + 5 + 1


def test_sequence_mean_weighs_every_example_alike(base: Path, tmp_path: Path) -> None:
    """Against each example's own token mean, on a model whose tokens differ in likelihood."""
    import torch

    trainer = make_trainer(base, ROWS, tmp_path, normalise="sequence_mean")
    batch = trainer.data_collator(ROWS)
    loss = trainer.compute_loss(trainer.model, dict(batch), num_items_in_batch=torch.tensor(len(ROWS)))
    logits = trainer.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    means = [
        torch.nn.functional.cross_entropy(logits[number, :-1], batch["labels"][number, 1:])
        for number in range(len(ROWS))
    ]
    assert loss.item() == pytest.approx(torch.stack(means).mean().item(), abs=1e-6)


def test_doubling_every_weight_doubles_loss_and_gradient(base: Path, tmp_path: Path) -> None:
    import torch

    def step(weight: float) -> tuple[float, torch.Tensor]:
        trainer = make_trainer(base, ROWS, tmp_path)
        batch = trainer.data_collator([{**one, "weight": weight} for one in ROWS])
        loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(12))
        loss.backward()
        return loss.item(), trainer.model.lm_head.weight.grad

    (single, gradient), (double, doubled) = step(1.0), step(2.0)
    assert double == pytest.approx(2 * single, rel=1e-6)
    assert torch.allclose(doubled, 2 * gradient, atol=1e-6)


def test_steps_follow_from_examples_epochs_and_accumulation(base: Path) -> None:
    from infra.engines.train.settings import count_steps

    assert count_steps(make_request(base, batch_size=4, epochs=3), 10) == 9
    assert count_steps(make_request(base, batch_size=4, epochs=3, gradient_accumulation=2), 10) == 6
    assert count_steps(make_request(base, batch_size=4, epochs=0.5), 10) == 2
    assert count_steps(make_request(base, batch_size=4, epochs=3, max_steps=5), 10) == 5


def test_nothing_is_reported_or_written_where_nobody_asked(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.settings import choose_settings

    settings = choose_settings(make_request(base), 10, tmp_path / "checkpoints")
    assert settings.report_to == []
    assert settings.save_strategy == "no"
    assert settings.gradient_checkpointing is False
    assert settings.logging_nan_inf_filter is False
    assert settings.max_length is None
    assert not (tmp_path / "checkpoints").exists()


def test_without_any_row_that_fits_there_is_no_phase(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.prepare import load_rows
    from infra.engines.train.setup import load_tokenizer

    path = tmp_path / "rows.jsonl"
    line = json.dumps({"messages": [{"role": "user", "content": "4+8="}], "completion": said("123456"), "weight": 1})
    path.write_text(f"{line}\n{line}\n")
    request = make_request(base, max_length=10).model_copy(update={"rows": path})
    with pytest.raises(EngineError, match="all 2 examples are longer than 10 tokens"):
        load_rows(request, load_tokenizer(request.model), tmp_path)


def test_a_row_that_lacks_a_column_is_named(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.prepare import load_rows
    from infra.engines.train.setup import load_tokenizer

    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"messages": [], "chosen": "1", "rejected": "2", "weight": 1}) + "\n")
    request = make_request(base).model_copy(update={"rows": path})
    with pytest.raises(EngineError, match=r"row 1 of rows\.jsonl has no completion, but only messages, chosen"):
        load_rows(request, load_tokenizer(request.model), tmp_path)


def test_an_adapter_is_continued_with_its_own_rank_only(base: Path, tmp_path: Path) -> None:
    from infra.engines.train.setup import load_trainable

    model = ModelFiles("tiny", base, build_tiny_adapter(base, tmp_path / "adapter"))
    request = make_request(base).model_copy(update={"model": model, "tune": Lora(rank=8, alpha=8)})
    with pytest.raises(EngineError, match=r"has rank 4, and tune\.rank is 8"):
        load_trainable(request)


def test_an_adapter_is_continued_from_its_own_weights(base: Path, tmp_path: Path) -> None:
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    from infra.engines.train.setup import load_trainable

    adapter = build_tiny_adapter(base, tmp_path / "adapter")
    request = make_request(base).model_copy(
        update={"model": ModelFiles("tiny", base, adapter), "tune": Lora(rank=4, alpha=8)}
    )
    model = load_trainable(request)
    saved, loaded = load_file(adapter / "adapter_model.safetensors"), get_peft_model_state_dict(model)
    assert set(saved) == set(loaded)
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
    assert {name for name, one in model.named_parameters() if one.requires_grad} == {
        name for name, _ in model.named_parameters() if "lora_" in name
    }
