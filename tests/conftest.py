"""For all tests."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.infra.cluster.machines import Machines

# Property tests have no clock, which a busy machine would run out.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that say how many minutes they take come first, the longest before all: a file is one worker's, and a long
    one that begins last leaves the other workers idle."""
    minutes: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("slow")
        said = mark.kwargs.get("minutes", 0) if mark else 0
        minutes[item.path] = max(said, minutes.get(item.path, 0))
    items.sort(key=lambda item: -minutes[item.path])


@pytest.fixture(scope="module")
def sandboxes_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """While the tests of this file run, no other worker of pytest runs one that makes or counts sandboxes."""
    with open(tmp_path_factory.getbasetemp().parent / "sandboxes.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def nodes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A cluster of a file that says NUM_NODES: a head without a place for anything, and as many with one CPU each."""
    from tests.infra.cluster.machines import machines  # loads Ray

    with machines(tmp_path_factory.mktemp("cluster"), request.module.NUM_NODES) as found:
        yield found


@pytest.fixture
def cluster(nodes: Machines) -> Machines:
    """That cluster, complete, whatever the test before took away."""
    return nodes.complete()
