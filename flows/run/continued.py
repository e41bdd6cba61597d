"""Runs that go on where one crashed, or wait for one that lives: what they do, and when that is given up.

An automation (`flows/services/dead_runs.py`) starts one after each crash, with the id of the run that crashed.
Whatever ends a run's process ends the next one's too if it is bad luck of the night; if it is the recipe (too large for
the machine), each of them would end at the same place. So a run is refused after three that neither published anything
nor wrote a checkpoint of a training that is further than the one before.

A run that ends before it can count (its process is killed while it imports, the worker's environment is broken) is
counted by the parameter `attempt`, which the deployment's form lets be three at most: Prefect refuses to make the next.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import Field

from configs.errors import HeldError, StoreError, UserError
from infra.store.base import Store

MOST_IN_VAIN = 3
LOOK_AGAIN_SECONDS = 10.0
SAY_AGAIN_SECONDS = 600.0

Attempt = Annotated[int, Field(ge=0, le=MOST_IN_VAIN)]
"""1 for a run that continues one which began, one more where that one ended before it did; 0 for other runs"""
Ended = TypeVar("Ended")


def what_was_asked(crashed: str) -> Any:
    """The parameters of a run that crashed; of the first one, where that run was to continue another.

    Args:
        crashed: id of a run in Prefect.

    Raises:
        UserError: Prefect knows no such run.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            given = client.read_flow_run(UUID(crashed)).parameters
        except (ObjectNotFound, ValueError):
            fix = "start the deployment by hand: it goes on from the store"
            raise UserError(f"the run {crashed}, which is to be continued, is not known to Prefect", fix) from None
    return what_was_asked(given["continues"]) if given.get("continues") else given["parameters"]


def has_begun(run: str) -> None:
    """A run says that it has begun: what ends it from here on is counted in the store.

    Args:
        run: id of this very run in Prefect.
    """
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        given = client.read_flow_run(UUID(run)).parameters
        client.update_flow_run(UUID(run), parameters={**given, "attempt": 0})


def refuse_in_vain(store: Store, experiment: str, work_dir: Path) -> None:
    """Count how often the experiment was continued since it came further last.

    The count lies in EXPERIMENT/continued.json, beside what told then how far it was: the number of published objects,
    and the steps of each training's newest checkpoint.

    Args:
        work_dir: the experiment's folder on this machine, in which checkpoints lie.

    Raises:
        UserError: three times already; the count begins anew then, for a start by hand.
    """
    key = f"{experiment}/continued.json"
    before = _read(store, key)
    published, steps = sum(1 for _ in store.keys(f"{experiment}/round-")), _checkpoints(work_dir)
    known: dict[str, int] = before.get("steps", {})
    is_further = published != before.get("published") or any(steps[name] > known.get(name, 0) for name in steps)
    in_vain = 0 if is_further else before["in_vain"] + 1
    if in_vain >= MOST_IN_VAIN:
        store.delete(key)
        raise UserError(
            f"{experiment} crashed {in_vain + 1} times in a row and published nothing in between, so it is not "
            "continued by itself any more",
            "see why its processes ended (memory of the host or of the GPU, and the worker's log), then start the "
            "deployment by hand: it goes on from the store",
        )
    furthest = {name: max(steps.get(name, 0), known.get(name, 0)) for name in {*steps, *known}}
    store.put(key, json.dumps({"published": published, "steps": furthest, "in_vain": in_vain}).encode())


def _checkpoints(work_dir: Path) -> dict[str, int]:
    """Steps of the newest checkpoint of each training that has one, by its folder below `work_dir`."""
    found: dict[str, int] = {}
    for path in work_dir.glob("scratch/**/checkpoint-*"):
        steps, place = path.name.rpartition("-")[2], str(path.parent.relative_to(work_dir))
        if steps.isdecimal():
            found[place] = max(found.get(place, 0), int(steps))
    return found


def _read(store: Store, key: str) -> dict[str, Any]:
    try:
        return dict(json.loads(store.read(key) or b"{}"))
    except ValueError as error:
        raise StoreError(f"{key} in {store.uri} cannot be read: {error}", "delete it") from None


def in_turn(
    run: Callable[[], Ended], is_patient: bool, say: Callable[[str], object], seconds: float = LOOK_AGAIN_SECONDS
) -> Ended:
    """What a run gives that takes an experiment's lease, as soon as nobody else holds it.

    Args:
        is_patient: False: a run of a schedule, which leaves the work to the next one.
        say: is told what is waited for, now and then.
        seconds: between two looks.

    Raises:
        HeldError: another run holds the experiment, and this one does not wait.
    """
    said_at = -math.inf
    while True:
        try:
            return run()
        except HeldError as error:
            if not is_patient:
                raise
            if time.monotonic() - said_at > SAY_AGAIN_SECONDS:
                said_at = time.monotonic()
                say(f"waiting for its turn: {error.message}")
        time.sleep(seconds)
