"""What a session loads: a model whose files lie on this machine, or one that is fetched where it is needed."""

from __future__ import annotations

from typing import Any, Protocol

from infra.cluster.parcel import ModelParcel
from infra.engines.models.model_files import ModelFiles


class LoadableModel(Protocol):
    """`ModelFiles`, for a process of this machine; `infra/cluster/parcel.py`, for one of another."""

    @property
    def name(self) -> str:
        """For people."""

    def check(self) -> None:
        """See that its folders hold what a model needs.

        Raises:
            EngineError: names the folder and what is missing in it.
        """

    def to_json(self) -> dict[str, Any]:
        """As the command `load` has it."""


class ModelSource(Protocol):
    """A model that is brought to where it is loaded, once that is known."""

    def files(self) -> ModelFiles:
        """Its folders on this machine, fetched and verified."""

    def parcel(self) -> ModelParcel:
        """What another machine fetches it by."""
