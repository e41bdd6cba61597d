"""A session's home on another machine: one session program. See `home.py`."""

from __future__ import annotations

import shutil

import ray

from infra.cluster.home import End, Home
from infra.cluster.parcel import ModelParcel, ParcelFile
from infra.engines.live_weights import LiveWeights
from infra.engines.transport import ChildTransport
from infra.engines.wire import Message


class SessionHome(Home):
    """One session program."""

    def __init__(self) -> None:
        super().__init__()
        self._child: ChildTransport | None = None
        self._live = self._log.with_suffix(".live")

    @ray.method(concurrency_group="work")
    def send(self, message: Message) -> None:
        """Hand over a message. The model of `load` comes as a parcel, and is unpacked here; the `weights` of a wave as
        files of the store, which are fetched."""
        if self._child is None:
            return
        with self._telling_errors():
            if message["kind"] == "load":
                assert self._cache is not None, "opened with the child"
                model = self._cache.unpack(ModelParcel.from_json(message["model"]))
                message = {**message, "model": model.to_json()}
            if message["kind"] == "weights":
                message = self._with_files(message)
            self._child.send(message)

    @ray.method(concurrency_group="work")
    def close(self, politely: bool) -> bool:
        """End the program and remove what it had on this node; False if it had to be killed."""
        child, self._child = self._child, None
        ended = child is None or child.close(politely=politely)
        if self._cache is not None:
            self._cache.close()
        self._log.unlink(missing_ok=True)
        shutil.rmtree(self._live, ignore_errors=True)
        return ended

    def _with_files(self, message: Message) -> Message:
        """The weights of a wave, fetched; those of the wave before stay, which the program may still be reading."""
        assert self._store is not None, "opened with the child"
        number, files = message["number"], [ParcelFile(**file) for file in message["files"]]
        folder = self._live / f"{number:04d}"
        for file in files:
            self._store.get_file(file.key, folder / file.name, file.sha256)
        for other in self._live.iterdir():
            if int(other.name) < number - 1:
                shutil.rmtree(other)
        return LiveWeights(number, folder).to_message()

    def _begin(self, env: dict[str, str], forks: bool) -> None:
        self._child = ChildTransport(self._log, env, forks, self._inbox)

    def _end(self) -> End:
        assert self._child is not None, "it has ended"
        return End(self._child.describe_end(), self._child.was_killed())
