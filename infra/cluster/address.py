"""Where the cluster of a run is, and whether it answers. Imports Ray only to find a cluster of this machine.

SELFLOOP_CLUSTER_SECONDS  how long a cluster may take to make room for a run, by default 300. Where it is set, a cluster
                          that is too small is waited for as well: it may grow
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
PREFACE, EMPTY_SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0\4\0\0\0\0\0"
FRAME_HEAD_BYTES, SETTINGS_FRAME = 9, 4
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


def may_grow() -> bool:
    """Whether a cluster that is too small may get nodes while it is waited for: where somebody said how long."""
    return bool(os.environ.get(SECONDS_VARIABLE))


def check_cluster(address: str) -> None:
    """See that Ray is installed and a cluster answers at an address, within seconds and before anything runs.

    Raises:
        EngineError: it is not, or none does.
    """
    if importlib.util.find_spec("ray") is None:
        raise EngineError(
            "engine.hosts: ray needs Ray, which is not installed here", "pip install 'selfloop[cluster]', on every node"
        )
    wait_seconds()
    if address == AUTO:
        address = _address_here()
    found = re.fullmatch(r"(?:ray://)?([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", address)
    if found is None or int(found[2]) > 65535:
        raise EngineError(
            f"services.cluster: '{address}' is no address of a cluster", "write auto, HOST:6379 or ray://HOST:10001"
        )
    try:
        with socket.create_connection((found[1].strip("[]"), int(found[2])), CONNECT_SECONDS) as connection:
            is_cluster = _is_encrypted() or _speaks_http2(connection)
    except OSError as error:
        raise EngineError(f"no cluster answers at {address}: {error}", FIX) from error
    if not is_cluster:
        raise EngineError(f"no cluster answers at {address}: something else listens there", FIX)


def _address_here() -> str:
    """Where the cluster is that this machine is a node of, as Ray finds it.

    Raises:
        EngineError: it is a node of none.
    """
    from ray._private.services import get_ray_address_from_environment

    try:
        return str(get_ray_address_from_environment(AUTO, None))
    except ConnectionError as error:
        raise EngineError("no cluster answers at auto: this machine is a node of none", FIX) from error


def _is_encrypted() -> bool:
    return os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true")


def _speaks_http2(connection: socket.socket) -> bool:
    """Whether a server begins as those of Ray do, which are of gRPC: its first frame says its settings (RFC 9113).
    Ray itself would wait for minutes for what is none."""
    connection.sendall(PREFACE + EMPTY_SETTINGS)
    try:
        answer = connection.recv(FRAME_HEAD_BYTES, socket.MSG_WAITALL)
    except TimeoutError:
        return False
    return len(answer) == FRAME_HEAD_BYTES and answer[3] == SETTINGS_FRAME
