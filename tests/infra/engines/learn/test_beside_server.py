"""A vLLM server whose weights follow a learner: it draws as the learner would, or it is said what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import UserError
from infra.engines.models.model_files import ModelFiles
from infra.engines.server_engine import ServerEngine
from tests.infra.engines.learn.test_beside import TUNES, WAVES, beside, drawn, train
from tests.infra.engines.learn.vllm_process import free_port, serving
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", build_tiny_folder(tmp_path_factory.mktemp("tiny"), hidden_size=128))


@pytest.mark.vllm
def test_a_server_draws_what_the_learner_would_draw_wave_by_wave(files: ModelFiles, tmp_path: Path) -> None:
    with serving(files.weights, tmp_path / "serve.log", 8) as url:
        for kind in ("lora", "full"):  # the adapters first: whole weights stay
            (tmp_path / kind).mkdir()
            with beside(files, TUNES[kind], ServerEngine(url=url), tmp_path / kind) as (learner, pool):
                texts = []
                for wave in range(WAVES):
                    pool.follow(wave)
                    for row, other in zip(drawn(pool, 0.0), drawn(learner, 0.0), strict=True):
                        assert row.tokens is not None and other.tokens is not None
                        assert (row.text, row.finish_reason, row.stop_text, row.num_tokens) == (
                            other.text, other.finish_reason, other.stop_text, other.num_tokens
                        )  # fmt: skip
                        assert (row.tokens.prompt, row.tokens.written, row.tokens.ends) == (
                            other.tokens.prompt, other.tokens.written, other.tokens.ends
                        )  # fmt: skip
                        assert row.tokens.logprobs == pytest.approx(other.tokens.logprobs, abs=0.02)
                        assert row.logprob == pytest.approx(other.logprob, abs=0.02)
                    said = drawn(pool)
                    texts.append([row.text for row in said])
                    assert [row.text for row in drawn(pool)] == texts[-1], "a draw has a seed of its own"
                    train(learner, said, tmp_path, wave)
                assert texts[0] != texts[1] != texts[2]


def test_a_server_that_is_not_there_is_one_message(files: ModelFiles, tmp_path: Path) -> None:
    engine = ServerEngine(url=f"http://127.0.0.1:{free_port()}/v1")
    with beside(files, TUNES["lora"], engine, tmp_path) as (_, pool):
        pool.follow(0)
        with pytest.raises(UserError, match="no server answers at ") as caught:
            drawn(pool)
    assert "vllm serve" in (caught.value.fix or "") and "--max-lora-rank" in (caught.value.fix or "")
