"""A night of kills on the native stack: worker, runs and engines die at random moments, and nobody touches anything.

SELFLOOP_TEST_KILLS=10 makes it ten kills, in about twelve minutes.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from tests.flows.deployed import FINAL, Deployment
from tests.flows.nights import (
    SILENCE_SECONDS,
    Receiver,
    engines,
    flows,
    kill,
    people_told,
    runs_of,
    silent_webhook,
    worker_and_runs,
)
from tests.flows.stack import Stack, running_stack
from tests.flows.test_stack_run import deploy, rounds_in_mlflow, step_keys, wait_for

pytestmark = [pytest.mark.slow(minutes=8), pytest.mark.nightly]
NUM_KILLS = int(os.environ.get("SELFLOOP_TEST_KILLS", "3"))
NUM_ROUNDS = 3
KNOWN_DEAD_SECONDS = 120
SETTLE_SECONDS = 10
CHANCE = random.Random(13)

Victims = Callable[[Stack], list[psutil.Process]]


def worker(stack: Stack) -> list[psutil.Process]:
    """The worker alone; what it started is left behind."""
    return worker_and_runs(stack)[-1:]


def trainer(stack: Stack) -> list[psutil.Process]:
    return engines(stack, "train_program")


def session(stack: Stack) -> list[psutil.Process]:
    return engines(stack, "session_program")


KILLS: tuple[tuple[Victims, str], ...] = (
    (worker_and_runs, "RUNNING"),
    (flows, "PENDING"),
    (trainer, "RUNNING"),
    (worker, "RUNNING"),
    (session, "RUNNING"),
    (flows, "RUNNING"),
    (worker_and_runs, "PENDING"),
    (session, "RUNNING"),
    (trainer, "RUNNING"),
    (worker, "RUNNING"),
)
"""what is killed, and in which state of the run"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack that knows a dead run as early as can be set."""
    with running_stack(f"STACK_SILENCE_SECONDS={SILENCE_SECONDS}") as running:
        yield running


@pytest.fixture(scope="module")
def receiver(stack: Stack) -> Iterator[Receiver]:
    """What the stack tells people of; beside it one where nobody is, and one that does not answer."""
    with silent_webhook() as silent, people_told(stack, "http://127.0.0.1:9/hook", silent) as made:
        yield made


def wait_until_newest_is(stack: Stack, deployment: Deployment, state: str) -> None:
    wait_for(lambda: runs_of(stack, deployment.id)[-1]["state"]["type"] == state)


def num_crashed(stack: Stack, deployment: Deployment) -> int:
    return sum(run["state"]["type"] == "CRASHED" for run in runs_of(stack, deployment.id))


def test_a_night_of_kills_ends_as_a_quiet_one(sourced: Stack, receiver: Receiver) -> None:
    """Same step keys; each run that died was told, and continued by one other; the last one ended well."""
    longer: dict[str, Any] = {"epochs": 800, "rounds": {"max": NUM_ROUNDS}}
    quiet = deploy(sourced, "quiet", **longer)
    assert quiet.finish(quiet.start(), 900)["type"] == "COMPLETED"
    night = deploy(sourced, "night", **longer)
    night.start()
    for victims, state in (KILLS * NUM_KILLS)[:NUM_KILLS]:
        wait_until_newest_is(sourced, night, state)
        time.sleep(CHANCE.uniform(0, 3 if state == "PENDING" else 15))
        before, died = num_crashed(sourced, night), time.monotonic()
        wait_for(lambda victims=victims: kill(victims(sourced)))  # type: ignore[misc]
        print(f"{time.strftime('%X')} {victims.__name__}, {state}", flush=True)
        if victims is session:
            time.sleep(SETTLE_SECONDS)  # a run starts another one; where it was loading, the run crashes
            continue
        wait_for(lambda before=before: num_crashed(sourced, night) > before, KNOWN_DEAD_SECONDS)  # type: ignore[misc]
        print(f"  known dead after {time.monotonic() - died:.0f} s", flush=True)
        wait_for(lambda: runs_of(sourced, night.id)[-1]["state"]["type"] != "CRASHED")
    last = night.finish(runs_of(sourced, night.id)[-1]["id"], 900)

    runs = runs_of(sourced, night.id)
    assert last["type"] == "COMPLETED" and all(run["state"]["type"] in FINAL for run in runs), runs
    assert step_keys(sourced, "night") == step_keys(sourced, "quiet")
    assert sorted(rounds_in_mlflow(sourced, "night")) == sorted([*map(str, range(NUM_ROUNDS + 1)), "parent"])
    assert [run["parameters"].get("continues") for run in runs] == [None, *(run["id"] for run in runs[:-1])]
    subjects = ["night: Crashed"] * (len(runs) - 1) + ["night: Completed"]
    wait_for(lambda: len(told_of(receiver)) >= len(runs))
    assert sorted(told_of(receiver)) == sorted(subjects)
    keys = step_keys(sourced, "night")
    print(f"{NUM_KILLS} kills, {len(runs) - 1} crashed runs, {len(subjects)} words, {len(keys)} step keys")


def told_of(receiver: Receiver) -> list[str]:
    """Subjects of what people were sent of the night."""
    return [one["subject"] for one in receiver.received if one["subject"].startswith("night")]
