"""A session's home on another machine: one session program. See `home.py`."""

from __future__ import annotations

import ray

from infra.cluster.home import End, Home
from infra.cluster.parcel import ModelParcel
from infra.engines.transport import ChildTransport
from infra.engines.wire import Message


class SessionHome(Home):
    """One session program."""

    def __init__(self) -> None:
        super().__init__()
        self._child: ChildTransport | None = None

    @ray.method(concurrency_group="work")
    def send(self, message: Message) -> None:
        """Hand over a message. The model of `load` comes as a parcel, and is unpacked here."""
        if self._child is None:
            return
        with self._telling_errors():
            if message["kind"] == "load":
                assert self._cache is not None, "opened with the child"
                model = self._cache.unpack(ModelParcel.from_json(message["model"]))
                message = {**message, "model": model.to_json()}
            self._child.send(message)

    @ray.method(concurrency_group="work")
    def close(self, politely: bool) -> bool:
        """End the program and remove what it had on this node; False if it had to be killed."""
        child, self._child = self._child, None
        ended = child is None or child.close(politely=politely)
        if self._cache is not None:
            self._cache.close()
        self._log.unlink(missing_ok=True)
        return ended

    def _begin(self, env: dict[str, str], forks: bool) -> None:
        self._child = ChildTransport(self._log, env, forks, self._inbox)

    def _end(self) -> End:
        assert self._child is not None, "it has ended"
        return End(self._child.describe_end(), self._child.was_killed())
