"""A learner draws as it scores, trains on streams alone, and does not mind what its batches are cut into."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file

from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from configs.schema.online.objectives import Dapo, OnlineObjective
from configs.schema.train import FullWeights, Optimizer
from infra.engines.learn.learner import Learner
from infra.engines.learn.request import LearnRequest
from infra.engines.learn.rows import StreamRow, read_rows, write_rows
from infra.engines.learn.start import StartWeights
from infra.engines.learn.work import Here
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Completion,
    Request,
    Score,
    Scoring,
)
from infra.engines.wire import Shard
from tests.infra.engines.tiny import build_tiny_folder

pytestmark = pytest.mark.slow
SAMPLING = Sampling(max_tokens=8, top_k=0, temperature=1.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", build_tiny_folder(tmp_path_factory.mktemp("tiny")))


def request(
    files: ModelFiles, batch_size: int = 8, objective: OnlineObjective | None = None, most_rows: int = 8
) -> LearnRequest:
    optimizer = Optimizer(max_steps=2, batch_size=batch_size, learning_rate=1e-3, dtype="float32", warmup_share=0)
    return LearnRequest(
        model=files, tune=FullWeights(), optimizer=optimizer, seed=1, objective=objective or Dapo(),
        most_rows=most_rows, max_tokens=8,
    )  # fmt: skip


def draw(learner: Learner) -> list[Completion]:
    asked = tuple(Request(f"q{number}", (("user", f"{number}+1="),), 4, seed=number) for number in range(2))
    ((_, rows),) = learner.generate([Shard("wave", asked, SAMPLING)])
    return [row for row in rows if isinstance(row, Completion)]


def rows_of(completions: Sequence[Completion], last: int | None = None) -> list[StreamRow]:
    """Rows with an advantage on the first two tokens.

    Args:
        last: what stands in place of every token behind them.
    """
    rows = []
    for place, row in enumerate(completions):
        assert row.tokens is not None
        written = (
            row.tokens.written if last is None else (*row.tokens.written[:2], *[last] * (len(row.tokens.written) - 2))
        )
        span = ("advantage", 0, min(2, len(written)), 1.0 if place % 2 else -1.0)
        rows.append(StreamRow(row.tokens.prompt, written, row.tokens.logprobs, [span]))
    return rows


def weights_after(
    files: ModelFiles, folder: Path, batch_size: int = 8, last: int | None = None, most_rows: int = 8
) -> dict:
    folder.mkdir()
    with Learner(Here(request(files, batch_size, most_rows=most_rows)), folder / "work", folder / "out") as learner:
        completions: list[Completion] = []
        while learner.wanted() is not None:
            completions = completions or draw(learner)
            write_rows(folder / "rows.jsonl", rows_of(completions, last))
            learner.train(folder / "rows.jsonl", 5)
    assert learner.report is not None and learner.report.num_steps == 2
    return load_file(folder / "out" / "model" / "model.safetensors")


def far(one: dict, other: dict) -> float:
    return max(float(abs(one[name] - other[name]).max()) for name in one)


def test_what_it_drew_is_what_it_scores_and_what_its_tokens_say(files: ModelFiles, tmp_path: Path) -> None:
    with Learner(Here(request(files)), tmp_path / "work", tmp_path / "out") as learner:
        assert learner.wanted() == 0
        completions = draw(learner)
        again = draw(learner)
        whole = [row for row in completions if row.finish_reason == "stop" and row.text]
        asked = [Scoring(str(place), (("user", f"{row.request_id[1:]}+1="),), row.text)
                 for place, row in enumerate(whole)]  # fmt: skip
        scores = learner.score(asked)
        learner.stop()
        assert learner.wanted() is None
    assert again == completions  # a draw depends on its seed alone
    for row in completions:
        assert row.tokens is not None and len(row.tokens.written) == len(row.tokens.logprobs) == row.num_tokens
        assert sum(row.tokens.logprobs) == pytest.approx(row.logprob)
    for row, score in zip(whole, scores, strict=True):
        assert isinstance(score, Score) and score.logprob == pytest.approx(row.logprob, abs=1e-3)
    assert learner.report is not None and learner.report.num_steps == 0
    assert not (tmp_path / "out").exists()


def test_a_learner_of_whom_nothing_was_asked_for_long_is_not_silent(files: ModelFiles, tmp_path: Path) -> None:
    """Judges may take hours, and who draws beside it."""
    own = request(files).model_copy(update={"engine": TransformersEngine(silence_seconds=5)})
    with Learner(Here(own), tmp_path / "work", tmp_path / "out") as learner:
        assert learner.wanted() == 0
        first = draw(learner)
        time.sleep(5.5)
        assert draw(learner) == first
        time.sleep(5.5)
        learner.export(tmp_path / "live")
        assert (tmp_path / "live/probe.json").exists()


def test_it_says_of_tokens_how_far_they_are_from_the_reference(files: ModelFiles, tmp_path: Path) -> None:
    """Which is the model that it began with: what a text is likelier now than when it was drawn."""
    asked = request(files, batch_size=3).model_copy(update={"reference": files, "compares_drawn": True})
    with Learner(Here(asked), tmp_path / "work", tmp_path / "out") as learner:
        assert learner.wanted() == 0
        drawn = [row for row in draw(learner) if row.finish_reason == "stop" and row.text]
        tokens = [row.tokens for row in drawn if row.tokens is not None]
        before = learner.compare(tokens)
        write_rows(tmp_path / "rows.jsonl", rows_of(drawn))
        learner.train(tmp_path / "rows.jsonl", 5)
        assert learner.wanted() == 1
        after = learner.compare(tokens)
        told = [Scoring(str(place), (("user", f"{row.request_id[1:]}+1="),), row.text)
                for place, row in enumerate(drawn)]  # fmt: skip
        scores = learner.score(told)
        assert learner.compare([]) == []
        learner.stop()
        learner.wanted()
    assert [len(gaps) for gaps in after] == [row.num_tokens for row in drawn]
    assert max(abs(gap) for gaps in before for gap in gaps) == pytest.approx(0, abs=1e-5)
    assert max(abs(gap) for gaps in after for gap in gaps) > 1e-3
    for row, gaps, score in zip(drawn, after, scores, strict=True):
        assert isinstance(score, Score) and sum(gaps) == pytest.approx(score.logprob - row.logprob, abs=1e-3)


def test_tokens_under_no_span_do_not_change_what_is_learnt(files: ModelFiles, tmp_path: Path) -> None:
    plain = weights_after(files, tmp_path / "plain")
    assert far(plain, weights_after(files, tmp_path / "other", last=7)) < 1e-6
    assert far(plain, load_file(files.weights / "model.safetensors")) > 1e-4


def test_it_does_not_matter_what_batches_a_step_is_cut_into(files: ModelFiles, tmp_path: Path) -> None:
    whole = weights_after(files, tmp_path / "whole")
    assert far(whole, weights_after(files, tmp_path / "cut", batch_size=3)) < 1e-5


def test_rows_beyond_those_that_were_expected_are_trained_on_too(files: ModelFiles, tmp_path: Path) -> None:
    expected = weights_after(files, tmp_path / "expected", batch_size=3)
    assert far(expected, weights_after(files, tmp_path / "more", batch_size=3, most_rows=5)) < 1e-5


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [StreamRow([1, 2], [3], [-0.5], [("advantage", 0, 1, 0.25)], [4])]
    assert write_rows(tmp_path / "rows.jsonl", rows) == 1
    assert read_rows(tmp_path / "rows.jsonl") == rows


def test_the_weights_of_the_start_stand_in_for_the_live_ones_and_give_them_back_bit_for_bit() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 1))
    model[0].weight.requires_grad_(False)
    start = StartWeights(model)
    began = {name: weights.detach().clone() for name, weights in model.named_parameters()}
    with torch.no_grad():
        model[1].weight += 0.1
    live = model[1].weight.detach().clone()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), start.instead(model):
            assert all(torch.equal(weights, began[name]) for name, weights in model.named_parameters())
            raise ZeroDivisionError
        assert torch.equal(model[1].weight, live)


def test_how_far_it_went_is_measured_at_the_borders_that_were_asked_for(files: ModelFiles) -> None:
    def due(every: int, **fields: int) -> list[int]:
        asked = request(files).model_copy(update={"compare_start_every": every, **fields})
        return [step for step in range(0, 12, asked.optimizer_steps_per_wave) if asked.compares_start(step)]

    assert due(0) == [] and due(4) == [4, 8] and due(1) == list(range(1, 12))
    assert due(3, steps_per_wave=2) == [4, 6, 10], "the first border behind"
    assert due(4, first_step=2) == [2, 6, 10], "steps of the run, not of the segment"
