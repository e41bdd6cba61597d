"""What is drawn at a log-probability is scored at it, whatever tokenizer, generation config and template call ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.schema.drawing import Sampling
from configs.schema.engine import LocalEngine, TransformersEngine, VllmEngine
from infra.engines.live_weights import Follows
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Completion,
    Request,
    Score,
    Scoring,
)
from infra.engines.wire import Shard
from tests.infra.engines.chatty import CHATML, build_chat_folder
from tests.infra.engines.shards import ENGINE

pytestmark = pytest.mark.slow

PHI = "{% for m in messages %}{{ m.content }}<|end|>\n{% endfor %}{{ '' if add_generation_prompt else eos_token }}"
WORDS = "{% for m in messages %}{{ m.content }}~{% endfor %}"
NONE = "{% for m in messages %}{{ m.content }}{% endfor %}"


def drawn_and_scored(
    engine: LocalEngine, model: ModelFiles, folder: Path, num: int = 96, **sampling: Any
) -> list[tuple[Completion, Score]]:
    """Draws of one prompt that ended by themselves, each with the score of its text. A control token in the middle of a
    draw leaves no trace in its text: such draws, which are shorter as texts, are left out."""
    request = Request("p", (("user", "2 + 3 = "),), num, seed=7)
    with LocalPool(engine, model, folder) as pool:
        ((_, rows),) = pool.generate([Shard("s", (request,), Sampling(max_tokens=99, **sampling))])
        ended = [row for row in rows if row.finish_reason == "stop" and row.stop_text is None]
        scores = pool.score([Scoring(f"{row.index}", request.messages, row.text) for row in ended])
    pairs = [(row, score) for row, score in zip(ended, scores, strict=True) if score is not None]
    return [(row, score) for row, score in pairs if row.num_tokens == score.num_tokens]


@pytest.mark.parametrize(
    ("template", "ends"),
    [
        (CHATML, ("<|endoftext|>", "<|im_end|>")),
        (CHATML, ("<|endoftext|>",)),
        (PHI, ("<|end|>", "<|endoftext|>")),
        (NONE, ("<|endoftext|>", "<|end|>")),
        (None, ("<|im_end|>", "<|endoftext|>")),
    ],
)
def test_a_text_drawn_is_scored_at_its_log_probability(template: Any, ends: tuple[str, ...], tmp_path: Path) -> None:
    model = ModelFiles("chatty", build_chat_folder(tmp_path / "model", template or NONE, ends=ends))
    if template is None:
        (tmp_path / "model" / "chat_template.jinja").unlink()
        model = ModelFiles("chatty", model.weights, chat_template="{{ messages[0].content }}")
    pairs = drawn_and_scored(ENGINE, model, tmp_path / "work")
    assert len(pairs) > 10
    assert not any(token in row.text for row, _ in pairs for token in ends), "an end is never in the text"
    assert [row.logprob for row, _ in pairs] == pytest.approx([score.logprob for _, score in pairs], abs=1e-3)


def test_words_that_end_a_turn_are_drawn_and_scored(tmp_path: Path) -> None:
    """The words belong to the end, as a control token does: no stop text, none in the text, all in the numbers."""
    model = ModelFiles("chatty", build_chat_folder(tmp_path / "model", WORDS))
    pairs = [(row, score) for row, score in drawn_and_scored(ENGINE, model, tmp_path / "work") if "~" not in row.text]
    ended_by_words = [(row, score) for row, score in pairs if abs((row.logprob or 0) - score.logprob) < 1e-3]
    assert len(ended_by_words) > 3
    request = Request("p", (("user", "2 + 3 = "),), 96, seed=7)
    with LocalPool(ENGINE, model, tmp_path / "again") as pool:
        ((_, rows),) = pool.generate([Shard("s", (request,), Sampling(max_tokens=99, stop=("~", "#")))])
        assert {row.stop_text for row in rows} == {None, "~", "#"}
        assert not any("~" in row.text or "#" in row.text for row in rows)


@pytest.mark.vllm
def test_vllm_draws_what_it_scores(tmp_path: Path) -> None:
    """Ends by another token than the turn's own are scored too."""
    model = ModelFiles("chatty", build_chat_folder(tmp_path / "model", hidden_size=64))
    engine = VllmEngine(dtype="float32", max_num_seqs=16, cpu_kv_cache_gib=1)
    pairs = drawn_and_scored(engine, model, tmp_path / "work")
    assert len(pairs) > 10
    assert [row.logprob for row, _ in pairs] == pytest.approx([score.logprob for _, score in pairs], abs=1e-3)
    with LocalPool(TransformersEngine(dtype="float32"), model, tmp_path / "other") as pool:
        asked = [Scoring(score.id, (("user", "2 + 3 = "),), row.text) for row, score in pairs]
        expected = [score.logprob for score in pool.score(asked) if score is not None]
    assert [score.logprob for _, score in pairs] == pytest.approx(expected, abs=0.02)


def test_of_an_end_that_is_not_the_turn_s_training_reads_what_was_drawn(tmp_path: Path) -> None:
    """A text is scored with the end of its turn; a sampler's correction compares the token that is trained on."""
    import torch
    from transformers import AutoModelForCausalLM

    model = ModelFiles("chatty", build_chat_folder(tmp_path / "model", CHATML, ends=("<|endoftext|>", "<|im_end|>")))
    request = Request("p", (("user", "2 + 3 = "),), 96, seed=7)
    with LocalPool(ENGINE, model, tmp_path / "work", follows=Follows()) as pool:
        ((_, rows),) = pool.generate([Shard("s", (request,), Sampling(max_tokens=99))])
    loaded, num_others = AutoModelForCausalLM.from_pretrained(model.weights), 0
    for row in rows:
        assert isinstance(row, Completion) and row.tokens is not None and row.logprob is not None
        ids = torch.tensor([[*row.tokens.prompt, *row.tokens.written]])
        with torch.no_grad():
            chances = loaded(input_ids=ids).logits[0, len(row.tokens.prompt) - 1 : -1].log_softmax(-1)
        found = chances.gather(1, ids[0, len(row.tokens.prompt) :, None])[:, 0]
        assert list(row.tokens.logprobs) == pytest.approx(found.tolist(), abs=1e-4)
        num_others += abs(sum(row.tokens.logprobs) - row.logprob) > 1e-4
    assert num_others > 3, "some ended with the other token"
