"""vLLM answers shards as the transformers engine does, with a merged adapter, in one load."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine, VllmEngine
from configs.schema.repetition import Repetition
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Request, Scoring
from infra.engines.wire import Shard
from tests.infra.engines.tiny import build_tiny_adapter, build_tiny_folder

pytestmark = [pytest.mark.slow, pytest.mark.vllm]


def test_vllm_generates_and_scores_like_transformers(tmp_path: Path) -> None:
    weights = build_tiny_folder(tmp_path / "tiny", hidden_size=128)
    model = ModelFiles("round-1", weights, build_tiny_adapter(weights, tmp_path / "adapter"))
    requests = tuple(Request(f"{place}", (("user", f"{place}+{place}="),), 3) for place in range(6))
    greedy = Shard("greedy", tuple(Request(r.id, r.messages) for r in requests), Sampling(temperature=0, max_tokens=12))
    engine = VllmEngine(dtype="float32", max_num_seqs=16, cpu_kv_cache_gib=1)
    with (
        LocalPool(engine, model, tmp_path / "vllm") as pool,
        LocalPool(TransformersEngine(dtype="float32"), model, tmp_path / "transformers") as other,
    ):
        shards = [Shard(f"shard-{number}", requests, Sampling(max_tokens=20)) for number in range(3)]
        texts = set()
        for shard, completions in pool.generate(shards):
            expected = [(request.id, index) for request in shard.requests for index in range(3)]
            assert [(row.request_id, row.index) for row in completions] == expected
            assert all(row.finish_reason == "stop" or row.num_tokens == 20 for row in completions)
            texts.add(tuple(row.text for row in completions))
        assert len(texts) == 1, "a draw depends on its request and number, not on its shard"
        ((_, said),) = pool.generate([greedy])
        ((_, expected_rows),) = other.generate([greedy])
        for row, expected_row in zip(said, expected_rows, strict=True):
            assert (row.text, row.finish_reason, row.num_tokens) == (
                expected_row.text, expected_row.finish_reason, expected_row.num_tokens
            )  # fmt: skip
            assert row.logprob == pytest.approx(expected_row.logprob, abs=0.02)
        items = [
            Scoring(f"{request.id}/{text}/{prefix}/{with_end}", request.messages, text, prefix, with_end)
            for request in requests
            for text, prefix in (("7", ""), ("8", ""), ("=", ""), ("12345", ""), ("7", "12"))
            for with_end in (True, False)
        ]
        for score, expected_score in zip(pool.score(items), other.score(items), strict=True):
            assert (score.id, score.num_tokens) == (expected_score.id, expected_score.num_tokens)
            assert score.logprob == pytest.approx(expected_score.logprob, abs=0.02)
        led = Shard("led", tuple(Request(r.id, r.messages, prefix="12") for r in requests), Sampling(temperature=0))
        ((_, led_rows),), ((_, expected_led),) = pool.generate([led]), other.generate([led])
        assert [(row.text, row.num_tokens) for row in led_rows] == [(row.text, row.num_tokens) for row in expected_led]
        assert [row.text for row in led_rows] != [row.text for row in said]
        stop = expected_rows[0].text[3:5]
        stopping = Shard("stop", greedy.requests[:1], Sampling(temperature=0, max_tokens=12, stop=(stop,)))
        ((_, (stopped,)),) = pool.generate([stopping])
        assert stopped.text == expected_rows[0].text[: expected_rows[0].text.index(stop)]
        circling = Sampling(temperature=0, max_tokens=40, repetition=Repetition(longest=8, times=2))
        ((_, rows),), ((_, expected_rows),) = (
            one.generate([Shard("circles", greedy.requests, circling)]) for one in (pool, other)
        )
        told = [[(row.text, row.finish_reason, row.num_tokens, row.repeats) for row in own]
                for own in (rows, expected_rows)]  # fmt: skip
        assert told[0] == told[1] and any(row.repeats and row.finish_reason == "length" for row in rows)
        assert pool.num_loads == 1
    assert os.listdir(tmp_path / "vllm") == ["session-0.log"]
