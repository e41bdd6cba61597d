"""Segments whose episodes have several texts: what they publish and train on, kills, and texts that do not fit."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError, RecipeError
from infra.engines.learn.learner import Learner
from infra.engines.learn.rows import StreamRow
from tasks.core.files import CREDIT, TOKEN_ROWS
from tasks.core.records import Drop, Sample
from tasks.online.token_rows import join_rows
from tests.flows.micro import processes_of
from tests.flows.segments import digests, run_rounds, segment_folder, segment_recipe
from tests.flows.test_segments import Stopped, kill_at_random, kill_process, monkeypatched, rows

pytestmark = pytest.mark.slow
PROMPTS = {"why": "?", "fix": "fix", "long": "{{ '1' * 60 }}", "sees": "{{ answer }}"}


def turns_recipe(
    folder: Path, steps: list[dict[str, Any]], online: Mapping[str, Any], **sections: Any
) -> dict[str, Any]:
    """Two waves of two turns; prompts of a word lie in the folder."""
    for name, text in PROMPTS.items():
        (folder / f"{name}.j2").write_text(text)
    episode = {"kind": "revise", "max_tokens": 16, "steps": steps}
    return segment_recipe(steps=2, online={"episode": episode, **online}, **sections)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the baseline of every recipe here, and the prompts."""
    folder = tmp_path_factory.mktemp("begun")
    run_rounds(folder, turns_recipe(folder, FIX, TURN), rounds=0)
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


FIX = [{"part": "attempt", "prompt": "fix.j2"}]
TURN = {"credit": {"unit": "turn", "group_by": ["fork", "turn"]}, "flat_groups": "keep"}


def learnt(folder: Path) -> list[StreamRow]:
    """The rows that the learner was handed, out of what is published."""
    spans: dict[str, list[Any]] = {}
    for row in rows(folder, CREDIT.name, CREDIT.record):
        spans.setdefault(row.sample_id, []).append((row.stream, row.start, row.end, row.value))
    parents = {one.id: one.parent_id for one in rows(folder, "shard-00000.parquet", Sample)}
    return join_rows(rows(folder, TOKEN_ROWS.name, TOKEN_ROWS.record), spans, parents)


def test_a_segment_of_two_turns_that_was_killed_ends_with_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    tree = turns_recipe(folder, FIX, TURN)
    (tmp_path / "recipe.json").write_text(json.dumps(tree))
    shutil.copytree(folder, tmp_path / "straight")
    run_rounds(tmp_path / "straight", tree)
    with pytest.raises(EngineError), monkeypatched(Learner, "train", after=2, do=kill_process):
        run_rounds(folder, tree)
    kill_at_random(folder, tmp_path / "recipe.json", 1, random.Random(5), 1.0)
    run_rounds(folder, tree)
    assert digests(folder) == digests(tmp_path / "straight")
    assert processes_of(folder) == []
    samples = rows(folder, "shard-00000.parquet", Sample)
    tokens = rows(folder, TOKEN_ROWS.name, TOKEN_ROWS.record)
    assert len(samples) == len(tokens) == 2 * 2 * 4 * 6, "waves, turns, problems, members"
    assert all(row.is_trained for row in tokens)
    parents = {one.id: one.parent_id for one in samples}
    assert all(parents[one.id] is None or parents[parents[one.id]] is None for one in samples)
    told = learnt(folder)
    turns = [sum(name == "advantage" for name, *_ in row.spans) for row in told]
    assert sum(turns) == len(tokens) and set(turns) == {1}, "this template leaves ends of turns out: contexts are new"
    assert all(end <= len(row.written) for row in told for _, _, end, _ in row.spans)


