"""GPUs that one run holds at a time, so that two experiments on one machine take turns. Used by `tasks/core/bench.py`.

    lease = DeviceLease("experiment demo", print)
    lease.take()       # before the first engine starts: waits for whoever holds one of the GPUs
    lease.release()    # after the last engine has ended

A device is held by a lock of the kernel (flock) on a file in a folder of the machine: the lock ends with the process
that took it, however that ends, and waiting for it costs nothing. A run takes every GPU it may use at once and in
one order, so no two runs wait for each other; and it keeps them to its end, since a turn a stage would load
every model again.

    SELFLOOP_DEVICES       what to hold instead of the GPUs that are found: names after commas; `none`: nothing
    SELFLOOP_DEVICE_LOCKS  the folder, by default /run/lock/selfloop or, where not everybody may write there,
                           /tmp/selfloop; containers that share a GPU have to share it
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from configs.errors import EngineError
from infra.engines.gpu_list import visible_gpus
from infra.store.lease.holder import describe_this_process, name_user

DEVICES_VARIABLE = "SELFLOOP_DEVICES"
FOLDER_VARIABLE = "SELFLOOP_DEVICE_LOCKS"
HOLDER_BYTES = 1000


class DeviceLease:
    """The GPUs of one run.

    Args:
        holder: who they are for, in words that others read while they wait: `experiment demo`.
        say: gets a line when it has to wait, and one when it waits no longer.
    """

    def __init__(self, holder: str, say: Callable[[str], None]) -> None:
        self._holder = holder
        self._say = say
        self._files: list[int] = []
        self._is_taken = False

    def take(self) -> None:
        """Hold the devices, once they are free; nothing happens if they are held already.

        Raises:
            EngineError: the folder of the locks cannot be used.
        """
        if self._is_taken:
            return
        folder = Path(os.environ.get(FOLDER_VARIABLE) or default_folder())
        for name in leased_devices():
            try:
                self._files.append(_open(folder, name))
                self._lock(self._files[-1], name)
            except OSError as error:
                fix = f"give every user of the GPUs the right to write there, or name another folder: {FOLDER_VARIABLE}"
                raise EngineError(f"the lock of {name} in {folder} cannot be taken: {error}", fix) from error
        self._is_taken = True

    def release(self) -> None:
        """Give the devices back; also what was taken of them before an error."""
        while self._files:
            file = self._files.pop()
            if self._is_taken:
                os.ftruncate(file, 0)
            os.close(file)
        self._is_taken = False

    def _lock(self, file: int, name: str) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            started = time.monotonic()
            self._say(f"waiting for {name}, held by {_read(file)}")
            fcntl.flock(file, fcntl.LOCK_EX)
            self._say(f"{name} is free, after {time.monotonic() - started:.0f} s")
        since = datetime.now(UTC).isoformat(timespec="seconds")
        who = f"{self._holder}: {describe_this_process(name_user()).describe()} since {since}"
        os.ftruncate(file, 0)
        os.pwrite(file, who.encode()[:HOLDER_BYTES], 0)


def default_folder() -> Path:
    """The same for every user; nothing in /run/lock is ever removed for its age."""
    shared = Path("/run/lock")
    return (shared if shared.is_dir() and shared.stat().st_mode & 0o002 else Path("/tmp")) / "selfloop"


def leased_devices() -> tuple[str, ...]:
    """Names of what a run of this process holds, in the order in which it takes them."""
    named = os.environ.get(DEVICES_VARIABLE)
    if not named:
        return visible_gpus()
    names = {name.strip() for name in named.split(",")} - {""}
    return () if names == {"none"} else tuple(sorted(names))


def _read(file: int) -> str:
    return os.pread(file, HOLDER_BYTES, 0).decode(errors="replace") or "another run"


def _open(folder: Path, name: str) -> int:
    """The file of a device's lock, made where there is none. Users share folder and files, and nobody's is followed."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o1777)
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}.lock"
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:  # made by another run just now
        return os.open(path, flags)
    os.fchmod(file, 0o666)
    return file
