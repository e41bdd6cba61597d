"""Jobs and their answers survive the way through messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from configs.schema.repetition import Repetition
from infra.engines.models.model_files import ModelFiles
from infra.engines.programs import session_devices, visible_devices
from infra.engines.questions import (
    Completion,
    Embedded,
    Embedding,
    Rated,
    Rating,
    Request,
    Row,
    Score,
    Scoring,
)
from infra.engines.wire import (
    ROWS_A_MESSAGE,
    EmbeddingJob,
    Job,
    RatingJob,
    ScoringJob,
    Shard,
    halves,
    read_job,
    read_rows,
    write_job,
    write_rows,
)

texts = st.text(max_size=20)
chats = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), texts), max_size=3).map(tuple)
asked = st.builds(Request, texts, chats, st.integers(1, 9), texts, st.integers(0, 2**31), st.integers(0, 9))
shards = st.builds(
    Shard,
    texts,
    st.lists(asked, max_size=6).map(tuple),
    st.lists(texts.filter(bool)).map(lambda stop: Sampling(temperature=0.3, stop=tuple(stop))),
)
JOBS: list[Job] = [
    Shard("s", (Request("a", (("user", "x"),), 3), Request("b", ())), Sampling(repetition=Repetition(times=3))),
    ScoringJob("s", (Scoring("a", (("user", "x"),), "y"), Scoring("b", (), "", "Score: ", with_end=False))),
    RatingJob("s", (Rating("a", (("user", "x"),), "y"), Rating("b", (), "", "<step>"), Rating("c", (), "y"))),
    EmbeddingJob("s", (Embedding("a", "x"), Embedding("b", "y", "last", 9))),
]


def carried(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(message))
    return found


@given(shards)
def test_a_shard_is_read_as_it_was_written(shard: Shard) -> None:
    assert read_job(carried(write_job(shard))) == shard
    assert shard.num_samples == sum(request.num_samples for request in shard.requests)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.kind)
def test_a_job_is_read_as_it_was_written(job: Job) -> None:
    assert read_job(carried(write_job(job))) == job


def test_a_job_counts_its_sequences() -> None:
    assert [job.num_samples for job in JOBS] == [4, 2, 3, 2]


@given(shards.filter(lambda shard: len(shard.requests) > 1))
def test_halves_are_the_job_cut_in_two(shard: Shard) -> None:
    first, second = halves(shard)
    assert (*first.requests, *second.requests) == shard.requests
    assert abs(len(first.requests) - len(second.requests)) <= 1
    assert len({first.name, second.name, shard.name}) == 3
    assert isinstance(first, Shard) and first.sampling == shard.sampling


COMPLETIONS = [
    Completion("a", 0, "line\nline\u2028\u00e9", "stop", 3, -1.25),
    Completion("a", 1, "", "length", 1, None),
    Completion("a", 2, "aaa", "length", 3, -1.0, repeats=True),
]


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("generate", COMPLETIONS * ROWS_A_MESSAGE),
        ("score", [Score("0", -2.5, 2)]),
        ("rate", [Rated("0", (0.25, 1.0)), Rated("1", ())]),
        ("embed", [Embedded("0", (0.25, -1.0))]),
        ("generate", []),
    ],
)
def test_rows_are_read_as_they_were_written(kind: str, rows: list[Row]) -> None:
    messages = [carried(message) for message in write_rows("job", rows)]
    assert read_rows(kind, [row for message in messages for row in message["rows"]]) == rows
    assert len(messages) == -(-len(rows) // ROWS_A_MESSAGE)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="there is no folder"):
        ModelFiles("base", tmp_path / "nowhere").check()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EngineError, match=f"{tmp_path} has no weights"):
        ModelFiles("base", tmp_path).check()
    (tmp_path / "model.safetensors").touch()
    ModelFiles("base", tmp_path).check()
    with pytest.raises(EngineError, match=r"has no adapter_config\.json"):
        ModelFiles("round-1", tmp_path, tmp_path).check()


@pytest.mark.parametrize(
    ("devices", "gpus_each", "num_gpus", "sessions"),
    [
        (("auto",), 1, 3, ("cuda:0", "cuda:1", "cuda:2")),
        (("auto",), 2, 5, ("cuda:0-1", "cuda:2-3")),
        (("auto",), 4, 4, ("auto",)),
        (("auto",), 1, 0, ("auto",)),
        (("cuda:1",), 1, 8, ("cuda:1",)),
        (("cpu", "cpu"), 1, 8, ("cpu", "cpu")),
    ],
)
def test_auto_is_a_session_for_each_group_of_gpus(
    devices: tuple[str, ...], gpus_each: int, num_gpus: int, sessions: tuple[str, ...]
) -> None:
    gpus = [*(f"GPU-{number}" for number in range(num_gpus)), "MIG-1"]
    assert session_devices(devices, gpus_each, gpus) == sessions


def test_model_files_survive_json(tmp_path: Path) -> None:
    for model in (ModelFiles("a", tmp_path), ModelFiles("b", tmp_path, tmp_path / "adapter", "{{ x }}", True)):
        assert ModelFiles.from_json(model.to_json()) == model


def test_a_session_sees_its_own_device_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_devices("auto") == {}
    assert visible_devices("cpu") == {"CUDA_VISIBLE_DEVICES": ""}
    assert visible_devices("cuda:1") == {"CUDA_VISIBLE_DEVICES": "1"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-7")
    assert visible_devices("cuda:1") == {"CUDA_VISIBLE_DEVICES": "GPU-7"}
    assert visible_devices("cuda:0-1") == {"CUDA_VISIBLE_DEVICES": "4,GPU-7"}
    for device in ("cuda:2", "cuda:1-2", "cuda:1-0", "tpu", "cuda:x"):
        with pytest.raises(EngineError, match=r"engine\.devices"):
            visible_devices(device)
