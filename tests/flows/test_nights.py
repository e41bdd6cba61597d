"""Nights on the native stack: what dies is started again, its experiment is continued, and people are told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial

import pytest

from infra.store.address import open_store
from tests.flows.nights import (
    SILENCE_SECONDS,
    Receiver,
    flows,
    kill,
    nth_run,
    people_told,
    runs_of,
    silent_webhook,
    worker_and_runs,
)
from tests.flows.stack import Stack, running_stack
from tests.flows.test_stack_run import deploy, records, rounds_in_mlflow, step_keys, wait_for

pytestmark = [pytest.mark.slow(minutes=8), pytest.mark.nightly]
KNOWN_DEAD_SECONDS = 120


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


def is_told(receiver: Receiver, subject: str, times: int) -> bool:
    return [one["subject"] for one in receiver.received].count(subject) >= times


def is_in_vain(stack: Stack, name: str, times: int | None) -> bool:
    """Whether the store counts so many runs that published nothing; None: it counts none yet."""
    content = open_store(stack.env["SELFLOOP_STORE"]).read(f"{name}/continued.json")
    return (json.loads(content)["in_vain"] if content else None) == times


def test_a_night_in_which_everything_dies_ends_as_a_straight_one(sourced: Stack, receiver: Receiver) -> None:
    straight = deploy(sourced, "quiet")
    assert straight.finish(straight.start())["type"] == "COMPLETED"
    night = deploy(sourced, "night")
    first = night.start()

    # The host goes: worker, run and engines at once. Nobody is left to say so but the heartbeat that stays away.
    wait_for(lambda: "round-001/generate" in records(sourced, "night"))
    kill(worker_and_runs(sourced))
    died = time.monotonic()
    night.wait(first, lambda state: state["type"] == "CRASHED", KNOWN_DEAD_SECONDS)
    print(f"known dead after {time.monotonic() - died:.0f} s")
    second = nth_run(sourced, night, 1)

    # The run's own process goes: its worker says so.
    wait_for(lambda: "round-002/generate" in records(sourced, "night"))
    kill(flows(sourced))
    night.wait(second, lambda state: state["type"] == "CRASHED", KNOWN_DEAD_SECONDS)

    assert night.finish(nth_run(sourced, night, 2))["type"] == "COMPLETED"
    assert step_keys(sourced, "night") == step_keys(sourced, "quiet")
    assert sorted(rounds_in_mlflow(sourced, "night")) == ["0", "1", "2", "parent"]
    assert [run["parameters"].get("continues") for run in runs_of(sourced, night.id)] == [None, first, second]

    # Automations answer side by side: the end may be told before, or after, the second of the two deaths.
    for subject, times in (("night: Crashed", 2), ("night: Completed", 1)):
        wait_for(partial(is_told, receiver, subject, times))
    told = [one for one in receiver.received if one["subject"] == "night: Completed"]
    assert len(told) == 1 and "night: rounds" in told[0]["body"] and "flow-run" in told[0]["body"], told


def test_a_run_by_hand_beside_a_dead_one_waits_and_goes_on(sourced: Stack) -> None:
    deployment = deploy(sourced, "zombie")
    dead = deployment.start()
    wait_for(lambda: "round-001/generate" in records(sourced, "zombie"))
    kill(worker_and_runs(sourced))
    by_hand = deployment.start()
    assert deployment.finish(by_hand)["type"] == "COMPLETED"
    assert step_keys(sourced, "zombie") == step_keys(sourced, "quiet")
    deployment.wait(dead, lambda state: state["type"] == "CRASHED", KNOWN_DEAD_SECONDS)


def test_runs_that_never_begin_end_too(sourced: Stack) -> None:
    """The environment of the runs is broken, so that no line of ours runs that could count them."""
    deployment = deploy(sourced, "stillborn")
    broken = {"job_variables": {**deployment.read()["job_variables"]}}
    broken["job_variables"]["env"] = {**broken["job_variables"].get("env", {}), "PYTHONHOME": "/nowhere"}
    sourced.api("PATCH", f"/deployments/{deployment.id}", **broken)
    deployment.start()
    wait_for(lambda: [run["state"]["type"] for run in runs_of(sourced, deployment.id)] == ["CRASHED"] * 4, 240)
    time.sleep(20)
    assert [run["parameters"].get("attempt") for run in runs_of(sourced, deployment.id)] == [None, 1, 2, 3]


def test_a_crash_that_repeats_itself_is_not_continued_for_ever(sourced: Stack) -> None:
    """Each run is killed before it publishes anything: the fourth that was to continue says why it does not."""
    deployment = deploy(sourced, "hopeless")
    deployment.start()
    for number, counted in enumerate((None, 0, 1, 2)):
        run = nth_run(sourced, deployment, number)
        deployment.wait(run, lambda state: state["type"] == "RUNNING")
        wait_for(partial(is_in_vain, sourced, "hopeless", counted))
        kill(flows(sourced))
        deployment.wait(run, lambda state: state["type"] == "CRASHED", KNOWN_DEAD_SECONDS)
    ended = deployment.finish(nth_run(sourced, deployment, 4))
    assert ended["type"] == "FAILED" and "published nothing in between" in ended["message"], ended
