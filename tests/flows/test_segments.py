"""A segment of online training: what it publishes, and that no kill, no damage and no cut into rounds changes it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineError, ProblemsError
from infra.engines.learn.learner import Learner
from tasks.core.files import CREDIT, EXAMPLES, REWARDS, TOKEN_ROWS
from tasks.core.records import Drop, Sample, Verdict
from tasks.core.tables import read_records
from tasks.decide.stop import StopReason
from tasks.online.conductor import Conductor
from tasks.online.wave_folder import WaveFolder
from tests.flows.micro import processes_of
from tests.flows.segments import digests, kill_process, monkeypatched, run_rounds, segment_folder, segment_recipe

pytestmark = pytest.mark.slow
NUM_KILLS = int(os.environ.get("SELFLOOP_TEST_KILLS", "3"))
"""at random moments; each is a start of a process that imports everything anew"""
WAVES = 4
TREE = segment_recipe(steps=WAVES)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the baseline of every recipe here."""
    folder = tmp_path_factory.mktemp("begun")
    run_rounds(folder, TREE, rounds=0)
    return folder


@pytest.fixture(scope="module")
def straight(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segment that nobody disturbed."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    shutil.copytree(begun, folder)
    run_rounds(folder, TREE)
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    """A copy of the store with the baseline."""
    shutil.copytree(begun, tmp_path / "run")
    return tmp_path / "run"


def rows(folder: Path, name: str, record: Any, round: int = 1) -> list[Any]:
    return list(read_records(segment_folder(folder, round) / name, record))


def test_a_segment_publishes_what_it_trained_on(straight: Path) -> None:
    samples = rows(straight, "shard-00000.parquet", Sample)
    verdicts = rows(straight, "verdicts.parquet", Verdict)
    tokens = rows(straight, TOKEN_ROWS.name, TOKEN_ROWS.record)
    credit = rows(straight, CREDIT.name, CREDIT.record)
    assert [verdict.sample_id for verdict in verdicts] == [sample.id for sample in samples]
    assert [row.sample_id for row in tokens] == [sample.id for sample in samples]
    assert all(len(row.written) == len(row.logprobs) == sample.num_tokens
               for row, sample in zip(tokens, samples, strict=True))  # fmt: skip
    trained = {row.sample_id for row in tokens if row.is_trained}
    assert trained == {row.sample_id for row in credit}
    dropped = {row.sample_id for row in rows(straight, "drops.parquet", Drop)}
    assert trained | dropped == {sample.id for sample in samples} and not trained & dropped
    assert {row.sample_id for row in rows(straight, EXAMPLES.name, EXAMPLES.record)} == trained
    assert {row.term for row in rows(straight, REWARDS.name, REWARDS.record)} == {"judge", "format"}
    waves = [json.loads(line) for line in (segment_folder(straight) / "waves.jsonl").read_text().splitlines()]
    assert [wave["policy_step"] for wave in waves] == list(range(WAVES))
    assert list((segment_folder(straight) / "waves").rglob("*.*")) == []


def test_each_step_has_its_numbers(straight: Path) -> None:
    lines = [json.loads(line) for line in (segment_folder(straight) / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, WAVES + 1))
    named = {"loss", "entropy", "kl_reference", "reward_mean", "zero_signal_share", "sampler_gap_mean", "tokens_mean"}
    assert all(isinstance(line[name], float) for line in lines for name in named)
    assert all(line["sampler_gap_mean"] < 1e-4 for line in lines)
    assert all(line["advantage_abs"] > 0 for line in lines)
    assert lines[0]["kl_reference"] == pytest.approx(0, abs=1e-6) and lines[-1]["kl_reference"] > 0


def test_rounds_of_one_wave_are_one_segment_cut_apart(folder: Path, straight: Path) -> None:
    run_rounds(folder, segment_recipe(steps=1, rounds=WAVES))
    cut, whole = digests(folder, WAVES), digests(straight)
    alike = ("model/model.safetensors", "optimizer/optimizer.pt", "optimizer/scheduler.pt", "carried.json")
    assert {name: cut[name] for name in alike} == {name: whole[name] for name in alike}


def test_steps_that_share_a_wave_and_batches_that_share_a_step_resume_alike(folder: Path, tmp_path: Path) -> None:
    tree = segment_recipe(steps=4, train={"batch_size": 5}, online={"steps_per_wave": 2})
    shutil.copytree(folder, tmp_path / "other")
    run_rounds(tmp_path / "other", tree)
    with pytest.raises(EngineError), monkeypatched(Learner, "train", after=2, do=kill_process):
        run_rounds(folder, tree)
    run_rounds(folder, tree)
    assert digests(folder) == digests(tmp_path / "other")


class Stopped(Exception):
    """Stands for the end of the process that conducts: nothing after it is done."""


def stop(_: Any) -> None:
    raise Stopped


ENDS = {
    "the learner as it begins": (Learner, "wanted", 1, kill_process, False),
    "the learner as it trains": (Learner, "train", 2, kill_process, False),
    "the learner as it draws": (Learner, "generate", 3, kill_process, False),
    "the conductor before it publishes": (WaveFolder, "publish", 2, stop, True),
    "the conductor after it published": (WaveFolder, "publish", 3, stop, False),
    "the conductor after the last step": (Conductor, "run", 1, stop, False),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_segment_that_ended_in_the_middle_ends_with_the_same_bytes(end: str, folder: Path, straight: Path) -> None:
    with pytest.raises((EngineError, Stopped)), monkeypatched(*ENDS[end][:2], *ENDS[end][2:]):
        run_rounds(folder, TREE)
    run_rounds(folder, TREE)
    assert digests(folder) == digests(straight)


def test_a_damaged_wave_is_drawn_anew_and_what_came_after_it_is_void(
    folder: Path, straight: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Stopped), monkeypatched(WaveFolder, "publish", 4, stop):
        run_rounds(folder, TREE)
    (waves,) = (folder / "store").glob("micro/round-001/segment/*/waves")
    assert sorted(path.name for path in waves.glob("*.json")) == [f"{number:04d}.json" for number in range(4)]
    (waves / "0001" / "token_rows.parquet").write_bytes(b"not what it was")
    run_rounds(folder, TREE)
    assert "wave 1 is drawn anew" in caplog.text
    assert digests(folder) == digests(straight)
    assert len(list((folder / "store" / "micro" / "damaged").rglob("0003.json"))) == 1


def kill_at_random(folder: Path, tree: Path, num_kills: int, chance: random.Random, longest: float) -> None:
    """Run a segment in a process of its own, and kill it with all its children, again and again."""
    kills = 0
    while kills < num_kills:
        command = [sys.executable, "-m", "tests.flows.segments", str(folder), str(tree), "1"]
        process = subprocess.Popen(command, env={**os.environ, "SELFLOOP_TEST_RUN": str(folder)}, cwd=Path.cwd())
        while process.poll() is None and not any(one.name == "learner_program" for one in processes_of(folder)):
            time.sleep(0.02)
        time.sleep(chance.uniform(0, longest))
        was_running = process.poll() is None
        for victim in processes_of(folder):
            victim.send(signal.SIGKILL)
        process.wait()
        kills += was_running
        if not was_running:
            place = next((folder / "store").glob("micro/round-001/segment"), None)
            assert place is not None
            shutil.rmtree(place)
            for later in ("monitor", "evaluate", "decide"):
                shutil.rmtree(place.parent / later, ignore_errors=True)


def assert_kills_change_nothing(begun: Path, folder: Path, tree: dict[str, Any], num_kills: int) -> None:
    """A segment that is killed at random moments ends with the bytes of a straight one, and leaves no process."""
    path = folder / "recipe.json"
    path.write_text(json.dumps(tree))
    for name in ("killed", "straight"):
        shutil.copytree(begun, folder / name)
    run_rounds(folder / "straight", tree)
    kill_at_random(folder / "killed", path, num_kills, random.Random(num_kills), 1.5)
    run_rounds(folder / "killed", tree)
    assert digests(folder / "killed") == digests(folder / "straight")
    assert processes_of(folder / "killed") == []


@pytest.mark.nightly
def test_a_segment_killed_at_random_moments_ends_with_the_same_bytes(begun: Path, tmp_path: Path) -> None:
    assert_kills_change_nothing(begun, tmp_path, segment_recipe(steps=6), NUM_KILLS)


def test_a_constant_reward_ends_the_experiment_without_a_signal(folder: Path) -> None:
    constant = [{"kind": "format", "pattern": ""}]
    outcome = run_rounds(folder, segment_recipe(online={"reward": constant, "max_extra_waves": 2}))
    assert outcome.candidate is None
    assert outcome.state.stop_reason == StopReason.NO_DATA
    assert "no_signal" in outcome.state.decisions[-1].reason
    (wave,) = (segment_folder(folder) / "waves.jsonl").read_text().splitlines()
    assert json.loads(wave)["groups_drawn"] == 12  # 4 groups, and 2 more draws of 4
    assert json.loads(wave)["groups_kept"] == 0


def test_a_guard_ends_a_segment_and_what_was_trained_is_the_candidate(folder: Path) -> None:
    guard = {"metric": "tokens_mean", "above": 0.0, "action": "end_segment", "window": 2}
    outcome = run_rounds(folder, segment_recipe(guards=[guard]))
    assert outcome.candidate is not None
    summary = outcome.steps["segment"].summary
    assert summary["num_steps"] == 1 and summary["num_waves"] == 2
    assert summary["ended"] == "tokens_mean was above 0 for 2 waves"


def ended_recipe() -> dict[str, Any]:
    """A segment that takes large steps to other texts than right ones, and that a guard ends after five waves."""
    guard = {"metric": "tokens_mean", "above": 0.0, "action": "end_segment", "window": 5}
    online = {"probe": {"every_steps": 1}, "flat_groups": "keep", "reward": [{"kind": "format", "pattern": "1;"}]}
    return segment_recipe(steps=6, guards=[guard], train={"learning_rate": 1e-2}, online=online)


def test_a_segment_that_a_guard_ended_has_the_weights_whose_probe_was_best(folder: Path, tmp_path: Path) -> None:
    for name in ("killed", "shorter"):
        shutil.copytree(folder, tmp_path / name)
    summary = run_rounds(folder, ended_recipe()).steps["segment"].summary
    lines = (segment_folder(folder) / "waves.jsonl").read_text().splitlines()
    probes = {number: json.loads(line)["numbers"]["probe_accuracy"] for number, line in enumerate(lines)}
    best = max(range(1, 5), key=lambda number: (probes[number], number))
    assert summary["num_waves"] == 5 and best < 4, probes
    assert summary["num_steps"] == summary["end_step"] == best
    assert len((segment_folder(folder) / "metrics.jsonl").read_text().splitlines()) == 4, "what came behind is shown"
    with pytest.raises(EngineError), monkeypatched(Learner, "train", after=best + 1, do=kill_process):
        run_rounds(tmp_path / "killed", ended_recipe())
    run_rounds(tmp_path / "killed", ended_recipe())
    assert digests(tmp_path / "killed") == digests(folder)
    shorter = ended_recipe()
    shorter["train"]["max_steps"] = best
    run_rounds(tmp_path / "shorter", shorter)
    own, other = digests(folder), digests(tmp_path / "shorter")
    alike = ("model/model.safetensors", "optimizer/optimizer.pt", "carried.json")
    assert {name: own[name] for name in alike} == {name: other[name] for name in alike}


def test_a_wave_larger_than_the_train_set_is_one_message(folder: Path) -> None:
    with pytest.raises(ProblemsError, match="a wave has 100 problems, and the train set 24"):
        run_rounds(folder, segment_recipe(online={"problems_per_wave": 100}))
