"""The learner of a segment on a node of the cluster, from the flow. A `LearnerHome` of `infra/engines/learn/work.py`.

    home -- opened --> flow    it is there              flow -- do --> home               what it needs
    home -- begun --> flow     its processes run        flow -- train, stop, ... --> home

Models and folders go there by content; a wave's rows with the message that hands them over; the weights of a wave, the
result, and checkpoints through the store. A node that is lost ends the learner with `MachineLostError`: the next one
goes on from the newest checkpoint that came back.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from configs.errors import EngineEndedError, MachineLostError, UserError
from configs.schema.engine import TransformersEngine
from infra.cluster.address import wait_seconds
from infra.cluster.attempt import START_SECONDS
from infra.cluster.errands import FOLDER, packed
from infra.cluster.failure import as_here, ended
from infra.cluster.freight import Freight
from infra.cluster.greeting import Greeting
from infra.cluster.group import Groups, Place
from infra.cluster.learner_home import EXPORTED, LearnerHome
from infra.cluster.parcel import ParcelFile
from infra.cluster.shape import Need, shape_of_errand
from infra.cluster.transport import ActorTransport
from infra.engines.errand import Errand
from infra.engines.learn.learner import GO_ON
from infra.engines.learn.ranks import log_name
from infra.engines.learn.work import LearnWork
from infra.engines.wire import Message
from infra.process.child import Inbox
from infra.store.base import Store


@dataclass(frozen=True)
class OnNode:
    """A place of the run's groups for the learner of one segment.

    Args:
        folder: prefix of what the run puts into the store for its nodes.
    """

    segment: Errand[LearnWork]
    groups: Groups
    greeting: Greeting
    store: Store
    folder: str

    @property
    def name(self) -> str:
        return self.segment.work.model_name

    @property
    def engine(self) -> TransformersEngine:
        return self.segment.work.engine

    def start(self, work_dir: Path, out_dir: Path, inbox: Inbox) -> NodeLearner:
        """See `LearnerHome`; MachineLostError where the node is lost before it has begun."""
        freight = Freight(self.store, f"{self.folder}/{FOLDER}/{self.segment.name}")
        # Its own place and no more: sessions beside it and models that judge need theirs meanwhile.
        place = self.groups.take(Need("train.devices", partial(shape_of_errand, self.segment.work.wanted)))
        learner = NodeLearner(self, place, freight, work_dir, out_dir, inbox)
        try:
            learner.begin()
        except BaseException:
            learner.close()
            raise
        return learner


class NodeLearner:
    """The processes of a learner on a node, as the flow sees them. `Processes`."""

    def __init__(
        self, home: OnNode, place: Place, freight: Freight, work_dir: Path, out_dir: Path, inbox: Inbox
    ) -> None:
        self._home, self._place, self._freight = home, place, freight
        self._work_dir, self._out_dir, self._inbox = work_dir, out_dir, inbox
        self._log = work_dir / log_name(0)
        self._own: Inbox = queue.SimpleQueue()
        self._there, self._node = "", ""
        self._live: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._ended: Message | None = None
        self._is_closed = False
        self._actor = ActorTransport(place, home.greeting, self._log, {}, True, self._own, LearnerHome)

    def begin(self) -> None:
        """Have its processes started.

        Raises:
            UserError: they cannot be, as the node tells; EngineEndedError: no node took them in time.
        """
        work = self._home.segment.work
        self._actor.send(
            packed(self._home.segment, self._freight) | {"freight": self._freight.folder, "work": work.elsewhere()}
        )
        deadline: float | None = time.monotonic() + wait_seconds() + START_SECONDS
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                _, message = self._own.get(timeout=left)
            except queue.Empty:
                raise ended(f"{work.what}: no machine of the cluster took it within {wait_seconds():g} s") from None
            if message is None:
                raise self._gone()
            if message["kind"] == "error":
                raise as_here(message, self._there, self._work_dir, self._log)
            if message["kind"] == "opened":
                deadline, self._there, self._node = None, message["work_dir"], message["node"]
            elif message["kind"] == "begun":
                threading.Thread(target=self._pass_on, daemon=True).start()
                return

    def send(self, message: Message) -> None:
        if message["kind"] == "export":
            self._live.put(Path(message["folder"]))
        self._actor.send(message)

    def send_to_all(self, message: Message) -> None:
        self._actor.send(message)

    def hand_over(self, rows: Path, message: Message) -> None:
        self._actor.send({**message, "rows": rows.read_bytes()})

    def describe_end(self) -> str:
        how = str(self._ended["how"]) if self._ended is not None else self._actor.describe_end()
        return f"on node {self._node}: {how.replace(self._there, str(self._work_dir))}"

    def was_killed(self) -> bool:
        return self._ended is not None and bool(self._ended["was_killed"])

    def lost_machine(self) -> str | None:
        return None if self._ended is not None else self._actor.lost_machine()

    def log_tail(self) -> str:
        return self._actor.log_tail()

    def close(self) -> None:
        """End the processes, whatever they do. The place is for others, unless it is lost."""
        if self._is_closed:
            return
        self._is_closed = True
        self._actor.close(politely=False)
        self._home.groups.give_back(self._place)
        if self._actor.lost_machine() is not None:
            self._home.groups.close()

    def _pass_on(self) -> None:
        """Thread: what the home tells, with the files that it names brought here."""
        while not self._is_closed:
            _, message = self._own.get()
            if message is None or message["kind"] == "ended":
                self._ended = message
                self._inbox.put((self, None))
                return
            try:
                self._inbox.put((self, self._brought(message)))
            except UserError as error:
                self._inbox.put((self, _in_message(error, self._log)))
                return

    def _brought(self, message: Message) -> Message:
        kind = message["kind"]
        if kind == "error":
            return self._as_here(message)
        files = [ParcelFile(**file) for file in message.pop("files", ())]
        if kind == "exported":
            exported = self._freight.within(EXPORTED)
            exported.fetch(files, self._live.get())
            exported.drop(files)
        elif kind == "done":
            self._freight.fetch(files, self._out_dir)
            self._freight.clear()
        return message

    def _as_here(self, error: Message) -> Message:
        """An error with paths of this machine: the logs that it names lie here, too."""
        named = {"log": str(self._log), **error}
        here = str(self._work_dir)
        return {key: text.replace(self._there, here) if isinstance(text, str) else text for key, text in named.items()}

    def _gone(self) -> EngineEndedError:
        """Why its home ended before its processes began."""
        what, lost = self._home.segment.work.what, self._actor.lost_machine()
        if lost is None:
            return ended(f"{what}: its home ended: {self._actor.describe_end()}; log: {self._log}")
        return MachineLostError(f"{what} lost its machine: {lost}", GO_ON)


def _in_message(error: UserError, log: Path) -> Message:
    return {
        "kind": "error", "name": type(error).__name__, "message": error.message, "fix": error.fix, "log": str(log),
    }  # fmt: skip
