"""A pool answers shards through real child processes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Missing,
    Rating,
    Request,
    Score,
    Scoring,
)
from infra.engines.wire import Shard
from tests.infra.engines.shards import ENGINE, answers, shard
from tests.infra.engines.tiny import build_tiny_adapter

pytestmark = pytest.mark.slow


def test_every_request_gets_its_samples_in_order(pool: LocalPool) -> None:
    shards = [shard(number) for number in range(5)]
    reports: list[tuple[int, int]] = []
    completions_by_shard = {}
    for done, completions in pool.generate(shards, lambda *report: reports.append(report)):
        completions_by_shard[done] = completions
    assert set(completions_by_shard) == set(shards)
    for done, completions in completions_by_shard.items():
        expected = [(request.id, index) for request in done.requests for index in range(3)]
        assert [(completion.request_id, completion.index) for completion in completions] == expected
    everything = [completion for completions in completions_by_shard.values() for completion in completions]
    assert reports[-1] == (75, sum(completion.num_tokens for completion in everything))
    assert reports == sorted(reports)
    for completion in everything:
        assert 1 <= completion.num_tokens <= 12
        assert completion.finish_reason == "stop" or completion.num_tokens == 12
        assert completion.logprob is not None and completion.logprob < 0


def test_a_shards_samples_do_not_depend_on_what_ran_before(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    together = answers(pool, shard(1), shard(2), shard(3))
    assert answers(pool, shard(3))["shard-3"] == together["shard-3"]
    with LocalPool(ENGINE, model, tmp_path) as fresh:
        assert answers(fresh, shard(2))["shard-2"] == together["shard-2"]


def test_a_draw_depends_on_its_request_and_number_alone(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    """Whatever the batch, the shard, the order, and the other draws."""
    whole = shard(4, num_requests=6, num_samples=8, max_tokens=20)
    expected = {(row.request_id, row.index): row.text for row in answers(pool, whole)["shard-4"]}
    assert len(set(expected.values())) > 30
    halves = [
        Shard(f"{start}/{request.id}", (replace(request, num_samples=4, first=start),), whole.sampling)
        for start in (4, 0)
        for request in reversed(whole.requests)
    ]
    with LocalPool(TransformersEngine(batch_size=3), model, tmp_path) as narrow:
        found = [row for rows in answers(narrow, *halves).values() for row in rows]
    assert {(row.request_id, row.index): row.text for row in found} == expected
    first = replace(whole.requests[0], seed=99)
    other = answers(pool, Shard("other", (first,), whole.sampling))["other"]
    assert [row.text for row in other] != [expected[first.id, draw] for draw in first.draws]


def test_one_load_serves_every_call(pool: LocalPool) -> None:
    answers(pool, shard(1))
    pool.score([Scoring("a", (("user", "1+1="),), "2")])
    answers(pool, shard(2))
    assert pool.num_loads == 1


def test_scores_of_generated_texts_are_their_logprobs(pool: LocalPool) -> None:
    drawn = shard(7, num_requests=8, num_samples=40, max_tokens=40)
    chats = {request.id: request.messages for request in drawn.requests}
    ended = [row for row in answers(pool, drawn)[drawn.name] if row.finish_reason == "stop"]
    assert len(ended) > 20
    scores = pool.score([Scoring(str(place), chats[row.request_id], row.text) for place, row in enumerate(ended)])
    plain = [(row, score) for row, score in zip(ended, scores, strict=True) if len(row.text) + 1 == row.num_tokens]
    assert plain, "texts without special tokens, which decoding leaves out"
    for row, score in plain:
        assert score.num_tokens == row.num_tokens
        assert score.logprob == pytest.approx(row.logprob, abs=1e-3)


CHAT = (("user", "1+1="),)


def test_scores_come_in_order_of_the_items_and_count_the_end_where_asked(pool: LocalPool) -> None:
    reports: list[tuple[int, int]] = []
    items = [
        Scoring(f"{name}{place % 7}/{place}", CHAT, "2" * (1 + place % 3), with_end=name == "end")
        for place in range(300)
        for name in ("end", "open")
    ]
    scores = pool.score(items, lambda *report: reports.append(report))
    assert [score.id for score in scores] == [item.id for item in items]
    assert reports[-1] == (600, sum(score.num_tokens for score in scores))
    for item, score in zip(items, scores, strict=True):
        assert score.num_tokens == len(item.completion) + item.with_end
        assert score.logprob < 0
    ends = [ended.logprob - opened.logprob for ended, opened in zip(scores[::2], scores[1::2], strict=True)]
    assert max(ends) < 0, "the end token has a probability below 1"


def test_an_end_is_scored_as_drawing_it_would_be(pool: LocalPool) -> None:
    """P(the whole text) = P(text) x P(end | text), which the same text as prefix gives."""
    whole, text, end = pool.score(
        [
            Scoring("whole", CHAT, "345"),
            Scoring("text", CHAT, "345", with_end=False),
            Scoring("end", CHAT, "", prefix="345"),
        ]
    )
    assert (whole.num_tokens, text.num_tokens, end.num_tokens) == (4, 3, 1)
    assert whole.logprob == pytest.approx(text.logprob + end.logprob, abs=1e-4)


def test_a_prefix_is_what_the_models_turn_begins_with(pool: LocalPool) -> None:
    """Where the template writes contents alone, a prefix gives what the same text at the chat's end gives."""
    greedy = Sampling(temperature=0, max_tokens=9)
    split = Shard("split", (Request("a", CHAT, prefix="0123"),), greedy)
    whole = Shard("whole", (Request("a", (("user", "1+1=0123"),)),), greedy)
    said = answers(pool, split, whole)
    assert said["split"][0].num_tokens == 9
    assert said["split"] == said["whole"]
    without = answers(pool, Shard("bare", (Request("a", CHAT),), greedy))["bare"]
    assert without[0].text != said["split"][0].text


