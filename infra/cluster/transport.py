"""A program on a node of the cluster, from the flow. The `Transport` of `infra/engines/transport.py`.

The actor is created here, scheduled by Ray into a free place of the experiment's group, and followed by a thread. Its
log is written here too, so that it outlives the node.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from infra.cluster.greeting import Greeting
from infra.cluster.group import Place
from infra.cluster.home import GROUPS, End, Home, News
from infra.cluster.session_home import SessionHome
from infra.engines.transport import CLOSE_SECONDS
from infra.engines.wire import Message
from infra.process.child import Inbox, last_lines

LOST = (RayError, ConnectionError)
"""what Ray raises where an actor, its node, or the way there is gone"""
ANSWER_SECONDS = 20.0
"""beyond the program's own time to close: a node that does not answer for so long is lost"""
MISSING_SECONDS = 60.0
"""without news, which come every few seconds: the node is lost, or cut off"""


class ActorTransport:
    """One actor; see `Start` for the other arguments.

    Attributes:
        heard: when its node last answered, by the monotonic clock; 0: not yet.

    Args:
        place: where actors of its group are scheduled.
        greeting: what the node is asked before it gets work.
        home: what the actor is.
    """

    def __init__(
        self,
        place: Place,
        greeting: Greeting,
        log_path: Path,
        env: Mapping[str, str],
        forks: bool,
        inbox: Inbox,
        home: type[Home] = SessionHome,
    ) -> None:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log_path, self._inbox = log_path, inbox
        log_path.touch()
        self._log_start = log_path.stat().st_size
        self._end: End | None = None
        self._lost: str | None = None
        self._is_there = False
        self.heard = 0.0
        make_actor: Any = ray.remote  # whose types know no groups
        actor = make_actor(concurrency_groups=GROUPS)(home)
        self._home = actor.options(**place.options(), max_restarts=0, max_task_retries=0).remote()
        self._opened = self._home.open.remote(greeting, dict(env), forks)
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()

    @property
    def source(self) -> object:
        return self

    def send(self, message: Message) -> None:
        with contextlib.suppress(*LOST):  # the follower says so
            self._home.send.remote(message)

    def describe_end(self) -> str:
        return self._end.how if self._end else "still running"

    def was_killed(self) -> bool:
        return self._end is not None and self._end.was_killed

    def lost_machine(self) -> str | None:
        return self._lost

    def log_tail(self) -> str:
        return last_lines(self._log_path, self._log_start)

    def close(self, *, politely: bool) -> bool:
        ended = True
        with contextlib.suppress(*LOST):  # a node that is gone has nothing to close
            if self._is_there and self._lost is None:
                ended = ray.get(self._home.close.remote(politely), timeout=CLOSE_SECONDS + ANSWER_SECONDS)
        with contextlib.suppress(*LOST):
            ray.kill(self._home)
        self._follower.join(ANSWER_SECONDS)
        return ended

    def _follow(self) -> None:
        """Thread: pass on what the program says, until its end or that of its node."""
        try:
            ray.get(self._opened)  # however long the cluster takes to make room for it
            self._is_there = True
            while self._end is None:
                news: News = ray.get(self._home.news.remote(), timeout=MISSING_SECONDS)
                self.heard = time.monotonic()
                for name, written in {self._log_path.name: news.log, **news.other_logs}.items():
                    with self._log_path.with_name(name).open("ab") as log:
                        log.write(written)
                for message in news.messages:
                    self._inbox.put((self, message))
                self._end = news.end
        except RayTaskError as error:  # a defect of `home.py`
            self._end = End(str(error), was_killed=False)
        except LOST as error:
            if "ModuleNotFoundError" in str(error):
                self._inbox.put((self, _cannot_import(error)))
            self._lost = in_words(error)
        except Exception as error:  # such as a full disk: whoever waits is told
            self._end = End(repr(error), was_killed=False)
        finally:
            self._inbox.put((self, None))


def _cannot_import(error: Exception) -> Message:
    missing = str(error).rpartition("ModuleNotFoundError: ")[2].splitlines()[0]
    return {
        "kind": "error",
        "name": "EngineError",
        "message": f"a node of the cluster cannot import selfloop: {missing}",
        "fix": "install the same version of selfloop on every node, in the Python that `ray start` runs in",
    }


def in_words(error: Exception) -> str:
    """Name and first sentence: what Ray says of the end of an actor is long."""
    if isinstance(error, GetTimeoutError):
        return f"no news for {MISSING_SECONDS:.0f} s"
    sentence = re.split(r"[.:] ", " ".join(str(error).split()), maxsplit=1)[0]
    return f"{type(error).__name__}: {sentence[:200]}"
