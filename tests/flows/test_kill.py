"""A run that is killed at random moments, again and again, ends like one that never was, and leaves nothing running.

SELFLOOP_TEST_KILLS=50 makes it fifty kills instead of four, in about a quarter of an hour.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.records import Example
from tasks.core.tables import read_records
from tests.flows.micro import SELFLOOP, environment, micro_recipe, processes_of, wait_until_gone, write_recipe

pytestmark = pytest.mark.slow(minutes=5)
NUM_KILLS = int(os.environ.get("SELFLOOP_TEST_KILLS", "4"))
LONGEST_LIFE = 12.0
"""seconds; a straight run takes about as long"""
CHANCE = random.Random(20)

Way = Callable[[subprocess.Popen[bytes], Path], bool]
"""ends something of a run; says whether there was something to end"""


def step_keys(store: Path) -> dict[str, str]:
    """Full keys of the published steps, by place."""
    records = sorted(store.glob("micro/round-*/*/*/record.json"))
    return {str(path.parent.relative_to(store)): json.loads(path.read_text())["key"] for path in records}


def kept_samples(store: Path) -> list[Example]:
    """Everything that any round kept, in order."""
    files = sorted(store.glob("micro/round-*/select/*/examples.parquet"))
    return [example for file in files for example in read_records(file, Example)]


def start(folder: Path, recipe: Path, prefect_url: str) -> subprocess.Popen[bytes]:
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [str(SELFLOOP), "run", str(recipe)],
            cwd=folder,
            env=environment(folder / "home", PREFECT_API_URL=prefect_url, SELFLOOP_TEST_RUN=str(folder)),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def run_to_the_end(folder: Path, recipe: Path, prefect_url: str) -> None:
    process = start(folder, recipe, prefect_url)
    assert process.wait(timeout=600) == 0, (folder / "log.txt").read_text()[-3000:]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, prefect_url: str) -> Path:
    """The store of a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("straight")
    run_to_the_end(folder, write_recipe(folder, micro_recipe()), prefect_url)
    return folder / "home" / "store"


def kill_the_flow(process: subprocess.Popen[bytes], folder: Path) -> bool:
    process.kill()
    return True


def terminate_the_flow(process: subprocess.Popen[bytes], folder: Path) -> bool:
    process.terminate()
    return True


def kill_everything(process: subprocess.Popen[bytes], folder: Path) -> bool:
    for victim in processes_of(folder):
        victim.send(signal.SIGKILL)
    return True


def signal_program(name: str, number: signal.Signals) -> Way:
    """Waits for an engine program's process, and a moment more, unless the run ends before.

    A run survives the end of a session, which it starts again; not that of a session that loads its model, nor of a
    trainer.
    """

    def way(process: subprocess.Popen[bytes], folder: Path) -> bool:
        while process.poll() is None:
            found = [one for one in processes_of(folder) if one.name == name]
            if found:
                time.sleep(CHANCE.uniform(0, 0.5))
                if found[0].send(number):
                    return True
            time.sleep(0.01)
        return False

    return way


WAYS: tuple[Way, ...] = (
    kill_everything,
    terminate_the_flow,
    signal_program("session_program", signal.SIGKILL),
    kill_everything,
    signal_program("train_program", signal.SIGTERM),
    kill_the_flow,
    kill_everything,
    signal_program("session_program", signal.SIGTERM),
    signal_program("train_program", signal.SIGKILL),
    kill_everything,
)
"""in turn: of ten kills four end the whole tree, and one each a part of it"""


def test_a_run_killed_at_random_moments_ends_like_a_straight_one(
    straight: Path, tmp_path: Path, prefect_url: str
) -> None:
    generate = {**micro_recipe()["generate"], "judge_meanwhile": True}  # which the straight run does not
    recipe, store = write_recipe(tmp_path, micro_recipe(generate=generate)), tmp_path / "home" / "store"
    num_kills = 0
    while num_kills < NUM_KILLS:
        process, way = start(tmp_path, recipe, prefect_url), WAYS[num_kills % len(WAYS)]
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=CHANCE.uniform(1.0, LONGEST_LIFE))
        was_hit = process.poll() is None and way(process, tmp_path)
        status = process.wait(timeout=300)
        assert status == 0 or was_hit, (tmp_path / "log.txt").read_text()[-3000:]
        if was_hit:
            assert wait_until_gone(tmp_path, 15) == [], f"still running after kill {num_kills}"
            num_kills += 1
        if status == 0:  # it ended, perhaps with another session: begin a fresh one, so that kills hit a working run
            assert step_keys(store) == step_keys(straight)
            assert kept_samples(store) == kept_samples(straight)
            shutil.rmtree(store / "micro")
    run_to_the_end(tmp_path, recipe, prefect_url)
    assert step_keys(store) == step_keys(straight)
    assert kept_samples(store) == kept_samples(straight) != []
    assert processes_of(tmp_path) == []


def answers_of(store: Path) -> list[tuple[str, str, int]]:
    """Stage, question and draw of every answer that was published, in as many rows as it was."""
    found = []
    for path in store.glob("micro/round-*/*/answers/*/*.json"):
        for question, first, number in json.loads(path.read_text())["answers"]:
            found += [(str(path.parent), question, draw) for draw in range(first, first + number)]
    return found


def test_answers_that_a_killed_run_published_are_not_asked_for_again(tmp_path: Path, prefect_url: str) -> None:
    """The whole tree of processes is killed while it draws samples: once with one shard published, once with more."""
    generate = {**micro_recipe()["generate"], "num_samples": 16, "shard_size": 1}
    recipe = write_recipe(tmp_path, micro_recipe(generate=generate, rounds={"max": 1}))
    store = tmp_path / "home" / "store"
    for num_shards in (1, 4):
        process = start(tmp_path, recipe, prefect_url)
        while len(list(store.glob("micro/round-001/generate/answers/*/*.json"))) < num_shards:
            assert process.poll() is None, (tmp_path / "log.txt").read_text()[-3000:]
            time.sleep(0.005)
        assert kill_everything(process, tmp_path)
        assert process.wait(timeout=300) != 0
        assert wait_until_gone(tmp_path, 15) == []
        assert not list(store.glob("micro/round-001/generate/*/record.json"))
        before = answers_of(store)
    run_to_the_end(tmp_path, recipe, prefect_url)
    after = answers_of(store)
    assert len(after) == len(set(after)) > len(before) == len(set(before))


def test_nothing_is_left_running_after_a_straight_run(straight: Path) -> None:
    assert processes_of(straight.parents[1]) == []
