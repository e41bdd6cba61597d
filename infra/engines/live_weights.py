"""Weights that follow a training: what a session beside a learner is told of them, and how.

    Follows       said as the model is loaded: what will come
    LiveWeights   said between two jobs: the weights of a wave, as files; what is asked after it is answered by them

Standard library only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from infra.engines.models.model_files import PROBE_FILE, ModelFiles
from infra.engines.wire import Message

ADAPTER, MODEL = "adapter", "model"
"""folders of what a learner hands over, as of what it leaves at its end"""


@dataclass(frozen=True, slots=True)
class Follows:
    """How the weights of a session change.

    Attributes:
        rank: of the adapters that come, on the weights that were loaded; 0: whole weights come, in their place.
    """

    rank: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class ToldWeights(Protocol):
    """The weights of one wave, as a session is told of them: `LiveWeights`, or where another machine fetches them."""

    def to_message(self) -> Message: ...


@dataclass(frozen=True, slots=True)
class LiveWeights:
    """The weights of one wave.

    Attributes:
        number: of the wave, from 0. An adapter is known by it, so that nothing that was computed with another is read.
        folder: holds `adapter/` or `model/`, and beside it what the learner says of a text (`models/probe.py`).
    """

    number: int
    folder: Path

    @property
    def name(self) -> str:
        """The same for no two waves."""
        return f"wave-{self.number}"

    @property
    def path(self) -> Path:
        """The folder of the weights themselves."""
        adapter = self.folder / ADAPTER
        return adapter if adapter.is_dir() else self.folder / MODEL

    def files(self, before: ModelFiles) -> ModelFiles:
        """The model that it is, for messages and for its probe."""
        return ModelFiles(f"{before.name}, {self.name}", before.weights, probe=self.folder / PROBE_FILE)

    def to_message(self) -> Message:
        return {"kind": "weights", "number": self.number, "folder": str(self.folder)}

    @classmethod
    def from_message(cls, message: Message) -> Self:
        return cls(message["number"], Path(message["folder"]))
