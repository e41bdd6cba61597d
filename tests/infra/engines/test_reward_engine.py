"""Ratings are those of a plain forward pass; a checkpoint without a trained head of the right kind is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError, UserError
from configs.schema.drawing import Sampling
from configs.schema.engine import RewardEngine
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Missing,
    Rated,
    Rating,
    Request,
    Scoring,
)
from infra.engines.wire import RatingJob, Shard
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow

TEMPLATE = (
    "{% for message in messages %}{{ message['role'][0] }}={{ message['content'] | trim }};{% endfor %}"
    "{% if add_generation_prompt %}a={% endif %}"
)
ANSWERS = ["2", "11+22\n\n33", "4\n\n5\n\n6+7\n\n8", "1" * 30]
RATINGS = [Rating(str(place), (("user", "1+1="),), answer) for place, answer in enumerate(ANSWERS)]


def build(folder: Path, kind: str, *, num_labels: int = 1, pad: bool = True, **settings: Any) -> ModelFiles:
    """A checkpoint with random weights of a size that tells texts apart, and a character tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, LlamaForTokenClassification

    from infra.engines.models.tiny_llama import make_tokenizer

    kinds = {
        "sequence": LlamaForSequenceClassification,
        "token": LlamaForTokenClassification,
        "generative": LlamaForCausalLM,
    }
    tokenizer = make_tokenizer("0123456789+=;ua\n <>step", 128)
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=128, initializer_range=0.3, num_labels=num_labels,
        pad_token_id=tokenizer.pad_token_id if pad else None, **settings,
    )  # fmt: skip
    kinds[kind](config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return ModelFiles("judge", folder)


def rate(model: ModelFiles, items: list[Rating], **settings: Any) -> list[Rated]:
    """By the runner alone, in this process."""
    from infra.engines.reward.runner import RewardRunner

    runner = RewardRunner(RewardEngine(**settings), model)
    runner.submit(RatingJob("job", tuple(items)))
    events: list[Any] = []
    while not runner.is_idle:
        events += runner.step()
    return events[-1].rows


def plain_logits(model: ModelFiles, text: str) -> Any:
    """Of one text alone, by transformers' own class."""
    import torch
    from transformers import AutoConfig, AutoTokenizer, LlamaForSequenceClassification, LlamaForTokenClassification

    tokenizer = AutoTokenizer.from_pretrained(model.weights)
    is_token_head = "Token" in AutoConfig.from_pretrained(model.weights).architectures[0]
    kind = LlamaForTokenClassification if is_token_head else LlamaForSequenceClassification
    with torch.no_grad():
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        return kind.from_pretrained(model.weights).eval()(ids).logits[0]


@pytest.mark.parametrize("pad", [True, False])
def test_a_sequence_head_gives_its_raw_output(tmp_path: Path, pad: bool) -> None:
    model = build(tmp_path / "model", "sequence", pad=pad)
    reports: list[tuple[int, int]] = []
    with LocalPool(RewardEngine(batch_size=3), model, tmp_path / "work") as pool:
        batched = pool.rate(RATINGS, lambda *report: reports.append(report))
        assert pool.num_loads == 1
    alone = rate(model, RATINGS, batch_size=1)
    assert reports[-1] == (4, sum(len(f"u=1+1=;a={answer};") for answer in ANSWERS))
    assert [row.id for row in batched] == ["0", "1", "2", "3"]
    assert len({round(row.scores[0], 3) for row in batched}) == 4
    for rating, row, single in zip(RATINGS, batched, alone, strict=True):
        expected = plain_logits(model, f"u=1+1=;a={rating.completion};")
        assert row.scores == pytest.approx([float(expected[0])], abs=1e-5)
        assert row.scores == pytest.approx(single.scores, abs=1e-5)


@pytest.mark.parametrize("num_labels", [1, 2, 3])
def test_a_token_head_gives_a_probability_at_the_end_of_each_step(tmp_path: Path, num_labels: int) -> None:
    model = build(tmp_path / "model", "token", num_labels=num_labels)
    batched = rate(model, RATINGS, batch_size=4)
    alone = rate(model, RATINGS, batch_size=1)
    assert [len(row.scores) for row in batched] == [1, 2, 4, 1]
    for rating, row, single in zip(RATINGS, batched, alone, strict=True):
        text, expected = "u=1+1=;a=", []
        for step in rating.completion.split("\n\n"):
            text += f"{step}\n\n"
            logits = plain_logits(model, text)[-1].tolist()
            odds = [math.exp(value) for value in logits]
            expected.append(odds[0] / (1 + odds[0]) if num_labels == 1 else odds[-1] / sum(odds))
        assert row.scores == pytest.approx(expected, abs=1e-5)
        assert row.scores == pytest.approx(single.scores, abs=1e-5)
        assert all(0 < score < 1 for score in row.scores)


def test_steps_are_what_the_separator_says(tmp_path: Path) -> None:
    model = build(tmp_path / "model", "token")
    chat = (("user", "1"),)
    marked, plain, blank, padded = rate(
        model,
        [
            Rating("marked", chat, "1<step>2<step>", "<step>"),
            Rating("plain", chat, "1<step>2<step>"),
            Rating("blank", chat, " \n\n"),
            Rating("padded", chat, "\n1\n\n\n\n2\n\n"),
        ],
    )
    assert (len(marked.scores), len(plain.scores), blank.scores, len(padded.scores)) == (2, 1, (), 2)
    with pytest.raises(UserError, match=r"request 'none': the step separator is empty"):
        rate(model, [Rating("none", chat, "1", "")])


@pytest.mark.parametrize(
    ("kind", "num_labels", "words"),
    [
        ("generative", 1, "the checkpoint is a LlamaForCausalLM, which has a generative head"),
        ("sequence", 3, "the head of LlamaForSequenceClassification has 3 outputs"),
    ],
)
def test_a_wrong_head_is_refused_by_name(tmp_path: Path, kind: str, num_labels: int, words: str) -> None:
    model = build(tmp_path / "model", kind, num_labels=num_labels)
    with pytest.raises(EngineError, match=words) as caught:
        rate(model, RATINGS)
    assert "num_labels: 1" in str(caught.value.fix)


@pytest.mark.parametrize("kind", ["sequence", "token"])
def test_a_head_that_would_be_random_is_refused(tmp_path: Path, kind: str) -> None:
    """transformers itself loads such a checkpoint, and answers with a head of chance."""
    from safetensors.torch import load_file, save_file

    model = build(tmp_path / "model", kind)
    weights = model.weights / "model.safetensors"
    tensors = {name: tensor for name, tensor in load_file(weights).items() if not name.startswith("score.")}
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(EngineError, match=r"has no weights for score\.[a-z, .]*; they would be random"):
        rate(model, RATINGS)


def test_texts_beyond_the_context_are_named_and_nothing_is_cut(tmp_path: Path) -> None:
    model = build(tmp_path / "model", "sequence")
    long = Rating("long", (("user", "1+1="),), "1" * 120)
    with LocalPool(RewardEngine(), model, tmp_path / "work") as pool:
        *rated, gone = pool.rate([*RATINGS, long])
    assert isinstance(gone, Missing) and gone.reason == "too_long"
    assert "request 'long': chat and answer have 130 tokens" in gone.detail
    assert len(rated) == len(RATINGS) and all(isinstance(row, Rated) for row in rated)


def test_a_reward_engine_neither_generates_nor_scores(tmp_path: Path) -> None:
    model = ModelFiles("judge", build_tiny_folder(tmp_path / "model"))
    shard = Shard("s", (Request("a", (("user", "1"),)),), Sampling())
    with LocalPool(RewardEngine(), model, tmp_path / "work") as pool:
        with pytest.raises(EngineError, match="'judge': the reward engine cannot generate"):
            list(pool.generate([shard]))
        with pytest.raises(EngineError, match="'judge': the reward engine gives no log-probabilities"):
            pool.score([Scoring("a", (("user", "1"),), "2")])
        assert pool.num_loads == 0
