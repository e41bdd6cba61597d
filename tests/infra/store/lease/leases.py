"""Leases for tests, held by this process or written as another one would."""

from __future__ import annotations

import json
import time
from typing import Any

from infra.store.base import Store
from infra.store.lease.lease import Lease

KEY = "experiment/lease.json"
ELSEWHERE = "another boot, another namespace"


def make_lease(store: Store, ttl_seconds: float = 3.0, beat_seconds: float = 0.2) -> Lease:
    return Lease(store, KEY, "bob@there", ttl_seconds, beat_seconds, settle_seconds=0.2)


def write_lease(
    store: Store, *, beat_age: float, machine: str = ELSEWHERE, ttl_seconds: float = 0.6, beat_seconds: float = 0.1
) -> dict[str, Any]:
    """A lease of a process that does nothing, whose last beat is `beat_age` seconds old."""
    now = time.time()
    holder = {"name": "carol@far", "machine": machine, "pid": 4242, "started": 1, "command": "selfloop run r.yaml"}
    fields = {
        "token": "other",
        "holder": holder,
        "acquired_at": now - 100,
        "beat_at": now - beat_age,
        "ttl_seconds": ttl_seconds,
        "beat_seconds": beat_seconds,
    }
    store.put(KEY, json.dumps(fields).encode())
    return fields


def read_lease(store: Store) -> dict[str, Any]:
    return json.loads(store.read(KEY) or b"{}")
