"""A port for a server that another process starts later, in seconds."""

from __future__ import annotations

import random
import socket
from pathlib import Path

RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LEAST, USUAL_FIRST = 10_000, 32_768
"""below are ports of known services; from the second on, where the system does not say otherwise, it chooses itself"""
TRIES = 100


def waiting_port() -> int:
    """One that nobody listens at, and that the system gives to no connection by itself: on a busy machine one that it
    would choose is another's before the server is there.

    Raises:
        OSError: none was found.
    """
    chosen = random.Random()  # not of a recipe's seed: runs side by side would choose alike
    for _ in range(TRIES):
        port = chosen.randrange(LEAST, max(LEAST + 1000, _first_of_system()))
        with socket.socket() as asked:
            try:
                asked.bind(("", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port was found below {_first_of_system()}")


def _first_of_system() -> int:
    """The first of the ports that the system chooses from."""
    try:
        return int(RANGE_FILE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return USUAL_FIRST
