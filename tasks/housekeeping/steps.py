"""Published steps, read back by their place in the store rather than by their key."""

from __future__ import annotations

import json
from typing import Any

from configs.errors import StoreError
from infra.store.base import Store
from tasks.core.refs import StepRef
from tasks.core.step import read_record

RECORD = "/record.json"


def find_step(store: Store, prefix: str) -> StepRef:
    """A published step.

    Raises:
        StoreError: there is no such step, or its record is damaged.
    """
    return read_step(store, prefix)[0]


def read_step(store: Store, prefix: str) -> tuple[StepRef, dict[str, Any]]:
    """A published step, and the payload that its key is the digest of; errors as `find_step`."""
    content = store.read(prefix + RECORD)
    if content is None:
        raise StoreError(f"{store.uri} holds no step {prefix}", "run the experiment again: it is computed anew")
    try:
        key = str(json.loads(content)["key"])
    except (ValueError, KeyError, TypeError):
        key = ""
    step = read_record(content, prefix, key)
    payload: dict[str, Any] = json.loads(content)["payload"]
    return step, payload
