"""Published steps, read back by their place in the store rather than by their key."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from configs.errors import StoreError
from infra.store.base import Store
from tasks.core.refs import StepRef
from tasks.core.step import read_record

RECORD = "/record.json"


class Published(NamedTuple):
    """A published step, the payload that its key is the digest of, and when it was published.

    `finished_at` is empty in records from before it was kept, which are older than all others.
    """

    step: StepRef
    payload: dict[str, Any]
    finished_at: str


def find_step(store: Store, prefix: str) -> StepRef:
    """A published step.

    Raises:
        StoreError: there is no such step, or its record is damaged.
    """
    return read_step(store, prefix).step


def read_step(store: Store, prefix: str) -> Published:
    """A published step with what its record says besides; errors as `find_step`."""
    content = store.read(prefix + RECORD)
    if content is None:
        raise StoreError(f"{store.uri} holds no step {prefix}", "run the experiment again: it is computed anew")
    try:
        key = str(json.loads(content)["key"])
    except (ValueError, KeyError, TypeError):
        key = ""
    step = read_record(content, prefix, key)
    record = json.loads(content)
    return Published(step, record["payload"], (record["provenance"] or {}).get("finished_at", ""))
