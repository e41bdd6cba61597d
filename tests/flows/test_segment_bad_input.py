"""What goes wrong in a wave costs what it concerns: it is counted with its reason, and no number is made up for it."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tasks.core.files import CREDIT, REWARDS
from tasks.core.records import Drop, Sample, Verdict
from tasks.core.tables import read_records
from tests.flows.segments import digests, run_rounds, segment_folder, segment_recipe

pytestmark = pytest.mark.slow
WITH_SECOND_TERM = [{"kind": "judge"}, {"kind": "format", "pattern": "1;", "weight": 0.5}]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the baseline."""
    folder = tmp_path_factory.mktemp("begun")
    run_rounds(folder, recipe(), rounds=0)
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


def recipe(**sections: Any) -> dict[str, Any]:
    """Evaluated by numbers, whatever judges a wave."""
    return segment_recipe(**{"steps": 2, "evaluate": {"verifier": {"kind": "number"}}, **sections})


def judged_by(folder: Path, body: str, **fields: Any) -> list[dict[str, Any]]:
    """A judge that is a function of the user."""
    (folder / "own.py").write_text(f"import time\n\n\ndef score(problem, sample):\n    {body}\n")
    verifier = {"kind": "python", "function": f"{folder / 'own.py'}:score", **fields}
    return [{"kind": "answer", "verifier": verifier}]


def rows(folder: Path, table: str, record: Any) -> list[Any]:
    return list(read_records(segment_folder(folder) / table, record))


def test_a_reward_that_is_missing_for_all_of_a_wave_ends_the_segment_and_says_why(folder: Path) -> None:
    tree = recipe(judge=judged_by(folder, "raise LookupError('the service is away')"), online={"max_extra_waves": 1})
    outcome = run_rounds(folder, tree)
    assert outcome.candidate is None and "no_signal" in outcome.state.decisions[-1].reason
    summary = outcome.steps["segment"].summary
    assert (summary["num_steps"], summary["unscored_share"], summary["zero_signal_share"]) == (0, 1.0, 1.0)
    assert {row.reason for row in rows(folder, "drops.parquet", Drop)} == {"unscored"}
    verdicts = rows(folder, "verdicts.parquet", Verdict)
    assert verdicts and {row.label for row in verdicts} == {"verifier_error"}
    assert all("the service is away" in str(row.note) for row in verdicts)


def test_rewards_that_are_no_numbers_are_missing_and_what_has_one_is_trained_on(folder: Path) -> None:
    body = "return (float('nan'), float('inf'), -float('inf'), 1.0, 0.0, 1.0)[sample.index]"
    run_rounds(folder, recipe(judge=judged_by(folder, body), online={"reward": [{"kind": "judge"}]}))
    values = [row.value for row in rows(folder, REWARDS.name, REWARDS.record)]
    assert Counter(value is None for value in values)[True] == len(values) // 2
    assert all(value is None or math.isfinite(value) for value in values)
    trained = {row.sample_id.rpartition("/")[2] for row in rows(folder, CREDIT.name, CREDIT.record)}
    assert trained == {"3", "4", "5"}
    lines = (segment_folder(folder) / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 2 and all(math.isfinite(json.loads(line)["loss"]) for line in lines)
    assert all(json.loads(line)["unscored_share"] == 0.5 for line in lines)


def test_a_judge_that_hangs_in_a_wave_costs_its_limit_and_its_sample(folder: Path) -> None:
    body = "return time.sleep(600) if sample.index == 0 else float(sample.index % 2)"
    judge = judged_by(folder, body, limit_seconds=0.3)
    outcome = run_rounds(folder, recipe(steps=1, judge=judge, online={"reward": [{"kind": "judge"}]}))
    assert outcome.candidate is not None
    hung = [row for row in rows(folder, "verdicts.parquet", Verdict) if row.label == "verifier_error"]
    assert {row.sample_id.rpartition("/")[2] for row in hung} == {"0"}
    assert not {row.sample_id for row in hung} & {row.sample_id for row in rows(folder, CREDIT.name, CREDIT.record)}


def test_a_prompt_longer_than_the_context_is_counted_and_the_others_are_drawn(folder: Path, tmp_path: Path) -> None:
    sums = [{"question": f"{a}+{b}=", "answer": str(a + b)} for a in range(3) for b in range(4)]
    sums[5]["question"] = "1+" * 60 + "1="
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in sums))
    train = {"path": str(path), "mapping": {"prompt": "{{ question }}", "answer": {"field": "answer"}}}
    tree = recipe(steps=3, problems={"train": train}, online={"flat_groups": "keep"}, guards="warn")
    outcome = run_rounds(tmp_path / "other", tree)
    segment = outcome.steps["segment"].summary
    assert segment["num_steps"] == 3 and outcome.candidate is not None
    assert segment["num_missing_segment"] == 6, "its group"
    assert any("1+1+1" in str(words) or "long" in str(words) for name, words in segment.items()
               if name.startswith("first_missing_segment"))  # fmt: skip
    samples = rows(tmp_path / "other", "shard-00000.parquet", Sample)
    assert len({row.problem_id for row in samples if row.num_tokens}) == 11


def test_what_was_carried_and_is_gone_is_made_again(folder: Path, tmp_path: Path) -> None:
    tree = recipe(steps=1, rounds=2)
    shutil.copytree(folder, tmp_path / "other")
    run_rounds(tmp_path / "other", tree)
    run_rounds(folder, tree, rounds=1)
    (segment_folder(folder) / "carried.json").unlink()
    run_rounds(folder, tree)
    assert digests(folder, 2) == digests(tmp_path / "other", 2)
