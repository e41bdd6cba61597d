"""Services that outlive the command that started them (Linux).

A note per service keeps the process id and the start time: an id alone may belong to somebody else by the time it
is read. What a service starts in turn is found by a mark in its environment, or by the service's folder as working
folder, so that nothing is left behind even when the service itself was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.process.group import GONE
from infra.store.files import replace_durably

MARK = "SELFLOOP_STACK_SERVICE"
STOP_SECONDS = 30.0
KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Running:
    """A started service, as its note says.

    Attributes:
        pid: process id, and id of the process group.
        identity: what tells this process from a later one with the same id.
        folder: its working folder, which is its mark too.
        order: services with a higher one are stopped first.
        since: seconds since the epoch.
        version: digest of what it was started with.
        stop_signal: name of the signal that asks it to end.
    """

    name: str
    pid: int
    identity: str
    folder: str
    order: int
    since: float
    version: str = ""
    stop_signal: str = "SIGTERM"

    def is_alive(self) -> bool:
        """Whether the very process that was started still runs."""
        return identity_of(self.pid) == self.identity


def start(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path,
    log_path: Path,
    order: int,
    version: str = "",
    user: str | None = None,
    stop_signal: str = "SIGTERM",
) -> Running:
    """Start a command in `folder`, in a process group of its own.

    Args:
        environment: all of it; nothing is inherited.
        user: the account it runs as, with that account's group; None for ours.

    Raises:
        OSError: it cannot be started.
    """
    with log_path.open("ab") as log:
        child = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environment, MARK: str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
    child.returncode = 0  # not ours to wait for; keeps Popen from warning that it still runs
    identity = identity_of(child.pid) or ""
    return Running(name, child.pid, identity, str(folder), order, time.time(), version, stop_signal)


def stop(running: Running, seconds: float = STOP_SECONDS) -> None:
    """Ask a service to end, and after `seconds` kill it with all it started; nothing happens if nothing is left.

    What is left of a service that has died gets no time: nobody would answer for it.
    """
    is_alive = running.is_alive()
    if is_alive:
        with contextlib.suppress(*GONE):
            os.killpg(running.pid, signal.Signals[running.stop_signal])
    if not _wait_until_gone(running, seconds if is_alive else 0):
        for pid, identity in members(running).items():
            if identity_of(pid) == identity:
                with contextlib.suppress(*GONE):
                    os.kill(pid, signal.SIGKILL)
        _wait_until_gone(running, KILL_SECONDS)
    with contextlib.suppress(ChildProcessError):  # ours to bury only where this process started it
        os.waitpid(running.pid, os.WNOHANG)


def members(running: Running) -> dict[int, str]:
    """Identity by process id of everything that belongs to a service and lives."""
    mark = f"{MARK}={running.folder}".encode()
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another account's
            is_ours = mark in (path / "environ").read_bytes().split(b"\0")
            # Postgres' backends write over their environment, but work in the data folder.
            if is_ours or os.readlink(path / "cwd") == running.folder:
                identity = identity_of(int(path.name))
                if identity is not None:
                    found[int(path.name)] = identity
    return found


def identity_of(pid: int) -> str | None:
    """What names a living process: the machine's boot and the start time. None if there is none, or only a dead one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _wait_until_gone(running: Running, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while members(running):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class Notes:
    """The notes of started services in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> dict[str, Running]:
        """By name; a service that has ended keeps its note."""
        found = {}
        for path in sorted(self._folder.glob("*.json")):
            found[path.stem] = Running(**json.loads(path.read_text(encoding="utf-8")))
        return found

    def write(self, running: Running) -> None:
        replace_durably(self._folder / f"{running.name}.json", json.dumps(asdict(running)).encode())

    def remove(self, name: str) -> None:
        (self._folder / f"{name}.json").unlink(missing_ok=True)
