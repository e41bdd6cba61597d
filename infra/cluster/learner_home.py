"""A learner's home on another machine: its processes, one a device of the node, and files that come and go with what is
said.

It is the same code as on the flow's machine (`learn/work.py`). See `working_home.py` for what it shares with an
errand's home, and `segments.py` for the flow's side.
"""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import ray

from infra.cluster.freight import Freight
from infra.cluster.keeper import Keeper
from infra.cluster.working_home import Told, WorkingHome
from infra.engines.errand import Luggage
from infra.engines.learn.ranks import Ranks, log_name
from infra.engines.learn.work import Here
from infra.engines.wire import Message
from infra.process.child import Inbox

EXPORTED = "exported"
"""part of a segment's freight: the weights of a wave"""


class LearnerHome(WorkingHome):
    """The processes of one learner."""

    def __init__(self) -> None:
        super().__init__(log_name(0), log_name("*"))
        self._ranks: Ranks | None = None
        self._told: Inbox = queue.SimpleQueue()
        self._live, self._rows = self._folder / "live", self._folder / "rows.jsonl"

    @ray.method(concurrency_group="work")
    def send(self, message: Message) -> None:
        """Hand over a message: `do` as to an errand's home, with `work` (a `LearnWork`); after `begun` those of a
        learner (`learn/desk.py`), where `train` has the rows in it. Tells what the learner tells, with `exported` and
        `done` the files that there are now; `ended` where a process did so by itself."""
        if message["kind"] == "do":
            threading.Thread(target=self._run, args=(message,), daemon=True).start()
        elif self._ranks is not None:
            with self._telling_errors():
                self._pass_on(self._ranks, message)

    def _leave(self) -> None:
        """Its processes end, whatever they do."""
        if self._ranks is not None:
            self._ranks.close()
        super()._leave()

    def _pass_on(self, ranks: Ranks, message: Message) -> None:
        if message["kind"] == "train":
            self._rows.write_bytes(message.pop("rows"))
            ranks.hand_over(self._rows, message)
        elif message["kind"] == "stop":
            ranks.send_to_all(message)
        elif message["kind"] == "export":
            shutil.rmtree(self._live, ignore_errors=True)
            ranks.send({**message, "folder": str(self._live)})
        else:
            ranks.send(message)

    def _do(self, freight: Freight, luggage: Luggage, message: Message) -> None:
        work = message["work"]
        with Keeper(freight, self._folder / "kept", self._work_dir, work.saved, self._saved):
            self._ranks = Here(work.request(luggage)).start(self._work_dir, self._out_dir, self._told)
            self._tell({"kind": "begun"})
            last = self._follow(self._ranks, freight.within(EXPORTED))
            if last["kind"] != "done":
                self._tell(last)
                raise Told
        self._tell({**last, "files": _rows(freight.send_all(self._out_dir))})

    def _follow(self, ranks: Ranks, exported: Freight) -> Message:
        """Tell what the learner tells, up to its last message."""
        while True:
            _, message = self._told.get()
            if message is None:
                return {"kind": "ended", "how": ranks.describe_end(), "was_killed": ranks.was_killed()}
            if message["kind"] in ("done", "error"):
                return message
            if message["kind"] == "exported":
                message = {**message, "files": _rows(exported.send_all(self._live))}
            self._tell(message)


def _rows(files: Iterable[Any]) -> list[Message]:
    return [asdict(file) for file in files]
