"""What a service of the stack is: a program with settings, and its place among the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infra.deploy.health import Health


@dataclass(frozen=True)
class Server:
    """One program.

    Attributes:
        command: program and arguments; no secrets, since others can read a command line.
        health: how to see that it serves; None for a job, which has done its work when it ends with status 0.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: Health | None


@dataclass(frozen=True)
class Service:
    """One service of the stack.

    Attributes:
        waits_for: services that must be healthy, or jobs that must be done, before this one starts.
        host, port: what it listens on; no port if on nothing.
        port_setting: the variable that sets the port.
        profile: started on request only, under this name.
        stop_signal: asks it to end.
        native: the program that takes the server's place where there are no containers.
    """

    name: str
    server: Server
    waits_for: tuple[str, ...] = ()
    host: str = ""
    port: int | None = None
    port_setting: str = ""
    profile: str = ""
    stop_signal: str = "SIGTERM"
    native: Server | None = None
