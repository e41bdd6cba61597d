"""Rows that a wave has beside those of its episodes: what is published of them, and that no kill changes them."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks.core.files import CREDIT, EXAMPLES, REWARDS, TOKEN_ROWS
from tasks.core.records import Example, Part, Sample, Verdict
from tasks.sample.problems.arithmetic import write_addition
from tasks.sample.problems.builtin import part_of
from tests.flows.segments import digests, run_rounds, segment_folder, segment_recipe
from tests.flows.test_segments import assert_kills_change_nothing, kill_at_random, rows

pytestmark = pytest.mark.slow
NUM_KILLS = int(os.environ.get("SELFLOOP_TEST_KILLS", "3"))
ATTEMPTS = {
    "kind": "attempts", "name": "told", "when": "always", "count": 2, "weight": {"start": 0.5, "end": 0.1, "over": 3},
}  # fmt: skip
VERDICTS = {
    "kind": "verdicts", "prompt": "asked.j2", "count": 3, "share": 0.5, "pattern": "(\\d);?$",
    "says": {"correct": "1", "wrong": "2", "unparseable": "2"}, "right": 1.0, "wrong": -0.5, "unparseable": -1.0,
}  # fmt: skip


def tree(*derived: dict[str, Any], steps: int = 2, **sections: Any) -> dict[str, Any]:
    return segment_recipe(steps=steps, online={"derived": list(derived), "flat_groups": "keep"}, **sections)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the baseline of every recipe here, and a prompt."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "asked.j2").write_text("{{ prompt }}")
    run_rounds(folder, tree(), rounds=0)
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


def test_attempts_with_help_are_learnt_as_answers_to_the_problem_alone(folder: Path) -> None:
    run_rounds(folder, tree({**ATTEMPTS, "prompt": "asked.j2"}))
    samples = {one.id: one for one in rows(folder, "shard-00000.parquet", Sample)}
    verdicts = {one.sample_id: one for one in rows(folder, "verdicts.parquet", Verdict)}
    tokens = {one.sample_id: one for one in rows(folder, TOKEN_ROWS.name, TOKEN_ROWS.record)}
    credit = [one for one in rows(folder, CREDIT.name, CREDIT.record) if one.stream == "nll_weight"]
    told = {name: one for name, one in samples.items() if one.draw == "told"}
    assert list(verdicts) == list(samples)
    assert len(told) == 2 * 2 * 4 and all(not one.is_independent for one in told.values())
    right = {name for name in told if verdicts[name].label == "correct"}
    assert {one.sample_id for one in credit} == right and right
    weights = {0: 0.5, 1: 0.5 - 0.4 / 3}
    assert all(one.value == pytest.approx(weights[tokens[one.sample_id].wave]) for one in credit)
    plain = {one.problem_id: tokens[one.id].prompt for one in samples.values() if one.draw == ""}
    assert all(tokens[name].context == plain[samples[name].problem_id] for name in right)
    assert all(tokens[name].context == () for name in told.keys() - right)
    examples = {row.sample_id: row for row in rows(folder, EXAMPLES.name, Example)}
    assert right <= examples.keys() and not (told.keys() - right) & examples.keys()
    lines = [json.loads(line) for line in (segment_folder(folder) / "metrics.jsonl").read_text().splitlines()]
    assert all(line["told_asked_share"] == 1 for line in lines)
    assert any(line.get("nll_derived", 0) > 0 for line in lines)


def test_nothing_is_drawn_where_the_weight_has_come_to_nothing(folder: Path) -> None:
    run_rounds(folder, tree({**ATTEMPTS, "prompt": "asked.j2", "weight": {"start": 0.5, "end": 0.0, "over": 1}}))
    samples = rows(folder, "shard-00000.parquet", Sample)
    assert {one.id.split("/")[1] for one in samples if one.draw == "told"} == {"w0"}


def test_verdicts_are_groups_of_their_own_behind_what_they_are_about(folder: Path) -> None:
    run_rounds(folder, tree(VERDICTS, steps=1))
    samples = rows(folder, "shard-00000.parquet", Sample)
    said = [one for one in samples if one.part == Part.VERDICT]
    assert len(said) == 3 * 12 and len({one.parent_id for one in said}) == 12
    places = {one.id: place for place, one in enumerate(samples)}
    assert all(0 < places[one.id] - places[one.parent_id or ""] <= 3 for one in said)
    values = [row.value for row in rows(folder, REWARDS.name, REWARDS.record) if row.term == "verdicts"]
    assert len(values) == len(said) and set(values) <= {1.0, -0.5, -1.0}
    credit = {row.sample_id for row in rows(folder, CREDIT.name, CREDIT.record) if row.stream == "advantage"}
    assert {one.id for one in said} <= credit


COMMENTED = {
    "kind": "revise", "max_tokens": 16, "num_samples": 6, "temperature": 1.0, "top_k": 0, "steps": [
        {"part": "critique", "by": "policy", "state": "base", "form": "single", "prompt": "asked.j2"},
        {"part": "attempt", "form": "single", "prompt": "asked.j2"},
    ],
}  # fmt: skip
"""the base model has something to say of an attempt, and the attempt after it sees the problem twice"""


def test_second_attempts_move_under_the_problem_and_critiques_are_learnt_where_they_are_asked_for(folder: Path) -> None:
    (folder / "asked.j2").write_text("{{ prompt }}1")
    derived = [
        {"kind": "copies", "part": "attempt", "stream": "advantage"},
        {"kind": "copies", "name": "words", "part": "critique", "prompt": "asked.j2", "weight": 0.1},
    ]
    online = {
        "derived": derived, "flat_groups": "keep", "episode": COMMENTED,
        "credit": {"unit": "turn", "train_turns": "last", "train_parts": ["attempt"], "baseline": "first_turn_mean"},
    }  # fmt: skip
    run_rounds(folder, segment_recipe(steps=1, online=online))
    samples = {one.id: one for one in rows(folder, "shard-00000.parquet", Sample)}
    tokens = {one.sample_id: one for one in rows(folder, TOKEN_ROWS.name, TOKEN_ROWS.record)}
    credit = rows(folder, CREDIT.name, CREDIT.record)
    plain = {one.problem_id: tokens[one.id].prompt for one in samples.values() if one.parent_id is None}
    trained = {row.sample_id for row in credit if row.stream == "advantage"}
    assert all(samples[name].part == Part.ATTEMPT for name in trained)
    moved = {name for name in trained if samples[name].parent_id is not None}
    assert moved and all(tokens[name].context == () for name in trained - moved), "a chain may end at its first"
    for row in map(tokens.__getitem__, moved):
        assert row.context == plain[row.problem_id] != row.prompt and len(row.logprobs) == len(row.written)
    said = {row.sample_id for row in credit if row.stream == "nll_weight"}
    assert said and all(samples[name].part == Part.CRITIQUE for name in said)
    assert all(tokens[name].logprobs == () and tokens[name].is_trained for name in said)
    examples = {row.sample_id: row for row in rows(folder, EXAMPLES.name, Example)}
    asked = {len(examples[name].messages[-1].content) for name in moved}
    assert asked == {len(examples[name].messages[-1].content) - 1 for name in said}, "with a 1 behind the problem"


@pytest.mark.nightly
def test_a_segment_with_derived_rows_killed_at_random_moments_ends_with_the_same_bytes(
    begun: Path, tmp_path: Path
) -> None:
    recipe = tree({**ATTEMPTS, "prompt": "asked.j2"}, VERDICTS, steps=4)
    assert_kills_change_nothing(begun, tmp_path, recipe, NUM_KILLS)


TAUGHT = {"train": {"objective": {"kind": "sdpo", "prompt": "asked.j2", "success": 0.2}, "reference": "start"}}


def taught(steps: int, rounds: int = 1) -> dict[str, Any]:
    online = {"flat_groups": "keep", "moving": {"rate": {"start": 0.5, "end": 0.1, "over": 3, "unit": "waves"}}}
    return segment_recipe(steps=steps, rounds=rounds, online=online, **TAUGHT)


def test_attempts_are_taught_by_what_others_found(folder: Path) -> None:
    run_rounds(folder, taught(2))
    tokens = rows(folder, TOKEN_ROWS.name, TOKEN_ROWS.record)
    credit = rows(folder, CREDIT.name, CREDIT.record)
    assert {row.stream for row in credit} == {"distil"}
    assert {row.sample_id for row in tokens if row.teacher} == {row.sample_id for row in credit} != set()
    lines = [json.loads(line) for line in (segment_folder(folder) / "metrics.jsonl").read_text().splitlines()]
    assert all(0 < line["taught_share"] <= 1 and line["entropy"] > 0 for line in lines)
    assert lines[0]["divergence"] == pytest.approx(0, abs=1e-6), "the same weights under the same prompt"
    assert lines[1]["divergence"] > 1e-7, "the copy is behind"
    assert (segment_folder(folder) / "optimizer" / "moving.safetensors").exists()


@pytest.mark.nightly
def test_rounds_of_one_wave_carry_the_copy_and_a_killed_one_goes_on_with_it(begun: Path, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(taught(4)))
    for name in ("cut", "killed", "straight"):
        shutil.copytree(begun, tmp_path / name)
    run_rounds(tmp_path / "straight", taught(4))
    whole = digests(tmp_path / "straight")
    kill_at_random(tmp_path / "killed", path, NUM_KILLS, random.Random(NUM_KILLS), 1.5)
    run_rounds(tmp_path / "killed", taught(4))
    assert digests(tmp_path / "killed") == whole
    run_rounds(tmp_path / "cut", taught(1, rounds=4))
    alike = ("model/model.safetensors", "optimizer/optimizer.pt", "optimizer/moving.safetensors", "carried.json")
    cut = digests(tmp_path / "cut", 4)
    assert {name: cut[name] for name in alike} == {name: whole[name] for name in alike}


def test_twins_come_in_one_wave_and_label_each_other(tmp_path: Path) -> None:
    pairs = [(a, b) for a in range(10) for b in range(a) if part_of(a, b) == part_of(b, a) == "train"]
    lines = [
        {"question": write_addition(*one)[0], "id": "+".join(map(str, one)), "twin": "+".join(map(str, one[::-1]))}
        for pair in pairs for one in (pair, pair[::-1])
    ]  # fmt: skip
    (tmp_path / "twins.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    train = {"kind": "file", "path": str(tmp_path / "twins.jsonl"), "mapping": {"id": "id", "tags": ["twin"]}}
    run_rounds(tmp_path, segment_recipe(
        steps=2, problems={"train": train}, judge=[{"kind": "vote", "electorate": "linked"}],
        evaluate={"verifier": {"kind": "number"}}, online={"starts": "twins", "flat_groups": "keep"},
    ))  # fmt: skip
    twins = {line["id"]: line["twin"] for line in lines}
    verdicts = rows(tmp_path, "verdicts.parquet", Verdict)
    drawn = {(one.sample_id.split("/")[1], one.problem_id) for one in verdicts}
    assert len(drawn) == 2 * 4 and all((wave, twins[name]) in drawn for wave, name in drawn)
    for wave, name in drawn:
        own = [one for one in verdicts if one.sample_id.startswith(f"{name}/{wave}/")]
        other = [one for one in verdicts if one.sample_id.startswith(f"{twins[name]}/{wave}/")]
        counts = Counter(one.answer for one in other if one.answer is not None).most_common(2)
        label = counts[0][0] if len(counts) == 1 or (counts and counts[0][1] > counts[1][1]) else None
        scores = {one.score for one in own if one.answer is not None and one.answer == label}
        assert scores <= {1.0} and {one.score for one in own if one.answer not in (None, label)} <= {
            0.0 if label else None
        }
