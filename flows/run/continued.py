"""Runs that go on where one crashed, or wait for one that lives: what they do, and when that is given up.

An automation (`flows/services/bootstrap_prefect.py`) starts one after each crash, with the id of the run that crashed.
Whatever ends a run's process ends the next one's too if it is bad luck of the night; if it is the recipe (too large for
the machine), each of them would end at the same place. So a run is refused after three that published nothing.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from configs.errors import HeldError, StoreError, UserError
from infra.store.base import Store

MOST_IN_VAIN = 3
LOOK_AGAIN_SECONDS = 10.0
SAY_AGAIN_SECONDS = 600.0

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


def refuse_in_vain(store: Store, experiment: str) -> None:
    """Count how often the experiment was continued since something was published last.

    The count lies in EXPERIMENT/continued.json, beside the number of objects that were published at the time.

    Raises:
        UserError: three times already; the count begins anew then, for a start by hand.
    """
    key = f"{experiment}/continued.json"
    published = sum(1 for _ in store.keys(f"{experiment}/round-"))
    before = _read(store, key)
    in_vain = before["in_vain"] + 1 if before.get("published") == published else 0
    if in_vain >= MOST_IN_VAIN:
        store.delete(key)
        raise UserError(
            f"{experiment} crashed {in_vain + 1} times in a row and published nothing in between, so it is not "
            "continued by itself any more",
            "see why its processes ended (memory of the host or of the GPU, and the worker's log), then start the "
            "deployment by hand: it goes on from the store",
        )
    store.put(key, json.dumps({"published": published, "in_vain": in_vain}).encode())


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