def test_a_prefix_counts_towards_the_context(pool: LocalPool) -> None:
    long = Shard("long", (Request("train/9", CHAT, prefix="1" * 60),), Sampling(max_tokens=4))
    (gone,) = answers(pool, long)["long"]
    assert isinstance(gone, Missing) and "request 'train/9': the prompt has 64 tokens" in gone.detail


def test_what_has_no_score_is_missing_or_refused(pool: LocalPool) -> None:
    (gone,) = pool.score([Scoring("empty", CHAT, "", with_end=False)])
    assert isinstance(gone, Missing) and "an empty completion without its end has no score" in gone.detail
    with pytest.raises(ValueError, match="unique"):
        pool.score([Scoring("a", CHAT, "2"), Scoring("a", CHAT, "3")])
    with pytest.raises(EngineError, match="'tiny': the transformers engine rates nothing") as caught:
        pool.rate([Rating("a", CHAT, "2")])
    assert caught.value.fix == "write engine: {kind: reward}"
    assert pool.score([]) == []
    assert isinstance(pool.score([Scoring("a", CHAT, "2")])[0], Score), "the pool opens again"


def test_stop_texts_and_the_context_end_samples(pool: LocalPool) -> None:
    free = answers(pool, shard(1, temperature=0, num_samples=1))["shard-1"][0]
    stopped = answers(pool, shard(1, temperature=0, num_samples=1, stop=(free.text[4:6],)))["shard-1"][0]
    assert stopped.text == free.text[: free.text.index(free.text[4:6])]
    assert stopped.finish_reason == "stop"
    whole_context = answers(pool, shard(1, max_tokens=500))["shard-1"]
    longest = max(completion.num_tokens for completion in whole_context)
    assert 40 < longest <= 64 - len("1+1=")


def test_an_adapter_changes_what_is_said(pool: LocalPool, model: ModelFiles, tmp_path: Path) -> None:
    adapted = ModelFiles("round-1", model.weights, build_tiny_adapter(model.weights, tmp_path / "adapter"))
    with LocalPool(ENGINE, adapted, tmp_path / "work") as other:
        assert answers(other, shard(1)) != answers(pool, shard(1))


def test_two_sessions_share_the_work_and_leave_only_logs(model: ModelFiles, tmp_path: Path) -> None:
    two = TransformersEngine(batch_size=2, devices=("cpu", "cpu"))
    with LocalPool(two, model, tmp_path) as both:
        assert len(answers(both, *(shard(number) for number in range(8)))) == 8
        assert both.num_loads == 2
    assert sorted(os.listdir(tmp_path)) == ["session-0.log", "session-1.log"]


def test_leaving_in_the_middle_forgets_the_rest(model: ModelFiles, tmp_path: Path) -> None:
    with LocalPool(ENGINE, model, tmp_path) as short:
        stream = short.generate(shard(number, max_tokens=50) for number in range(1000))
        next(stream)
        stream.close()
        assert list(answers(short, shard(5))) == ["shard-5"]
        assert short.num_loads == 2


def test_a_pool_tells_what_happens(model: ModelFiles, tmp_path: Path) -> None:
    lines: list[str] = []
    with LocalPool(TransformersEngine(devices=("cpu",)), model, tmp_path, lines.append) as told:
        answers(told, shard(1), shard(2))
    assert "loading tiny with transformers on cpu" in lines[0]
    assert "tiny is loaded, after" in lines[1]
    assert len(lines) == 2
