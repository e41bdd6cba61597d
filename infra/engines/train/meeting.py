"""How the processes of one training find each other: through a file on one machine, at an address between several.

Used inside engine programs, by `group.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from torch import distributed

from configs.errors import EngineError
from infra.engines.errand import Part

WAIT = timedelta(hours=12)
"""how long one waits for another that lives: the starter ends all of them where one ends"""
MEETING_WAIT = timedelta(minutes=10)
"""how long one waits at an address: machines begin together, and none may hear of another that cannot be reached"""
LEFT, LOOK_SECONDS = "left", 0.05
"""key of how many have said that they go, and how often the first looks"""
SIOCGIFADDR = 0x8915
"""Linux: the IPv4 address of a network interface"""


def meet(backend: str, rank: int, size: int, meeting: Path | Part) -> distributed.Store | None:
    """Become one of `size` processes that compute together; returns where those of several machines meet, which the
    first one keeps.

    Args:
        meeting: a file that is not there yet, the same for all; or this machine's part of a training on several.

    Raises:
        EngineError: they cannot reach each other.
    """
    if isinstance(meeting, Path):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo" if sys.platform == "linux" else "lo0")
        told: dict[str, Any] = {"init_method": f"file://{meeting}"}
    else:
        _use_interface(meeting.host)
        told = {"store": _shared_store(meeting, rank, size)}
    distributed.init_process_group(backend, rank=rank, world_size=size, timeout=WAIT, **told)
    return told.get("store")


def leave_last(store: distributed.Store, rank: int, size: int) -> None:
    """For the first: wait until all others have said that they need nothing of anybody any more; for these: say it.

    Whoever starts the first one's machine ends all processes there once it has answered, and another machine's would
    miss them in the middle of a barrier.
    """
    others = store.add(LEFT, int(rank != 0))
    while rank == 0 and others < size - 1:
        time.sleep(LOOK_SECONDS)
        others = store.add(LEFT, 0)


def interface_of(address: str) -> str | None:
    """The network interface of this machine that has an IPv4 address; None where it is not known."""
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # it has no address
                found = fcntl.ioctl(asked, SIOCGIFADDR, struct.pack("256s", name.encode()))
                if socket.inet_ntoa(found[20:24]) == address:
                    return name
    return None


def _use_interface(host: str) -> None:
    """Be reached at the address by which the other machines know this one, unless its environment says otherwise.

    Libraries would take that of the host's name, which may be one that nobody else reaches.
    """
    name = interface_of(host)
    if name is not None:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", name)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", f"={name}")


def _shared_store(part: Part, rank: int, size: int) -> distributed.Store:
    host, _, port = part.meeting.rpartition(":")
    os.environ.update(MASTER_ADDR=host, MASTER_PORT=port)  # accelerate wants them said, and does not use them
    try:
        store = distributed.TCPStore(host, int(port), size, is_master=rank == 0, timeout=MEETING_WAIT)
    except distributed.DistError as error:
        raise EngineError(
            f"the machines of the training do not meet at {part.meeting}: {str(error).splitlines()[0]}",
            "run the same command again, which takes another port; where it ends so again, let the nodes reach each "
            "other at all ports, or train on one: fewer devices",
        ) from error
    store.set_timeout(WAIT)
    return store
