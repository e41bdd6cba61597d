"""Errands on nodes of the cluster, from the flow: a `Home` of `infra/engines/errand.py`.

Models and folders go there by content, files through the store. What is saved on the way, and what comes of it, comes
back through the store too. A node that is lost costs what was done since the last state that came back: others go on
from it, and so does the next run where this one is killed. Work with more devices than a node has lies on several.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from configs.errors import DeviceMemoryError
from infra.cluster.attempt import Attempt, Lost
from infra.cluster.failure import ended
from infra.cluster.freight import Freight
from infra.cluster.greeting import Greeting
from infra.cluster.group import Groups, nodes
from infra.cluster.parcel import ParcelFile
from infra.cluster.shape import Need, Nodes, Shape, shape_of_errand, shape_of_those_left
from infra.engines.errand import MAX_MACHINES, PAUSE_SECONDS, Errand, Message, OnProgress, Placed, Work
from infra.store.base import Store

FOLDER = "errands"
"""of what a run has in the store for its nodes"""

logger = logging.getLogger(__name__)


class ErrandPlaces:
    """Places of the run's groups, for one errand after the other.

    Args:
        folder: prefix of what the run puts into the store for its nodes.
    """

    def __init__(self, groups: Groups, greeting: Greeting, store: Store, folder: str) -> None:
        self._groups, self._greeting, self._store, self._folder = groups, greeting, store, folder

    def run(
        self, errand: Errand[Work], work_dir: Path, out_dir: Path, on_progress: OnProgress | None = None
    ) -> Message:
        """See `Home.run`; EngineError too where the cluster has no place for it, and EngineEndedError where none
        comes after a node was lost."""
        freight = Freight(self._store, f"{self._folder}/{FOLDER}/{errand.name}")
        message = packed(errand, freight) | {"freight": freight.folder}
        done = self._do(errand.work, message, work_dir, on_progress)
        freight.fetch((ParcelFile(**file) for file in done["files"]), out_dir)
        freight.clear()
        answer: Message = done["answer"]
        return answer

    def _do(self, work: Work, message: Message, work_dir: Path, on_progress: OnProgress | None) -> Message:
        """Once, and again wherever there are places, if a node is lost."""
        spot, num_lost = _Spot(work, shape_of_errand(work.wanted, nodes())), 0
        while True:
            found = self._try(spot, message, work_dir, on_progress)
            if not isinstance(found, Lost):
                return found
            num_lost = 1 if found.saved else num_lost + 1
            if num_lost > MAX_MACHINES:
                raise ended(f"{work.what} lost {num_lost} machines in a row: {found.reason}")
            time.sleep(num_lost * PAUSE_SECONDS)
            before = spot.shape
            left = spot.among(nodes())
            where = f"in {left.words()}" if left != before else "on another"
            logger.warning(
                "%s lost its machine: %s; it goes on from what was saved, %s", work.what, found.reason, where
            )
            if left != before:
                self._groups.close()  # what is left of these places would be in the way

    def _try(self, spot: _Spot, message: Message, work_dir: Path, on_progress: OnProgress | None) -> Message | Lost:
        """In places of a shape. A node alone finds for itself how much its devices take at a time, of several all are
        told the same."""
        place = self._groups.take_for(Need("train.devices", spot.among))
        work, shape = spot.work, spot.shape
        tries = [work] if shape.num_places == 1 else work.tries()
        try:
            for smaller, sized in enumerate(tries, 1):
                attempt = Attempt(
                    sized, place, shape.num_places, self._greeting,
                    lambda: shape_of_those_left(work, shape, nodes())[1] != shape, work_dir,
                )  # fmt: skip
                try:
                    return attempt.run(message, on_progress)
                except DeviceMemoryError as error:
                    if smaller == len(tries):
                        raise
                    logger.warning("%s\nall go on with fewer examples at a time", error.message)
        finally:
            self._groups.give_back(place)
        raise AssertionError("there is a try")


@dataclass
class _Spot:
    """Work, and the places where it is done next."""

    work: Work
    shape: Shape

    def among(self, found: Nodes) -> Shape:
        """The places, or others where nodes are lost: the work is then that of these."""
        self.work, self.shape = shape_of_those_left(self.work, self.shape, found)
        return self.shape


def packed(errand: Errand[Placed], freight: Freight) -> Message:
    """What an errand needs, on its way to a node (`working_home.py`)."""
    sent: Mapping[str, Any] = {name: freight.send(path.parent, [path])[0] for name, path in errand.files.items()}
    return {
        "kind": "do",
        "models": {name: model.parcel().to_json() for name, model in errand.models.items()},
        "folders": {name: [asdict(file) for file in folder.parcel()] for name, folder in errand.folders.items()},
        "files": {name: asdict(file) for name, file in sent.items()},
    }
