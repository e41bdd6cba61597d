"""Work of one-shot programs, said so that it can be done on any machine. `tasks` say it; a `Workplace` does it.

    errand = Errand(name, TrainWork(...), models={"model": stored}, folders={}, files={"rows": path})
    answer = workplace.run(errand, work_dir, out_dir, show)

What an errand needs are models, folders of the store and files; each workplace brings them to itself. `Here`
is this machine; `infra/cluster/errands.py` has another. Which of them it was, nothing of the result tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

from infra.cluster.parcel import ParcelFile
from infra.engines.models.loadable import ModelSource
from infra.engines.models.model_files import ModelFiles

MAX_MACHINES = 5
"""that may be lost with one piece of work, without anything saved in between"""
PAUSE_SECONDS = 2.0
"""after a loss, times those in a row: until a cluster has found a machine dead, it gives the same place again"""

Message = dict[str, Any]
OnProgress = Callable[[Message], None]


class FolderSource(Protocol):
    """Files of the store that are brought to where they are read."""

    def files(self) -> Path:
        """A folder of this machine that holds them."""

    def parcel(self) -> tuple[ParcelFile, ...]:
        """What another machine fetches them by."""


@dataclass(frozen=True)
class Luggage:
    """What an errand needs, as files of the machine that does it, by the errand's names."""

    models: Mapping[str, ModelFiles]
    folders: Mapping[str, Path]
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Wanted:
    """Devices that work takes, with a process each.

    Attributes:
        on_gpus: they are GPUs; otherwise CPUs.
        is_whole: all have to be on one machine.
    """

    num: int
    on_gpus: bool
    is_whole: bool = False


@dataclass(frozen=True)
class Part:
    """One machine's part of work that several do together, each with as many processes as every other.

    Attributes:
        number: of the part, from 0. The first answers, saves, and has what comes of it.
        count: of the parts.
        meeting: HOST:PORT on the first's machine, where all processes find each other.
        host: address of this machine, at which the others reach it.
    """

    number: int
    count: int
    meeting: str
    host: str


@dataclass(frozen=True)
class Saved:
    """A state of unfinished work, from which it can go on.

    Attributes:
        name: which one; a later state has another.
        folder: written once; it may be removed at any time.
        files: that may grow or be replaced meanwhile. All lie in the work folder.
    """

    name: str
    folder: Path
    files: tuple[Path, ...] = ()


class Placed(Protocol):
    """What takes devices of a machine, without a path in it: a value that travels to where it is done."""

    @property
    def what(self) -> str:
        """In words, for messages: "training of base"."""

    def wanted(self, most: int) -> Wanted:
        """The devices that it takes.

        Args:
            most: GPUs of a machine.
        """

    def elsewhere(self, part: Part | None = None) -> Self:
        """The same for another machine, where it sees its own GPUs alone; or one part of it."""

    def saved(self, work_dir: Path) -> Saved | None:
        """The newest state that a work folder holds; None: there is none yet."""


class Work(Placed, Protocol):
    """What is done once, with nothing said in between but how far it is."""

    def tries(self) -> Sequence[Self]:
        """The same with ever fewer at a time on each device, for when its memory is too small."""

    def on_fewer_devices(self) -> Iterator[Self]:
        """The same on ever fewer devices; none where those of the recipe are needed."""

    def do(self, luggage: Luggage, work_dir: Path, out_dir: Path, on_progress: OnProgress | None) -> Message:
        """Do it, on this machine, and go on from what `work_dir` holds of an earlier try.

        Returns:
            The answer, JSON.

        Raises:
            EngineError: it cannot be done, or its process ended.
        """


AnyPlaced = TypeVar("AnyPlaced", bound=Placed, covariant=True)


@dataclass(frozen=True)
class Errand(Generic[AnyPlaced]):
    """A piece of work with all that it needs.

    Attributes:
        name: a key of the store's; an earlier try of the same work is known by it.
        files: of this machine.
    """

    name: str
    work: AnyPlaced
    models: Mapping[str, ModelSource]
    folders: Mapping[str, FolderSource] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    def luggage(self) -> Luggage:
        """What it needs, brought to this machine."""
        return Luggage(
            {name: model.files() for name, model in self.models.items()},
            {name: folder.files() for name, folder in self.folders.items()},
            self.files,
        )


class Workplace(Protocol):
    """Where errands are done."""

    def run(
        self, errand: Errand[Work], work_dir: Path, out_dir: Path, on_progress: OnProgress | None = None
    ) -> Message:
        """Do an errand, and go on from an earlier try that was broken off.

        Args:
            work_dir: holds the log, and what an earlier try on this machine left.
            out_dir: what comes of it lies here afterwards.

        Returns:
            The answer.

        Raises:
            UserError: it cannot be done; names the log.
        """


class Here:
    """This machine. A `Workplace`."""

    def run(
        self, errand: Errand[Work], work_dir: Path, out_dir: Path, on_progress: OnProgress | None = None
    ) -> Message:
        return errand.work.do(errand.luggage(), work_dir, out_dir, on_progress)
