"""Every failure of a generator has a message that names the thing, and leaves nothing running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from configs.errors import EngineError, UserError
from configs.schema.engine import TransformersEngine
from configs.schema.generate import Sampling
from infra.engines.models.model_files import ModelFiles
from infra.engines.pool import GeneratorPool
from infra.engines.session import GeneratorSession, Ready
from infra.engines.wire import Request, Shard
from infra.engines.work import Progress
from infra.process.group import is_group_alive
from tests.infra.engines.shards import ENGINE, answers, shard

pytestmark = pytest.mark.slow


def test_a_prompt_beyond_the_context_is_named(pool: GeneratorPool) -> None:
    long = Shard("long", (Request("train/17", (("user", "1" * 64),)),), Sampling(max_tokens=4))
    with pytest.raises(UserError, match=r"request 'train/17': the prompt has 64 tokens.*'tiny' holds 64") as caught:
        answers(pool, long)
    assert "max_model_length" in str(caught.value.fix)
    assert list(answers(pool, shard(1))) == ["shard-1"], "the pool opens again"


def test_text_that_the_tokenizer_cannot_read_is_named(pool: GeneratorPool) -> None:
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
        GeneratorPool(ENGINE, ModelFiles("bare", bare), tmp_path / "work") as broken,
        pytest.raises(UserError, match=r"'bare'.*has no chat template") as caught,
    ):
        answers(broken, shard(1))
    assert "model.chat_template: FILE" in str(caught.value.fix)
    template = (
        "{% if messages|length > 1 %}{{ raise_exception('one turn only') }}{% endif %}{{ messages[0]['content'] }}"
    )
    with GeneratorPool(ENGINE, ModelFiles("bare", bare, chat_template=template), tmp_path / "work") as given:
        assert len(answers(given, shard(1))) == 1
        two_turns = Request("train/5", (("user", "1"), ("user", "2")))
        with pytest.raises(UserError, match=r"request 'train/5'.*one turn only"):
            answers(given, Shard("s", (two_turns,), Sampling(max_tokens=4)))


def test_damaged_weights_are_an_engine_error_with_the_log(model: ModelFiles, tmp_path: Path) -> None:
    damaged = shutil.copytree(model.weights, tmp_path / "damaged")
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with (
        GeneratorPool(ENGINE, ModelFiles("damaged", damaged), tmp_path / "work") as broken,
        pytest.raises(EngineError, match=r"(?s)transformers engine failed: .*log: .*generator-0\.log"),
    ):
        answers(broken, shard(1))


def test_a_longer_context_than_the_models_is_refused(model: ModelFiles, tmp_path: Path) -> None:
    wide = TransformersEngine(max_model_length=65)
    with GeneratorPool(wide, model, tmp_path) as broken, pytest.raises(EngineError, match="more than the 64 tokens"):
        answers(broken, shard(1))


def test_a_generator_killed_mid_shard_is_an_engine_error_and_leaves_nothing(model: ModelFiles, tmp_path: Path) -> None:
    with GeneratorSession(ENGINE, model, tmp_path) as session:
        session.submit(shard(1, num_requests=60, num_samples=60, max_tokens=50))
        assert isinstance(session.next_event(60), Ready)
        assert isinstance(session.next_event(60), Progress)
        child = session._child
        assert child is not None
        os.kill(engine_process(session), signal.SIGKILL)
        with pytest.raises(EngineError, match="'tiny' ended before its work was done: killed by SIGKILL"):
            while True:
                session.next_event(60)
        assert not is_group_alive(child.pid)
    assert os.listdir(tmp_path) == ["generator.log"]


def engine_process(session: GeneratorSession) -> int:
    """The process below the guard."""
    child = session._child
    assert child is not None
    return int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()[0])


def test_an_engine_that_falls_silent_is_killed_and_named(model: ModelFiles, tmp_path: Path) -> None:
    patient = TransformersEngine(batch_size=16, silence_seconds=5)
    endless = (shard(number, num_requests=60, num_samples=60, max_tokens=50) for number in range(1000))
    with GeneratorPool(patient, model, tmp_path) as silent:
        stopped: list[float] = []

        def stop_it(*report: int) -> None:
            if not stopped:
                stopped.append(time.monotonic())
                os.kill(engine_process(silent._sessions[0]), signal.SIGSTOP)

        with pytest.raises(EngineError, match=r"'tiny' gave no sign of life for 5 s, and is killed") as caught:
            for _ in silent.generate(endless, stop_it):
                pass
        waited = time.monotonic() - stopped[0]
        assert 5 <= waited < 12
        assert "generator-0.log" in caught.value.message
        assert "engine.silence_seconds" in str(caught.value.fix)
        assert silent._sessions[0]._child is None
        assert list(answers(silent, shard(1))) == ["shard-1"], "the pool opens again"
    assert os.listdir(tmp_path) == ["generator-0.log"]


def test_a_model_that_does_not_load_in_time_is_named(model: ModelFiles, tmp_path: Path) -> None:
    hasty = TransformersEngine(load_seconds=0.05)
    with GeneratorPool(hasty, model, tmp_path) as broken, pytest.raises(EngineError, match="loading") as caught:
        answers(broken, shard(1))
    assert "engine.load_seconds" in str(caught.value.fix)


def test_idle_time_and_slow_callers_are_no_silence(model: ModelFiles, tmp_path: Path) -> None:
    hasty = TransformersEngine(batch_size=16, silence_seconds=5)
    with GeneratorPool(hasty, model, tmp_path) as pool:
        assert len(answers(pool, shard(1))) == 1
        time.sleep(6)
        for _ in pool.generate(shard(number) for number in range(2)):
            time.sleep(6)
        assert pool.num_loads == 1
