"""A run that is killed at random moments, again and again, ends like one that never was, and leaves nothing running."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from tasks.records import Example
from tasks.tables import read_records
from tests.flows.micro import SELFLOOP, environment, micro_recipe, processes_of, wait_until_gone, write_recipe

pytestmark = pytest.mark.slow
NUM_KILLS = 20
LONGEST_LIFE = 14.0


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


def kill_whole_tree(process: subprocess.Popen[bytes], folder: Path) -> None:
    for victim in processes_of(folder):
        victim.kill()


def kill_the_command_alone(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.kill()


def terminate_the_command(process: subprocess.Popen[bytes], folder: Path) -> None:
    os.kill(process.pid, signal.SIGTERM)


WAYS = (kill_whole_tree, kill_the_command_alone, terminate_the_command)


def test_a_run_killed_at_random_moments_ends_like_a_straight_one(
    straight: Path, tmp_path: Path, prefect_url: str
) -> None:
    chance = random.Random(20)
    recipe = write_recipe(tmp_path, micro_recipe())
    deaths = []
    while len(deaths) < NUM_KILLS:
        process = start(tmp_path, recipe, prefect_url)
        way = WAYS[len(deaths) % len(WAYS)]
        try:
            process.wait(timeout=chance.uniform(1.0, LONGEST_LIFE))
        except subprocess.TimeoutExpired:
            way(process, tmp_path)
            process.wait(timeout=60)
            deaths.append(way.__name__)
            assert wait_until_gone(tmp_path, 15) == [], f"still running after {way.__name__}"
        else:
            # It ended before its time: begin a fresh one, so that every kill hits a working run.
            assert process.returncode == 0, (tmp_path / "log.txt").read_text()[-3000:]
            assert step_keys(tmp_path / "home" / "store") == step_keys(straight)
            (tmp_path / "home" / "store" / "micro").rename(tmp_path / f"finished-{len(deaths)}")
    run_to_the_end(tmp_path, recipe, prefect_url)
    assert step_keys(tmp_path / "home" / "store") == step_keys(straight)
    assert kept_samples(tmp_path / "home" / "store") == kept_samples(straight) != []
    assert processes_of(tmp_path) == []


def test_nothing_is_left_running_after_a_straight_run(straight: Path) -> None:
    assert processes_of(straight.parents[1]) == []
