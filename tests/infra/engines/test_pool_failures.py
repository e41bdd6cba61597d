"""Every failure of a generator has a message that names the thing, and leaves nothing running."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from configs.errors import EngineError, UserError
from configs.schema.engine import TransformersEngine
from configs.schema.generate import Sampling
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.wire import Request, Shard
from tests.infra.engines.shards import ENGINE, answers, shard

pytestmark = pytest.mark.slow


def test_a_prompt_beyond_the_context_is_named(pool: LocalPool) -> None:
    long = Shard("long", (Request("train/17", (("user", "1" * 64),)),), Sampling(max_tokens=4))
    with pytest.raises(UserError, match=r"request 'train/17': the prompt has 64 tokens.*'tiny' holds 64") as caught:
        answers(pool, long)
    assert "max_model_length" in str(caught.value.fix)
    assert list(answers(pool, shard(1))) == ["shard-1"], "the pool opens again"


def test_text_that_the_tokenizer_cannot_read_is_named(pool: LocalPool) -> None:
    odd = Shard("odd", (Request("train/3", (("user", "\N{SNOWMAN}"),)),), Sampling(max_tokens=4))
    with pytest.raises(UserError, match="cannot read request 'train/3'"):
        answers(pool, odd)


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
        with pytest.raises(UserError, match=r"request 'train/5'.*one turn only"):
            answers(given, Shard("s", (two_turns,), Sampling(max_tokens=4)))


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
