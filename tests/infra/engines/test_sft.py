"""What a training step computes: rows, weights, settings. The library runs in this process."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.train import FullWeights, Lora, Optimizer
from infra.engines.model_files import ModelFiles
from infra.engines.train_request import TrainRequest
from tests.infra.engines.tiny import build_tiny_adapter, build_tiny_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_folder(tmp_path_factory.mktemp("model"))


def make_request(base: Path, **optimizer: Any) -> TrainRequest:
    settings = {"learning_rate": 1e-2, "batch_size": 2, **optimizer}
    return TrainRequest(
        model=ModelFiles("base", base),
        tune=FullWeights(),
        optimizer=Optimizer(**settings),
        rows=Path("rows.jsonl"),
        seed=0,
    )


def make_trainer(base: Path, rows: list[dict[str, Any]], folder: Path, *, weighted: bool, **optimizer: Any) -> Any:
    from datasets import Dataset
    from trl import SFTTrainer

    from infra.engines.train_setup import choose_settings, load_trainable
    from infra.engines.weighted_sft import WeightedCollator, WeightedSFTTrainer

    request = make_request(base, **optimizer)
    tokenizer, model = load_trainable(request)
    kind = WeightedSFTTrainer if weighted else SFTTrainer
    collator = {"data_collator": WeightedCollator(pad_token_id=tokenizer.pad_token_id)} if weighted else {}
    columns = rows if weighted else [{key: row[key] for key in ("input_ids", "labels")} for row in rows]
    return kind(
        model=model,
        args=choose_settings(request, len(rows), folder),
        train_dataset=Dataset.from_list(columns),
        processing_class=tokenizer,
        **collator,
    )


def row(prompt: list[int], completion: list[int], weight: float = 1.0) -> dict[str, Any]:
    return {"input_ids": prompt + completion, "labels": [-100] * len(prompt) + completion, "weight": weight}


ROWS = [row([4, 5, 6], [7, 8, 2]), row([9], [10, 2]), row([4, 4], [5, 6, 7, 8, 2]), row([11, 12], [2]), row([3], [4])]


def test_a_row_is_the_generation_prompt_then_the_completion_and_its_end(base: Path) -> None:
    from transformers import AutoTokenizer

    from infra.engines.chat import prompt_token_ids
    from infra.engines.train_rows import encode_rows

    tokenizer = AutoTokenizer.from_pretrained(base)
    messages = [{"role": "user", "content": "4+8="}]
    rows, num_too_long = encode_rows([{"messages": messages, "completion": "12", "weight": 0.5}], tokenizer, None, 64)
    prompt = prompt_token_ids(tokenizer, [("user", "4+8=")])
    completion = [*tokenizer("12")["input_ids"], tokenizer.eos_token_id]
    assert rows == [{"input_ids": prompt + completion, "labels": [-100] * 4 + completion, "weight": 0.5}]
    assert num_too_long == 0


def test_rows_longer_than_the_limit_are_dropped_whole_and_counted(base: Path) -> None:
    from transformers import AutoTokenizer

    from infra.engines.train_rows import encode_rows

    tokenizer = AutoTokenizer.from_pretrained(base)
    texts = ["1" * length for length in (3, 4, 5)]
    rows = [{"messages": [{"role": "user", "content": "4+8="}], "completion": text, "weight": 1} for text in texts]
    encoded, num_too_long = encode_rows(rows, tokenizer, None, 4 + 4 + 1)
    assert [len(row["input_ids"]) for row in encoded] == [8, 9]
    assert num_too_long == 1


@pytest.mark.parametrize("accumulation", [1, 2])
def test_with_all_weights_one_training_is_trl_s_own(base: Path, tmp_path: Path, accumulation: int) -> None:
    import torch

    settings = {"epochs": 4.0, "gradient_accumulation": accumulation}
    ours, theirs = (make_trainer(base, ROWS, tmp_path, weighted=weighted, **settings) for weighted in (True, False))
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
    trainer = make_trainer(base, rows, tmp_path, weighted=True)
    with torch.no_grad():
        trainer.model.lm_head.weight.zero_()
    batch = trainer.data_collator(rows)
    loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(5))
    assert trainer.model.config.vocab_size == 75
    assert loss.item() == pytest.approx((2 * 3 + 0.5 * 2) * math.log(75) / 5, abs=1e-5)


def test_doubling_every_weight_doubles_loss_and_gradient(base: Path, tmp_path: Path) -> None:
    import torch

    def step(weight: float) -> tuple[float, torch.Tensor]:
        trainer = make_trainer(base, ROWS, tmp_path, weighted=True)
        batch = trainer.data_collator([{**one, "weight": weight} for one in ROWS])
        loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(12))
        loss.backward()
        return loss.item(), trainer.model.lm_head.weight.grad

    (single, gradient), (double, doubled) = step(1.0), step(2.0)
    assert double == pytest.approx(2 * single, rel=1e-6)
    assert torch.allclose(doubled, 2 * gradient, atol=1e-6)


def test_steps_follow_from_examples_epochs_and_accumulation(base: Path) -> None:
    from infra.engines.train_setup import count_steps

    assert count_steps(make_request(base, batch_size=4, epochs=3), 10) == 9
    assert count_steps(make_request(base, batch_size=4, epochs=3, gradient_accumulation=2), 10) == 6
    assert count_steps(make_request(base, batch_size=4, epochs=0.5), 10) == 2
    assert count_steps(make_request(base, batch_size=4, epochs=3, max_steps=5), 10) == 5


def test_nothing_is_reported_or_written_where_nobody_asked(base: Path, tmp_path: Path) -> None:
    from infra.engines.train_setup import choose_settings

    settings = choose_settings(make_request(base), 10, tmp_path / "checkpoints")
    assert settings.report_to == []
    assert settings.save_strategy == "no"
    assert settings.gradient_checkpointing is False
    assert settings.logging_nan_inf_filter is False
    assert settings.max_length is None
    assert not (tmp_path / "checkpoints").exists()


def test_a_checkpoint_counts_only_when_whole_and_of_the_same_request(tmp_path: Path) -> None:
    from infra.engines.checkpoints import MARKER, find_checkpoint

    for step, fingerprint in ((5, "mine"), (20, "mine"), (100, "other"), (30, None)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if fingerprint:
            (folder / MARKER).write_text(fingerprint)
    assert find_checkpoint(tmp_path, "mine") == tmp_path / "checkpoint-20"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-20"]
    assert find_checkpoint(tmp_path / "none", "mine") is None


def test_the_fingerprint_sees_settings_and_rows_and_not_paths(base: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("1")
    (tmp_path / "same.jsonl").write_text("1")
    (tmp_path / "other.jsonl").write_text("2")
    request = make_request(base).model_copy(update={"rows": tmp_path / "rows.jsonl"})
    moved = {"rows": tmp_path / "same.jsonl", "model": ModelFiles("base", Path("/elsewhere"))}
    assert request.model_copy(update=moved).fingerprint() == request.fingerprint()
    for change in ({"rows": tmp_path / "other.jsonl"}, {"seed": 1}, {"tune": Lora()}):
        assert request.model_copy(update=change).fingerprint() != request.fingerprint()


def test_without_any_row_that_fits_there_is_no_phase(base: Path, tmp_path: Path) -> None:
    from infra.engines.train_setup import load_rows, load_trainable

    path = tmp_path / "rows.jsonl"
    line = json.dumps({"messages": [{"role": "user", "content": "4+8="}], "completion": "123456", "weight": 1})
    path.write_text(f"{line}\n{line}\n")
    request = make_request(base, max_length=10).model_copy(update={"rows": path})
    with pytest.raises(EngineError, match="all 2 examples are longer than 10 tokens"):
        load_rows(request, *load_trainable(request))


def test_an_adapter_is_continued_with_its_own_rank_only(base: Path, tmp_path: Path) -> None:
    from infra.engines.train_setup import load_trainable

    model = ModelFiles("tiny", base, build_tiny_adapter(base, tmp_path / "adapter"))
    request = make_request(base).model_copy(update={"model": model, "tune": Lora(rank=8, alpha=8)})
    with pytest.raises(EngineError, match=r"has rank 4, and tune\.rank is 8"):
        load_trainable(request)


def test_an_adapter_is_continued_from_its_own_weights(base: Path, tmp_path: Path) -> None:
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    from infra.engines.train_setup import load_trainable

    adapter = build_tiny_adapter(base, tmp_path / "adapter")
    request = make_request(base).model_copy(
        update={"model": ModelFiles("tiny", base, adapter), "tune": Lora(rank=4, alpha=8)}
    )
    _, model = load_trainable(request)
    saved, loaded = load_file(adapter / "adapter_model.safetensors"), get_peft_model_state_dict(model)
    assert set(saved) == set(loaded)
    assert all(torch.equal(saved[name], loaded[name]) for name in saved)
    assert {name for name, one in model.named_parameters() if one.requires_grad} == {
        name for name, _ in model.named_parameters() if "lora_" in name
    }
