"""An errand's home on another machine: the control side of a one-shot program, which starts its processes there.

It is the same code as on the flow's machine (`Work.do`): devices, retries with less memory, one process a device. See
`working_home.py` for what it shares with a learner's home, and `errands.py` for the flow's side.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from dataclasses import asdict

import ray

from infra.cluster.freight import Freight
from infra.cluster.keeper import Keeper
from infra.cluster.working_home import WorkingHome
from infra.engines.errand import Luggage, Work
from infra.engines.one_shot import log_name
from infra.engines.wire import Message
from infra.process.ports import waiting_port


class ErrandHome(WorkingHome):
    """The programs of one errand."""

    def __init__(self) -> None:
        super().__init__(log_name(0), log_name("*"))
        self._begins: queue.SimpleQueue[Message] = queue.SimpleQueue()

    @ray.method(concurrency_group="work")
    def send(self, message: Message) -> None:
        """Hand over a message: `do`, with `freight` (prefix in the store), and `models`, `folders` and `files` by name;
        then `begin`, with `work` (a `Work`) and whether it `saves`. Tells `opened`, `ready` with an address at which
        parts of the work may meet, `progress`, `saved`, and at the end `done`."""
        if message["kind"] == "do":
            threading.Thread(target=self._run, args=(message,), daemon=True).start()
        else:
            self._begins.put(message)

    def _do(self, freight: Freight, luggage: Luggage, message: Message) -> None:
        self._tell({"kind": "ready", "host": ray.util.get_node_ip_address(), "port": waiting_port()})
        begin = self._begins.get()
        work: Work = begin["work"]
        with contextlib.ExitStack() as kept:
            if begin["saves"]:
                kept.enter_context(Keeper(freight, self._folder / "kept", self._work_dir, work.saved, self._saved))
            answer = work.do(luggage, self._work_dir, self._out_dir, self._progress)
        files = freight.send_all(self._out_dir)
        self._tell({"kind": "done", "answer": answer, "files": [asdict(file) for file in files]})

    def _progress(self, message: Message) -> None:
        self._tell({**message, "kind": "progress"})
