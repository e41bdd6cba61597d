"""A child process that cannot outlive its starter, nor leave anything behind. Used for every engine and trainer.

    with Child([engine_python(), "-m", "infra.engines.session_program"], log_path=log, stdin=True) as child:
        child.send({"kind": "load", ...})
        for message in child.messages(): ...

The command runs under `guard.py` in a session of its own; on leaving the block its whole process group is killed.
JSON objects that it writes to its standard output, one a line, are messages (`protocol.py` is its side of it);
everything else, and its standard error, is appended to the log.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from infra.process.group import kill_group, wait_until_gone
from infra.process.spawned import Descriptors, Spawned, Started

Message = dict[str, Any]
Start = Callable[[Sequence[str], Mapping[str, str], Descriptors], Started]
Inbox = queue.SimpleQueue[tuple[object, Message | None]]
"""messages, each with what sent it, None at its end; one queue may take those of several senders"""

ENGINE_PYTHON_VARIABLE = "SELFLOOP_ENGINE_PYTHON"
READER_SECONDS = 5.0
"""after the end of the group: what has left the group may hold its output open for as long as it lives"""
LOG_LINES = 8
LOG_LINE_CHARACTERS = 400


def engine_python() -> str:
    """The interpreter of engine programs: `SELFLOOP_ENGINE_PYTHON`, or the one that runs this."""
    return os.environ.get(ENGINE_PYTHON_VARIABLE) or sys.executable


class Child:
    """One running command.

    Args:
        command: program and arguments.
        log_path: output is appended here; parent folders are made.
        env: variables on top of this process's environment.
        stdin: True opens a pipe for `send`; the child then ends itself when it closes. False: it is empty.
            A file descriptor is handed over.
        inbox: where messages go as (child, message), and (child, None) at their end; share one to wait for
            several children. With it, `receive` and `messages` must not be used.
        start: how to start the command: as a new program, or by a `ForkServer`.

    Attributes:
        pid: process id of the guard, which is also the id of the process group.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        stdin: bool | int = False,
        inbox: Inbox | None = None,
        start: Start = Spawned,
    ) -> None:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self.log_path = log_path
        self._log = log_path.open("ab", buffering=0)
        self._log_start = log_path.stat().st_size
        self._inbox: Inbox = queue.SimpleQueue() if inbox is None else inbox
        self._lock = threading.Lock()
        self._status: int | None = None
        self._was_killed = False
        self._lifeline, lifeline = socket.socketpair()
        self._stdin, stdin_end = _open_stdin(stdin)
        stdout, stdout_end = os.pipe()
        self._stdout = os.fdopen(stdout, "rb")
        try:
            born_with = Descriptors(stdin_end, stdout_end, self._log.fileno(), lifeline.fileno())
            self._process = start(command, _environment(env or {}), born_with)
        finally:
            lifeline.close()
            os.close(stdin_end)
            os.close(stdout_end)
        self.pid = self._process.pid
        self._reaper = threading.Thread(target=self._reap, daemon=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reaper.start()  # first: the reader waits for it at the end of the output
        self._reader.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def poll(self) -> int | None:
        """Exit status, negative for a signal; None while any process of the group runs."""
        return self._status if not self._reaper.is_alive() else None

    def wait(self, timeout: float | None = None) -> int:
        """Exit status, once the whole group is gone.

        Raises:
            TimeoutError: it still runs after `timeout` seconds.
        """
        self._reaper.join(timeout)
        status = self.poll()
        if status is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return status

    def kill(self) -> None:
        """SIGKILL the whole group, wait until it is gone, release pipes and log. May be called again."""
        with self._lock:
            if self._status is None:
                self._was_killed = True
                kill_group(self.pid)
        self._reaper.join()
        self._reader.join(READER_SECONDS)
        if self._stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # an unsent command to a process that is gone
                self._stdin.close()
        self._lifeline.close()
        if not self._reader.is_alive():
            self._log.close()

    def send(self, message: Message) -> None:
        """Write one message to the child's standard input.

        Raises:
            BrokenPipeError: the child has ended.
        """
        pipe = self._stdin
        if pipe is None:
            raise ValueError("this child was started without stdin")
        pipe.write(json.dumps(message).encode() + b"\n")
        pipe.flush()

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next message; None if there is none within `timeout` seconds.

        Raises:
            EOFError: the child has ended, and every message has been received.
        """
        try:
            _, message = self._inbox.get(timeout=timeout)
        except queue.Empty:
            return None
        if message is None:
            self._inbox.put((self, None))
            raise EOFError(self.describe_exit())
        return message

    def messages(self) -> Iterator[Message]:
        """Messages until the child ends."""
        while True:
            try:
                message = self.receive()
            except EOFError:
                return
            if message is not None:
                yield message

    def ending(self) -> str:
        """How the child ended, in a few words."""
        if self._status is None:
            return "still running"
        if self._was_killed:
            return "ended on request"
        if self._status >= 0:
            return f"exit status {self._status}"
        reason = f"killed by {signal.Signals(-self._status).name}"
        return f"{reason} (out of memory?)" if -self._status == signal.SIGKILL else reason

    def describe_exit(self) -> str:
        """How the child ended, with the last lines of its log unless it ended well."""
        if not self._status or self._was_killed:
            return self.ending()
        return f"{self.ending()}; last lines of {self.log_path}:\n{self.log_tail()}"

    def log_tail(self, num_lines: int = LOG_LINES) -> str:
        """The last lines this child wrote to its log, blank ones left out."""
        return last_lines(self.log_path, self._log_start, num_lines)

    def _read(self) -> None:
        """Thread: sort the child's standard output into messages and log lines."""
        with self._stdout as pipe:
            for line in pipe:
                message = _parse(line)
                if message is None:
                    self._log.write(line)
                else:
                    self._inbox.put((self, message))
        self._reaper.join()
        self._inbox.put((self, None))

    def _reap(self) -> None:
        """Thread: when the guard ends, kill what is left of its group and note the exit status."""
        self._process.wait_until_dead()
        with self._lock:  # while the guard is unreaped its id cannot belong to anybody else
            kill_group(self.pid)
            guard_status = self._process.wait()
            self._lifeline.setblocking(False)
            try:
                report = self._lifeline.recv(16)
            except (BlockingIOError, ConnectionError):
                report = b""
            self._status = int(report) if report else guard_status
        wait_until_gone(self.pid)


def last_lines(log_path: Path, start: int = 0, num_lines: int = LOG_LINES) -> str:
    """The last lines of a log from a byte on, blank ones left out."""
    with log_path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - num_lines * LOG_LINE_CHARACTERS))
        text = file.read().decode(errors="replace")
    lines = [line[:LOG_LINE_CHARACTERS] for line in text.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-num_lines:]) or "    (it wrote nothing)"


def _open_stdin(wanted: bool | int) -> tuple[IO[bytes] | None, int]:
    """Our end, if any, and the child's end of its standard input."""
    if wanted is True:
        theirs, ours = os.pipe()
        return os.fdopen(ours, "wb"), theirs
    return None, os.open(os.devnull, os.O_RDONLY) if wanted is False else os.dup(wanted)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Environment of a child: ours, plus what lets it import this project and explain a native crash.

    Threads of a CPU engine sleep while they wait for each other: where they spin, one more busy process on the
    machine makes them ten to fifty times slower (measured on two cores).
    """
    defaults = {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    environment = {**defaults, **os.environ, **extra}
    root = Path(__file__).parents[2]
    if root.name not in ("site-packages", "dist-packages"):  # installed: another interpreter has its own copy
        paths = [str(root), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment


def _parse(line: bytes) -> Message | None:
    if not line.startswith(b"{"):
        return None
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
