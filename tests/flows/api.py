"""Prefect's API, asked as its own client does: an answer "503, the database is locked" means: later."""

from __future__ import annotations

import time
from typing import Any

import httpx

PATIENCE_SECONDS = 60.0


def ask(method: str, url: str, body: Any = None, expected: tuple[int, ...] = (200, 201, 204)) -> Any:
    """The answer's JSON; None if it has no body."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (answer := httpx.request(method, url, json=body, timeout=PATIENCE_SECONDS)).status_code == 503:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.5)
    assert answer.status_code in expected, answer.text
    return answer.json() if answer.content else None
