"""A port that stays free until its server is there."""

from __future__ import annotations

import socket

import pytest

from infra.process import ports
from infra.process.ports import LEAST, waiting_port


def test_it_is_none_that_the_system_chooses_itself() -> None:
    first = int(ports.RANGE_FILE.read_text(encoding="ascii").split()[0])
    assert all(LEAST <= waiting_port() < first for _ in range(50))


def test_one_that_is_listened_at_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        taken = waiting_port()
        server.bind(("", taken))
        server.listen()
        monkeypatch.setattr(ports, "LEAST", taken)  # of a thousand there are 999 left
        monkeypatch.setattr(ports, "_first_of_system", lambda: taken + 1)
        found = {waiting_port() for _ in range(200)}
    assert taken not in found and min(found) > taken and max(found) < taken + 1000
