"""An errand's home on another machine: the control side of a one-shot program, which starts its processes there.

It is the same code as on the flow's machine (`Work.do`): devices, retries with less memory, one process a device. See
`home.py` for what it shares with a session's home, and `errands.py` for the flow's side.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import threading
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import ray

from infra.cluster.freight import Freight
from infra.cluster.home import End, Home
from infra.cluster.keeper import Keeper
from infra.cluster.parcel import ModelParcel, ParcelFile
from infra.engines.errand import Luggage, Work
from infra.engines.one_shot import log_name
from infra.engines.wire import Message
from infra.process.ports import waiting_port


class ErrandHome(Home):
    """The programs of one errand."""

    def __init__(self) -> None:
        super().__init__()
        self._begins: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._folder = self._log.with_suffix("")
        self._work_dir, self._out_dir = self._folder / "work", self._folder / "out"
        self._log = self._work_dir / "log.txt"

    @ray.method(concurrency_group="work")
    def send(self, message: Message) -> None:
        """Hand over a message: `do`, with `freight` (prefix in the store), and `models`, `folders` and `files` by name;
        then `begin`, with `work` (a `Work`) and whether it `saves`. Tells `opened`, `ready` with an address at which
        parts of the work may meet, `progress`, `saved`, and at the end `done`."""
        if message["kind"] == "do":
            threading.Thread(target=self._run, args=(message,), daemon=True).start()
        else:
            self._begins.put(message)

    @ray.method(concurrency_group="work")
    def close(self, politely: bool) -> bool:
        """Remove what it had on this node. Programs that still run end with the actor."""
        if self._cache is not None:
            self._cache.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        return True

    def _begin(self, env: dict[str, str], forks: bool) -> None:
        self._work_dir.mkdir(parents=True)
        self._tell({"kind": "opened", "node": self._node, "work_dir": str(self._work_dir)})

    def _end(self) -> End:
        return End("ended", was_killed=False)

    def _other_logs(self) -> Iterable[Path]:
        return sorted(self._work_dir.glob(log_name("*")))

    def _run(self, message: Message) -> None:
        """Thread: do the errand."""
        try:
            with self._telling_errors():
                if self._store is not None:  # else it is told why not
                    self._do(Freight(self._store, message["freight"]), message)
        finally:
            self._inbox.put((self, None))

    def _do(self, freight: Freight, message: Message) -> None:
        luggage = self._unpack(message, freight)
        freight.bring_back(self._work_dir)
        self._tell({"kind": "ready", "host": ray.util.get_node_ip_address(), "port": waiting_port()})
        begin = self._begins.get()
        work: Work = begin["work"]
        with contextlib.ExitStack() as kept:
            if begin["saves"]:
                kept.enter_context(Keeper(freight, self._folder / "kept", self._work_dir, work.saved, self._saved))
            answer = work.do(luggage, self._work_dir, self._out_dir, self._progress)
        files = freight.send(self._out_dir, sorted(path for path in self._out_dir.rglob("*") if path.is_file()))
        self._tell({"kind": "done", "answer": answer, "files": [asdict(file) for file in files]})

    def _unpack(self, message: Message, freight: Freight) -> Luggage:
        assert self._cache is not None, "opened with the store"
        models = {name: self._cache.unpack(ModelParcel.from_json(row)) for name, row in message["models"].items()}
        folders = {name: self._cache.folder(_files(rows)) for name, rows in message["folders"].items()}
        sent = {name: ParcelFile(**row) for name, row in message["files"].items()}
        freight.fetch(sent.values(), self._folder / "files")
        return Luggage(models, folders, {name: self._folder / "files" / file.name for name, file in sent.items()})

    def _progress(self, message: Message) -> None:
        self._tell({**message, "kind": "progress"})

    def _saved(self, name: str) -> None:
        self._tell({"kind": "saved", "name": name})


def _files(rows: list[Message]) -> tuple[ParcelFile, ...]:
    return tuple(ParcelFile(**row) for row in rows)
