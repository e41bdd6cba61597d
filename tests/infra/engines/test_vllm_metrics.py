"""What vLLM counts becomes metrics of the run, and a word where its memory is too small."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from configs.schema.drawing import Sampling
from configs.schema.engine import VllmEngine
from infra.engines.generate.vllm_metrics import used, words_of
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Request
from infra.engines.wire import Shard
from tests.infra.engines.tiny import build_tiny_folder


@dataclass
class Counted:
    name: str
    value: float


def test_parts_of_an_engine_are_summed_and_what_is_no_metric_of_a_run_is_left_out() -> None:
    found = [Counted("vllm:num_preemptions", 3), Counted("vllm:num_preemptions", 4), Counted("vllm:other", 9)]
    assert used(found) == {"generator_preempted": 7}
    assert used([]) == {}


def test_a_word_is_said_from_one_text_in_ten() -> None:
    assert words_of({}, 100) == words_of({"generator_preempted": 10}, 100) == ""
    said = words_of({"generator_preempted": 11}, 100)
    assert "put off 11 of 100 texts" in said and "engine.max_num_seqs" in said


@pytest.mark.slow
@pytest.mark.vllm
def test_too_many_sequences_for_the_memory_are_told_with_what_helps(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = ModelFiles("round-1", build_tiny_folder(tmp_path / "tiny", hidden_size=128))
    engine = VllmEngine(max_num_seqs=16, cpu_kv_cache_gib=1, options={"num_gpu_blocks_override": 6, "block_size": 32})
    short = tuple(Request(f"{place}", (("user", "1+1+1+1+1+1+1+1+1+1="),), 2) for place in range(8))
    long = (Request("long", (("user", "1+" * 30),), 4),)
    with LocalPool(engine, model, tmp_path / "vllm") as pool, caplog.at_level(logging.WARNING):
        for name, requests in (("short", short), ("long", long)):
            ((_, rows),) = pool.generate([Shard(name, requests, Sampling(max_tokens=48))])
            assert len(rows) == sum(request.num_samples for request in requests)
        spent = pool.spending()
        pool.close()
        assert pool.spending() == spent, "what was used stays used"
    assert spent["generator_preempted"] > 2 and "for want of memory" in caplog.text
    assert spent["generator_prompt_tokens"] >= spent["generator_cached_tokens"] > 0
