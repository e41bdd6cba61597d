"""A cluster on this machine: Ray's own way to simulate nodes, each with a store of models of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.cluster.node_cache import FOLDER_VARIABLE

OBJECT_BYTES = 80 << 20
QUICK = {
    "RAY_health_check_initial_delay_ms": "0", "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000", "RAY_health_check_failure_threshold": "5",
    "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0",
}  # fmt: skip
"""a lost node is known within seconds, and its programs are no less than others of a busy machine"""


class Machines:
    """A head, which runs nothing, and nodes of one CPU each.

    Args:
        num_nodes: that there are before a test begins.

    Attributes:
        nodes: those that live by their folders, in the order in which they came.
    """

    def __init__(self, folder: Path, num_nodes: int) -> None:
        from ray.cluster_utils import Cluster

        self.folder, self._num_nodes = folder, num_nodes
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": OBJECT_BYTES}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._num_added = 0
        self.nodes: dict[Path, Any] = {}

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def add(self, count: int = 1, *, wait: bool = True) -> None:
        for _ in range(count):
            folder = self.folder / f"node-{self._num_added}"
            env = {FOLDER_VARIABLE: str(folder), "SELFLOOP_TEST_RUN": str(self.folder)}
            self._num_added += 1
            node = self._cluster.add_node(num_cpus=1, object_store_memory=OBJECT_BYTES, wait=False, env_vars=env)
            self.nodes[folder] = node
        if wait:
            self._cluster.wait_for_nodes()

    def complete(self) -> Machines:
        """With as many nodes as at first, whatever a test before took away and did not bring back."""
        self.add(max(0, self._num_nodes - len(self.nodes)))
        return self

    def kill(self, count: int = 1) -> None:
        """The oldest of them, without a word."""
        for folder in list(self.nodes)[:count]:
            self.kill_at(folder)

    def kill_at(self, folder: Path) -> None:
        """One of them, by its folder."""
        self._cluster.remove_node(self.nodes.pop(folder), allow_graceful=False)

    def stop(self) -> None:
        self._cluster.shutdown()


@contextmanager
def machines(folder: Path, num_nodes: int) -> Iterator[Machines]:
    """A cluster that ends with the block, and leaves no file of Ray's."""
    # A socket's path may have 107 characters, and pytest's folders are long.
    with (
        pytest.MonkeyPatch.context() as environment,
        tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as own,
    ):
        for name, value in {**QUICK, "RAY_TMPDIR": own}.items():
            environment.setenv(name, value)
        (Path(own) / "ray").mkdir()
        found = Machines(folder, num_nodes)
        try:
            yield found.complete()
        finally:
            found.stop()
