"""Shards and their answers survive the way through files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import EngineError
from configs.schema.generate import Sampling
from infra.engines.devices import visible_devices
from infra.engines.models.model_files import ModelFiles
from infra.engines.wire import (
    Completion,
    Rated,
    Rating,
    Request,
    Score,
    Scoring,
    Shard,
    read_completions,
    read_rated,
    read_ratings,
    read_scores,
    read_scorings,
    read_shard,
    write_rows,
    write_shard,
)
from infra.engines.work import Job, RatingJob, ScoringJob, num_sequences, read_job, write_job

texts = st.text(max_size=20)
chats = st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), texts), max_size=3).map(tuple)


asked = st.builds(Request, texts, chats, st.integers(1, 9), texts, st.integers(0, 2**31), st.integers(0, 9))


@given(st.lists(asked, max_size=4), st.lists(texts.filter(bool)))
def test_a_shard_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, requests: list[Request], stop: list[str]
) -> None:
    path = tmp_path_factory.mktemp("shard") / "shard.jsonl"
    shard = Shard("train/7", tuple(requests), Sampling(temperature=0.3, stop=tuple(stop)))
    write_shard(path, shard)
    assert read_shard(path) == shard
    assert shard.num_samples == sum(request.num_samples for request in requests)
    assert os.listdir(path.parent) == ["shard.jsonl"]


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    completions = [
        Completion("a", 0, "line\nline\u2028\u00e9", "stop", 3, -1.25),
        Completion("a", 1, "", "length", 1, None),
    ]
    write_rows(path, completions)
    assert read_completions(path) == completions
    scorings = [Scoring("0", (("user", "x"),), "y"), Scoring("1", (), "", "Score: ", with_end=False)]
    write_rows(path, scorings)
    assert read_scorings(path) == scorings
    write_rows(path, [Score("0", -2.5, 2)])
    assert read_scores(path) == [Score("0", -2.5, 2)]
    ratings = [Rating("0", (("user", "x"),), "a\n\nb"), Rating("1", (), "", "<step>")]
    write_rows(path, ratings)
    assert read_ratings(path) == ratings
    rated = [Rated("0", (0.25, 1.0)), Rated("1", ())]
    write_rows(path, rated)
    assert read_rated(path) == rated


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    shard = Shard("s", (Request("a", (("user", "x"),), 3),), Sampling())
    scoring = ScoringJob("s", (Scoring("a", (("user", "x"),), "y"),))
    rating = RatingJob("s", (Rating("a", (("user", "x"),), "y"), Rating("b", (), "y")))
    jobs: list[Job] = [shard, scoring, rating]
    assert [num_sequences(job) for job in jobs] == [3, 1, 2]
    kinds = []
    for job in jobs:
        kinds.append(write_job(tmp_path / "job.jsonl", job))
        assert read_job(tmp_path / "job.jsonl", kinds[-1], "s") == job
    assert kinds == ["generate", "score", "rate"]


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
    for device in ("cuda:2", "tpu", "cuda:x"):
        with pytest.raises(EngineError, match=r"engine\.devices"):
            visible_devices(device)
