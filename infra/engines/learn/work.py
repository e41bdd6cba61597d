"""A segment as work that can be done on any machine: `LearnRequest`, without its paths; and where it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

from configs.schema.engine import TransformersEngine
from configs.schema.train import Optimizer
from infra.engines.errand import Errand, Luggage, Part, Saved, Wanted
from infra.engines.gpu_memory import wait_for_gpus
from infra.engines.learn.ranks import Ranks
from infra.engines.learn.request import LearnRequest
from infra.engines.train.devices import Devices, choose_devices, one_device, renumbered, wanted_devices
from infra.engines.train.saved import newest_saved
from infra.engines.train.trainer import check_files
from infra.engines.train.work import MODEL, REFERENCE, RESUME_STATE
from infra.engines.wire import Message
from infra.process.child import Inbox


class Processes(Protocol):
    """Those of a learner, wherever they are. What the first says comes into an inbox; see `ranks.Ranks`."""

    def send(self, message: Message) -> None: ...
    def send_to_all(self, message: Message) -> None: ...
    def hand_over(self, rows: Path, message: Message) -> None: ...
    def describe_end(self) -> str: ...
    def was_killed(self) -> bool: ...
    def lost_machine(self) -> str | None: ...
    def log_tail(self) -> str: ...
    def close(self) -> None: ...


class LearnerHome(Protocol):
    """Where the processes of a learner are. `Here` is this machine; `infra/cluster/segments.py` has another.

    Attributes:
        name: of the model, for messages.
        engine: how widely it draws, and how long it may be silent.
    """

    @property
    def name(self) -> str: ...
    @property
    def engine(self) -> TransformersEngine: ...

    def start(self, work_dir: Path, out_dir: Path, inbox: Inbox) -> Processes:
        """Start them.

        Raises:
            EngineError: the models cannot be trained, or there is no device, or no place.
        """


@dataclass(frozen=True)
class Here:
    """This machine. A `LearnerHome`."""

    request: LearnRequest

    @property
    def name(self) -> str:
        return self.request.model.name

    @property
    def engine(self) -> TransformersEngine:
        return self.request.engine

    def start(self, work_dir: Path, out_dir: Path, inbox: Inbox) -> Ranks:
        request = self.request
        check_files(request)
        devices = _devices_of(request)
        wait_for_gpus(devices.gpus)
        asked = request.model_dump(mode="json", exclude={"optimizer": {"devices"}})
        return Ranks(work_dir, devices.env, devices.num_devices, inbox, {
            "kind": "learn", "request": asked | {"num_known_waves": request.num_known_waves},
            "work_dir": str(work_dir), "out_dir": str(out_dir),
        })  # fmt: skip


@dataclass(frozen=True)
class LearnWork:
    """One segment. A `Placed`.

    Attributes:
        model_name: of the model that is trained, for messages.
        fields: the other ones of `LearnRequest` but its models and its folder.
    """

    model_name: str
    optimizer: Optimizer
    engine: TransformersEngine
    fields: Mapping[str, Any]

    @property
    def what(self) -> str:
        return f"segment of {self.model_name}"

    def wanted(self, most: int) -> Wanted:
        return wanted_by_segment(self.optimizer, self.engine.devices, most)

    def elsewhere(self, part: Part | None = None) -> Self:
        assert part is None, "a segment is on one machine"
        return replace(self, optimizer=renumbered(self.optimizer))

    def saved(self, work_dir: Path) -> Saved | None:
        return newest_saved(work_dir)

    def request(self, luggage: Luggage) -> LearnRequest:
        """What the learner is asked for on the machine that has the luggage."""
        return LearnRequest(
            model=luggage.models[MODEL], reference=luggage.models.get(REFERENCE),
            resume_state=luggage.folders.get(RESUME_STATE), optimizer=self.optimizer, engine=self.engine, **self.fields,
        )  # fmt: skip


def here(segment: Errand[LearnWork]) -> Here:
    """This machine, with all that a segment needs brought to it."""
    return Here(segment.work.request(segment.luggage()))


def wanted_by_segment(optimizer: Optimizer, drawn_on: tuple[str, ...], most: int) -> Wanted:
    """Devices of another machine that a segment takes: as many as `train.devices` counts; with `auto` one, as the
    engine's are.

    Args:
        drawn_on: `engine.devices`.
        most: GPUs of a machine.
    """
    if optimizer.devices == ("auto",) and drawn_on[0] == "cpu":
        return Wanted(1, on_gpus=False, is_whole=True)
    return wanted_devices(optimizer, most, is_one=True, is_whole=True)


def _devices_of(request: LearnRequest) -> Devices:
    """As `train.devices` says, or the first device of its engine."""
    if request.optimizer.devices != ("auto",):
        return choose_devices(request.optimizer)
    return Devices(1, one_device(request.engine.devices[0]))
