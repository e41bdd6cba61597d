"""The child's side of the channel: JSON objects, one a line, on standard input and output. Standard library only.

Opening the channel takes file descriptor 1 away from everybody else: whatever libraries print to standard
output, native code included, goes to standard error, which is the log.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any

from infra.process.guard import GROUP_VARIABLE

Message = dict[str, Any]


class Channel:
    """Messages to and from the process that started this one. Open it before any heavy import.

    Args:
        commands: the starter passed `stdin=True`. A thread then reads commands at all times, and ends the whole
            process group when standard input closes: the starter is gone.
    """

    def __init__(self, *, commands: bool) -> None:
        sys.stdout.flush()
        self._out = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        if commands:
            source = os.fdopen(os.dup(0), "rb")
            empty = os.open(os.devnull, os.O_RDONLY)
            os.dup2(empty, 0)  # processes started from here must not eat commands
            os.close(empty)
            threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def send(self, message: Message) -> None:
        """Write one message; any thread may."""
        line = memoryview(json.dumps(message).encode() + b"\n")
        with self._lock:
            while line:
                line = line[self._out.write(line) :]

    def receive(self, timeout: float | None = None) -> Message | None:
        """The next command; waits for it, or returns None after `timeout` seconds (0: at once)."""
        try:
            return self._inbox.get(timeout=timeout) if timeout != 0 else self._inbox.get_nowait()
        except queue.Empty:
            return None

    def _read(self, source: Any) -> None:
        for line in source:
            self._inbox.put(json.loads(line))
        end_process_group()


def end_process_group() -> None:
    """SIGKILL this process with all it started; only this process if it was not started under the guard."""
    if os.environ.get(GROUP_VARIABLE) == str(os.getpgrp()):
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
