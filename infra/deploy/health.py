"""Ways to see that a service does its work, not only that its process runs."""

from __future__ import annotations

import socket
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass

SECONDS = 5.0


@dataclass(frozen=True)
class Http:
    """A GET that answers 200."""

    url: str

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=SECONDS) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            return False


@dataclass(frozen=True)
class Tcp:
    """A port that takes connections, for servers without an address of their own for this."""

    host: str
    port: int

    def is_healthy(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=SECONDS):
                return True
        except OSError:
            return False


@dataclass(frozen=True)
class Program:
    """A command that ends with status 0."""

    command: tuple[str, ...]

    def is_healthy(self) -> bool:
        try:
            done = subprocess.run(self.command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


@dataclass(frozen=True)
class Alive:
    """For a process that nobody asks anything: that it runs is all there is to see."""

    def is_healthy(self) -> bool:
        return True


Health = Http | Tcp | Program | Alive


def is_port_free(host: str, port: int) -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT do not count
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
