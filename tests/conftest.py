"""For all tests."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# Property tests have no clock, which a busy machine would run out.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="module")
def sandboxes_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """While the tests of this file run, no other worker of pytest runs one that makes or counts sandboxes."""
    with open(tmp_path_factory.getbasetemp().parent / "sandboxes.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
