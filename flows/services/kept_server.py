"""A server's process that is started again where it ends by itself. Used by `prefect_server.py`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from infra.process.child import Child

MAX_RESTARTS = 3

logger = logging.getLogger(__name__)


class KeptServer:
    """One server. Until `keep` it may end as it likes: what cannot start at all is said, and not tried again.

    Args:
        name: for messages, as in "the local Prefect server".
        start: starts a process at the address of the one before.
    """

    def __init__(self, name: str, start: Callable[[], Child]) -> None:
        self._name, self._start = name, start
        self._child = start()
        self._lock = threading.Lock()
        self._is_closed = False
        self._is_lost = False
        self._keeper: threading.Thread | None = None

    def keep(self) -> None:
        """From now on start it again, up to MAX_RESTARTS times, with one line for each."""
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, daemon=True)
            self._keeper.start()

    def ending(self) -> str | None:
        """How it ended, with the end of its log; None while it runs or is started again."""
        is_gone = self._is_lost if self._keeper else self._child.poll() is not None
        return self._child.describe_exit() if is_gone else None

    def close(self) -> None:
        """End it, for good."""
        with self._lock:
            self._is_closed = True
            self._child.kill()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        """Thread: wait for its end, and undo it."""
        for left in reversed(range(MAX_RESTARTS + 1)):
            self._child.wait()
            with self._lock:
                if self._is_closed:
                    return
                then = "it is started again" if left else f"it was started again {MAX_RESTARTS} times"
                logger.warning("%s ended: %s; %s; its log: %s", self._name, self._child.ending(), then,
                               self._child.log_path)  # fmt: skip
                self._child.kill()
                if left:
                    self._child = self._start()
        self._is_lost = True