def test_reflections_on_failures_are_trained_on_and_their_retries_are_not(folder: Path) -> None:
    steps = [{"part": "critique", "prompt": "why.j2", "num": 6}, {"part": "attempt", "prompt": "fix.j2"}]
    episode = {"kind": "revise", "max_tokens": 16, "temperature": 1.5, "steps": steps,
               "first": {"at_most": {"wrong": 1, "unparseable": 1, "truncated": 1}}}  # fmt: skip
    reward = [{"kind": "judge", "attempts": "last"}, {"kind": "format", "pattern": "1;", "weight": 0.5}]
    tree = turns_recipe(folder, steps, {"fork": "turn", "credit": {"train_parts": ["critique"]}, "reward": reward})
    tree["online"]["episode"] = episode
    outcome = run_rounds(folder, tree)
    samples = {one.id: one for one in rows(folder, "shard-00000.parquet", Sample)}
    trained = {row.sample_id for row in rows(folder, CREDIT.name, CREDIT.record)}
    assert outcome.steps["segment"].summary["num_steps"] > 0 and trained
    assert {samples[name].part for name in trained} == {"critique"}
    dropped = {row.sample_id: row.reason for row in rows(folder, "drops.parquet", Drop)}
    answers = {name for name, one in samples.items() if one.is_answer}
    assert set(dropped) == answers, "no attempt is trained on, and each has a reason"
    assert set(dropped.values()) <= {"no_credit", "flat", "surplus", "unscored"} and "no_credit" in dropped.values()


def test_a_second_prompt_that_does_not_fit_is_counted_and_the_first_attempt_is_trained_on(folder: Path) -> None:
    steps = [{"part": "attempt", "prompt": "long.j2"}]
    outcome = run_rounds(folder, turns_recipe(folder, steps, TURN))
    summary = outcome.steps["segment"].summary
    assert summary["lost_share"] == 0.5 and summary["turns_mean"] == 1 and summary["num_steps"] == 2


def test_a_text_before_an_attempt_that_never_ends_is_counted(folder: Path) -> None:
    steps = [{"part": "critique", "prompt": "why.j2", "max_tokens": 1}, *FIX]
    summary = run_rounds(folder, turns_recipe(folder, steps, TURN)).steps["segment"].summary
    assert 0 < summary["lost_share"] <= 0.5 and summary["num_steps"] == 2


def test_a_text_that_is_trained_on_may_not_see_the_answer(folder: Path) -> None:
    steps = [{"part": "critique", "prompt": "sees.j2", "stored_prompt": "why.j2"}, *FIX]
    with pytest.raises(RecipeError, match="it is shown 'answer'"):
        run_rounds(folder, turns_recipe(folder, steps, TURN))
    assert list(folder.rglob("segment/*/record.json")) == []


def test_one_text_that_is_cut_at_markers_is_one_row_with_a_span_a_part(folder: Path) -> None:
    episode = {"kind": "inline", "max_tokens": 16, "markers": [{"part": "verdict", "begins": ";"}]}
    tree = segment_recipe(steps=2, online={**TURN, "episode": episode, "reward": [
        {"kind": "judge", "values": {"correct": 1, "wrong": 0, "unparseable": 0, "truncated": 0}},
        {"kind": "verdict_match", "unparseable": -1},
    ]})  # fmt: skip
    run_rounds(folder, tree)
    samples = {one.id: one for one in rows(folder, "shard-00000.parquet", Sample)}
    tokens = {row.sample_id: row for row in rows(folder, TOKEN_ROWS.name, TOKEN_ROWS.record)}
    pieces = [one for one in samples.values() if one.part == "verdict" and one.id in tokens]
    assert pieces
    for one in pieces:
        before = tokens[one.parent_id or ""]
        assert tokens[one.id].prompt == (*before.prompt, *before.written)
    told = learnt(folder)
    assert len(told) == 48 and any(len(row.spans) >= 4 for row in told), "advantage and divergence of two parts"


@pytest.mark.nightly
def test_the_conductor_that_ended_draws_no_wave_of_turns_again(folder: Path, tmp_path: Path) -> None:
    from tasks.online.wave_folder import WaveFolder

    tree = turns_recipe(folder, FIX, TURN)
    shutil.copytree(folder, tmp_path / "straight")
    run_rounds(tmp_path / "straight", tree)

    def stop(_: Any) -> None:
        raise Stopped

    with pytest.raises(Stopped), monkeypatched(WaveFolder, "publish", 1, stop):
        run_rounds(folder, tree)
    run_rounds(folder, tree)
    assert digests(folder) == digests(tmp_path / "straight")
    assert segment_folder(folder).exists()
