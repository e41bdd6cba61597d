"""Every failure of a generator has a message that names the thing, and leaves nothing running."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from configs.errors import EngineError, UserError
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Score,
    Scoring,
)
from infra.engines.wire import Shard
from tests.infra.engines.shards import ENGINE, answers, shard

pytestmark = pytest.mark.slow


def among_others(bad: str, name: str = "train/17", num_samples: int = 1) -> Shard:
    good = [Request(f"p{place}", (("user", f"{place}+1="),)) for place in range(2)]
    return Shard("s", (good[0], Request(name, (("user", bad),), num_samples), good[1]), Sampling(max_tokens=4))


def test_a_prompt_beyond_the_context_is_missing_with_its_reason_and_the_others_are_answered(pool: LocalPool) -> None:
    first, *gone, last = answers(pool, among_others("1" * 64, num_samples=2))["s"]
    assert isinstance(first, Completion) and isinstance(last, Completion)
    assert [(row.id, row.index, row.reason) for row in gone if isinstance(row, Missing)] == [
        ("train/17", 0, "too_long"), ("train/17", 1, "too_long")
    ]  # fmt: skip
    assert isinstance(gone[0], Missing) and "the prompt has 64 tokens" in gone[0].detail
    assert "max_model_length" in gone[0].detail
    assert pool.num_loads == 1, "the process stays"


def test_text_that_the_tokenizer_cannot_read_is_missing(pool: LocalPool) -> None:
    gone = answers(pool, among_others("1\N{SNOWMAN}2"))["s"][1]
    assert isinstance(gone, Missing) and gone.reason == "unreadable" and "request 'train/17'" in gone.detail
    assert "no token for '\N{SNOWMAN}', in '1\N{SNOWMAN}2" in gone.detail and "model.alphabet" in gone.detail


def test_a_text_too_long_to_score_is_a_gap_among_scores(pool: LocalPool) -> None:
    items = [Scoring(str(place), (("user", f"{place}+1="),), "2" * length) for place, length in enumerate((1, 99, 1))]
    first, gap, last = pool.score(items)
    assert isinstance(gap, Missing) and (gap.id, gap.reason) == ("1", "too_long")
    assert isinstance(first, Score) and isinstance(last, Score)
    (alone,) = pool.score(items[2:])
    assert isinstance(alone, Score) and last.logprob == pytest.approx(alone.logprob, abs=1e-4)
    (only,) = pool.score(items[1:2])
    assert isinstance(only, Missing), "a job of nothing else"


def test_a_tokenizer_without_template_is_named_and_a_given_one_is_used(model: ModelFiles, tmp_path: Path) -> None:
    bare = shutil.copytree(model.weights, tmp_path / "bare")
    (bare / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((bare / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (bare / "tokenizer_config.json").write_text(json.dumps(settings))
    with (
        LocalPool(ENGINE, ModelFiles("bare", bare), tmp_path / "work") as broken,
        pytest.raises(UserError, match=r"'bare'.*has no chat template") as caught,
    ):
        answers(broken, shard(1))
    assert "model.chat_template: FILE" in str(caught.value.fix)
    template = (
        "{% if messages|length > 1 %}{{ raise_exception('one turn only') }}{% endif %}{{ messages[0]['content'] }}"
    )
    with LocalPool(ENGINE, ModelFiles("bare", bare, chat_template=template), tmp_path / "work") as given:
        assert len(answers(given, shard(1))) == 1
        two_turns = Request("train/5", (("user", "1"), ("user", "2")))
        (gone,) = answers(given, Shard("s", (two_turns,), Sampling(max_tokens=4)))["s"]
        assert isinstance(gone, Missing) and gone.reason == "unreadable" and "one turn only" in gone.detail


def test_damaged_weights_are_an_engine_error_with_the_log(model: ModelFiles, tmp_path: Path) -> None:
    damaged = shutil.copytree(model.weights, tmp_path / "damaged")
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with (
        LocalPool(ENGINE, ModelFiles("damaged", damaged), tmp_path / "work") as broken,
        pytest.raises(EngineError, match=r"(?s)transformers engine failed: .*log: .*session-0\.log"),
    ):
        answers(broken, shard(1))


def test_a_longer_context_than_the_models_is_refused(model: ModelFiles, tmp_path: Path) -> None:
    wide = TransformersEngine(max_model_length=65)
    with LocalPool(wide, model, tmp_path) as broken, pytest.raises(EngineError, match="more than the 64 tokens"):
        answers(broken, shard(1))


def test_a_model_that_does_not_load_in_time_is_named(model: ModelFiles, tmp_path: Path) -> None:
    hasty = TransformersEngine(load_seconds=0.05)
    with LocalPool(hasty, model, tmp_path) as broken, pytest.raises(EngineError, match="loading") as caught:
        answers(broken, shard(1))
    assert "engine.load_seconds" in str(caught.value.fix)


def test_idle_time_and_slow_callers_are_no_silence(model: ModelFiles, tmp_path: Path) -> None:
    hasty = TransformersEngine(batch_size=16, silence_seconds=5)
    with LocalPool(hasty, model, tmp_path) as pool:
        assert len(answers(pool, shard(1))) == 1
        time.sleep(6)
        for _ in pool.generate(shard(number) for number in range(2)):
            time.sleep(6)
        assert pool.num_loads == 1
