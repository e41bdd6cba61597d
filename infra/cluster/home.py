"""Programs at home on another machine: an actor of Ray around the same guarded processes as on this one.

Created by `transport.py`. The actor's end, however it comes, is the end of its processes' starter, and so of their
groups. `session_home.py` has one session program, `errand_home.py` the programs of one errand.
"""

from __future__ import annotations

import abc
import contextlib
import os
import queue
import shutil
import socket
import traceback
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import ray

from configs import errors
from configs.errors import UserError
from infra.cluster.greeting import Greeting, answer
from infra.cluster.node_cache import FOLDER_VARIABLE, NodeCache, node_folder
from infra.engines.wire import Message
from infra.process.child import Inbox
from infra.process.locks import held, hold
from infra.store.base import Store

WAIT_SECONDS = 5.0
"""A call for news comes back at least this often; a lost node is then noticed by whoever asks."""
GROUPS = {"work": 1, "news": 1}
"""of methods, each of which has a thread: what is told to a program is told in order, while its news are waited for"""


@dataclass(frozen=True, slots=True)
class End:
    """How the program ended."""

    how: str
    was_killed: bool


@dataclass(frozen=True, slots=True)
class News:
    """What happened since the last news.

    Attributes:
        log: what was written to the program's log.
        other_logs: what its further processes wrote, by the names of their logs.
        end: None as long as the program may say more.
    """

    messages: tuple[Message, ...]
    log: bytes
    other_logs: Mapping[str, bytes]
    end: End | None


class Home(abc.ABC):
    """What all homes have: a greeting, a place to work in, news, and errors as messages. Its methods are called by a
    `transport.ActorTransport`, and `send` and `close` besides, which are each kind's own."""

    def __init__(self) -> None:
        self._node = f"{socket.gethostname()} ({ray.util.get_node_ip_address()})"
        self._inbox: Inbox = queue.SimpleQueue()
        self._work = node_folder() / "work"
        self._log = self._work / f"{uuid.uuid4().hex}.log"
        self._num_read: dict[Path, int] = {}
        self._store: Store | None = None
        self._cache: NodeCache | None = None

    @ray.method(concurrency_group="work")
    def open(self, greeting: Greeting, env: dict[str, str], forks: bool) -> None:
        """Begin, if this node can be of use; what is wrong with it comes as a message."""
        with self._telling_errors():
            self._store = answer(greeting, self._node)
            self._settle()
            self._cache = NodeCache(node_folder() / "models", self._store)
            self._begin(env, forks)

    @ray.method(concurrency_group="news")
    def news(self) -> News:
        """What happened; waits a while until something does."""
        messages: list[Message] = []
        end = None
        with contextlib.suppress(queue.Empty):
            _, message = self._inbox.get(timeout=WAIT_SECONDS)
            while message is not None:
                messages.append(message)
                _, message = self._inbox.get_nowait()
            end = self._end()
        others = {path.name: self._new_in(path) for path in self._other_logs()}
        return News(tuple(messages), self._new_in(self._log), others, end)

    @abc.abstractmethod
    def _begin(self, env: dict[str, str], forks: bool) -> None:
        """Start what runs from the beginning."""

    @abc.abstractmethod
    def _end(self) -> End:
        """How it ended; called when it has."""

    def _other_logs(self) -> Iterable[Path]:
        """Logs of further processes, as far as there are any yet."""
        return ()

    def _settle(self) -> None:
        """Have a place to work in, with the homes beside it, whose merged models are shared; be as without Ray."""
        lock = self._work.with_suffix(".lock")
        lock.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(BlockingIOError), held(lock, waits=False):
            shutil.rmtree(self._work, ignore_errors=True)  # nobody works here: it is of homes that were killed
        hold(lock, shared=True)  # to the end of this process
        self._work.mkdir(exist_ok=True)
        if os.environ.get("OMP_NUM_THREADS") == "1":  # set by Ray: a session on one machine has all of its cores
            del os.environ["OMP_NUM_THREADS"]

    @contextlib.contextmanager
    def _telling_errors(self) -> Iterator[None]:
        try:
            yield
        except UserError as error:
            kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)
            self._tell_error(kind, error.message, error.fix)
        except OSError as error:
            fix = f"name a folder with room for models, where `ray start` runs on that node: {FOLDER_VARIABLE}"
            self._tell_error(
                "EngineError", f"node {self._node} of the cluster cannot work in {node_folder()}: {error}", fix
            )
        except Exception:  # nobody waits for what `send` returns
            self._tell_error("EngineError", f"node {self._node} of the cluster failed: {traceback.format_exc()}", None)

    def _tell_error(self, name: str, message: str, fix: str | None) -> None:
        self._tell({"kind": "error", "name": name, "message": message, "fix": fix})

    def _tell(self, message: Message) -> None:
        self._inbox.put((self, message))

    def _new_in(self, log: Path) -> bytes:
        if not log.exists():
            return b""
        with log.open("rb") as file:
            file.seek(self._num_read.get(log, 0))
            found = file.read()
        self._num_read[log] = self._num_read.get(log, 0) + len(found)
        return found
