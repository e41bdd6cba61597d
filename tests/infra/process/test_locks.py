"""Turns that processes take."""

from __future__ import annotations

import time
from pathlib import Path

from infra.process.locks import held, turn


def test_a_turn_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock):
        started = time.monotonic()
        with turn(lock, 0.3):
            assert time.monotonic() - started >= 0.3, "nobody gave it back"
    with turn(lock, 60):
        assert time.monotonic() - started < 30, "it was free"


def test_a_turn_is_taken_where_nothing_can_be_locked(tmp_path: Path) -> None:
    """As on a file system without locks: here the file's folder is missing."""
    with turn(tmp_path / "none" / "lock", 60) as taken:
        assert taken is None
