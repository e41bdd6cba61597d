"""Where the cluster of a run is, and whether anything answers there. Imports no Ray.

SELFLOOP_CLUSTER_SECONDS  how long a cluster may take to make room for a run, by default 300
"""

from __future__ import annotations

import importlib.util
import os
import re
import socket
from dataclasses import dataclass

from configs.errors import EngineError
from infra.store.base import Store

AUTO = "auto"
"""the cluster that this machine is a node of"""
SECONDS_VARIABLE = "SELFLOOP_CLUSTER_SECONDS"
DEFAULT_SECONDS = 300.0
CONNECT_SECONDS = 5.0
FIX = (
    "start one (ray start --head on one machine, ray start --address=HOST:6379 on the others), and write services: "
    "{cluster: HOST:6379}, or set RAY_ADDRESS; docs/operate.md has the way"
)


@dataclass(frozen=True)
class ClusterPlace:
    """What a run needs to use a cluster.

    Attributes:
        address: auto, HOST:PORT of the head, or ray://HOST:PORT of its client server.
        store: the run's, which nodes fetch models from.
        folder: prefix of what the run puts there for its nodes.
    """

    address: str
    store: Store
    folder: str


def wait_seconds() -> float:
    """How long a cluster may take to make room.

    Raises:
        EngineError: the variable is no number.
    """
    told = os.environ.get(SECONDS_VARIABLE) or str(DEFAULT_SECONDS)
    if not re.fullmatch(r"\d+(\.\d+)?", told):
        raise EngineError(f"{SECONDS_VARIABLE}={told} is no number of seconds", "write how long a run may wait")
    return float(told)


def check_cluster(address: str) -> None:
    """See that Ray is installed and something listens at an address, before anything runs.

    Raises:
        EngineError: it is not, or nothing does.
    """
    if importlib.util.find_spec("ray") is None:
        raise EngineError(
            "engine.hosts: ray needs Ray, which is not installed here", "pip install 'selfloop[cluster]', on every node"
        )
    wait_seconds()
    if address == AUTO:
        return
    found = re.fullmatch(r"(?:ray://)?([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", address)
    if found is None or int(found[2]) > 65535:
        raise EngineError(
            f"services.cluster: '{address}' is no address of a cluster", "write auto, HOST:6379 or ray://HOST:10001"
        )
    try:
        socket.create_connection((found[1].strip("[]"), int(found[2])), CONNECT_SECONDS).close()
    except OSError as error:
        raise EngineError(f"no cluster answers at {address}: {error}", FIX) from error
