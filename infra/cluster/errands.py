"""Errands on nodes of the cluster, from the flow: a `Home` of `infra/engines/errand.py`.

Models and folders go there by content, files through the store. What is saved on the way, and what comes of it, comes
back through the store too. A node that is lost costs what was done since the last state that came back: another node
goes on from it, and so does the next run where this one is killed.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configs import errors
from configs.errors import EngineEndedError, UserError
from infra.cluster.address import wait_seconds
from infra.cluster.errand_home import ErrandHome
from infra.cluster.freight import Freight
from infra.cluster.greeting import Greeting
from infra.cluster.group import Groups, Place, nodes
from infra.cluster.parcel import ParcelFile
from infra.cluster.shape import shape_of_errand
from infra.cluster.transport import ActorTransport
from infra.engines.errand import Errand, Message, OnProgress
from infra.process.child import Inbox
from infra.store.base import Store

FOLDER = "errands"
"""of what a run has in the store for its nodes"""
MAX_MACHINES = 5
"""that may be lost in a row, without anything saved in between"""
START_SECONDS = 60.0
"""beyond the wait for a place: the node imports what it needs, and is asked whether it can be of use"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Lost:
    """The node of an errand was lost.

    Attributes:
        saved: something came back before.
    """

    reason: str
    saved: bool


class ErrandPlaces:
    """Places of the run's groups, one for each errand.

    Args:
        folder: prefix of what the run puts into the store for its nodes.
    """

    def __init__(self, groups: Groups, greeting: Greeting, store: Store, folder: str) -> None:
        self._groups, self._greeting, self._store, self._folder = groups, greeting, store, folder

    def run(self, errand: Errand, work_dir: Path, out_dir: Path, on_progress: OnProgress | None = None) -> Message:
        """See `Home.run`; EngineError too where the cluster has no place for it, and EngineEndedError where none
        comes after a node was lost."""
        freight = Freight(self._store, f"{self._folder}/{FOLDER}/{errand.name}")
        message = _packed(errand, freight) | {"freight": freight.folder}
        place = self._groups.take_one(shape_of_errand(errand.work.num_gpus, nodes()).num_gpus)
        try:
            done = self._do(errand, message, place, work_dir / "log.txt", on_progress)
        finally:
            self._groups.give_back(place)
        freight.fetch((ParcelFile(**file) for file in done["files"]), out_dir)
        freight.clear()
        answer: Message = done["answer"]
        return answer

    def _do(
        self, errand: Errand, message: Message, place: Place, log_path: Path, on_progress: OnProgress | None
    ) -> Message:
        """Once, and again wherever there is a place, if the node is lost."""
        num_lost = 0
        while True:
            found = _Attempt(errand.work.what, place, self._greeting, log_path).run(message, on_progress)
            if not isinstance(found, _Lost):
                return found
            num_lost = 1 if found.saved else num_lost + 1
            if num_lost > MAX_MACHINES:
                raise _ended(f"{errand.work.what} lost {num_lost} machines in a row: {found.reason}")
            logger.warning("%s lost its machine: %s; it goes on from what was saved, on another", errand.work.what,
                           found.reason)  # fmt: skip


class _Attempt:
    """An errand on one node, until it is done or the node is lost."""

    def __init__(self, what: str, place: Place, greeting: Greeting, log_path: Path) -> None:
        self._what, self._log_path = what, log_path
        self._inbox: Inbox = queue.SimpleQueue()
        self._deadline: float | None = time.monotonic() + wait_seconds() + START_SECONDS
        self._has_saved = False
        self._there = ""
        self._transport = ActorTransport(place, greeting, log_path, {}, True, self._inbox, ErrandHome)

    def run(self, message: Message, on_progress: OnProgress | None) -> Message | _Lost:
        try:
            self._transport.send(message)
            return self._follow(on_progress)
        finally:
            self._transport.close(politely=True)

    def _follow(self, on_progress: OnProgress | None) -> Message | _Lost:
        while True:
            message = self._next()
            if message is None:
                return self._end()
            kind = message.pop("kind")
            if kind == "opened":
                self._deadline = None
                self._there = message["work_dir"]
                logger.info("%s is at home on node %s", self._what, message["node"])
            elif kind == "saved":
                self._has_saved = True
            elif kind == "progress" and on_progress is not None:
                on_progress(message)
            elif kind == "error":
                raise self._error(message)
            elif kind == "done":
                return message

    def _next(self) -> Message | None:
        """What the node says next.

        Raises:
            EngineEndedError: there is none that the program could run on.
        """
        try:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            return self._inbox.get(timeout=left)[1]
        except queue.Empty:
            raise _ended(f"{self._what}: no machine of the cluster took it within {wait_seconds():g} s") from None

    def _end(self) -> _Lost:
        lost = self._transport.lost_machine()
        if lost is None:
            raise _ended(f"{self._what}: its home ended: {self._transport.describe_end()}; log: {self._log_path}")
        return _Lost(lost, self._has_saved)

    def _error(self, message: Message) -> UserError:
        """As the node told it. The logs that it names lie here too, and here they are looked for."""
        kind: type[UserError] = getattr(errors, message["name"])
        here, told, fix = str(self._log_path.parent), message["message"], message["fix"] or ""
        if self._there:
            told, fix = (text.replace(self._there, here) for text in (told, fix))
        named = "" if here in told + fix else f"\n  log: {self._log_path}"
        return kind(told + named, fix or None)


def _packed(errand: Errand, freight: Freight) -> Message:
    sent: Mapping[str, Any] = {name: freight.send(path.parent, [path])[0] for name, path in errand.files.items()}
    return {
        "kind": "do",
        "work": errand.work.elsewhere(),
        "models": {name: model.parcel().to_json() for name, model in errand.models.items()},
        "folders": {name: [asdict(file) for file in folder.parcel()] for name, folder in errand.folders.items()},
        "files": {name: asdict(file) for name, file in sent.items()},
    }


def _ended(message: str) -> EngineEndedError:
    fix = (
        "add a node to the cluster, and run the same command again, which goes on from here; where nodes come later, "
        "say how long that takes: SELFLOOP_CLUSTER_SECONDS"
    )
    return EngineEndedError(message, fix)
