"""A model reference as files on this machine, or as what other machines fetch it by.

Here published parts are fetched and verified, and outside ones are named. For other machines outside ones are put into
the store, by their content, under EXPERIMENT/cluster: what lies in a folder of this machine is nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.cluster.freight import send_file
from infra.cluster.parcel import ModelParcel, ParcelFile
from infra.engines.models.model_files import PROBE_FILE, ModelFiles
from infra.engines.models.weights import check_model_folder, model_files_in
from infra.store.base import Store
from tasks.core.ledger import Ledger
from tasks.core.refs import ModelRef, StepRef

CLUSTER_FOLDER = "cluster"
"""of an experiment: what its nodes need and no step holds"""


@dataclass
class OutsideWeights:
    """Weights outside the store, sent there for other machines: each file once.

    Attributes:
        folder: prefix in the store.
    """

    store: Store
    folder: str
    _sent: dict[str, tuple[ParcelFile, ...]] = field(default_factory=dict)

    def send(self, path: Path) -> tuple[ParcelFile, ...]:
        """The files of a model folder of this machine, as objects of the store.

        Raises:
            EngineError: it is no model.
        """
        if str(path) not in self._sent:
            check_model_folder(path)
            folder = f"{self.folder}/weights"
            self._sent[str(path)] = tuple(send_file(self.store, folder, path, file) for file in model_files_in(path))
        return self._sent[str(path)]


@dataclass(frozen=True)
class StoredFolder:
    """The files below a folder of a step. A `FolderSource`."""

    ledger: Ledger
    step: StepRef
    folder: str

    def files(self) -> Path:
        """On this machine; StoreError where a file is missing or damaged."""
        return self.ledger.fetch_all(self.step, self.folder)

    def parcel(self) -> tuple[ParcelFile, ...]:
        return _parcel_files(self.step, f"{self.folder}/")


@dataclass(frozen=True)
class StoredModel:
    """A model that is looked up, and brought to a place, when it is known where it is loaded. A `ModelSource`."""

    ledger: Ledger
    find: Callable[[], ModelRef]
    outside: OutsideWeights

    def files(self) -> ModelFiles:
        """On this machine; errors as `fetch_model`."""
        return fetch_model(self.ledger, self.find())

    def parcel(self) -> ModelParcel:
        """For other machines. Nothing is fetched here, and nothing sent but weights from outside the store."""
        model = self.find()
        made = model.adapter or model.weights
        published = _parcel_files(model.weights, "model/") if model.weights else None
        return ModelParcel(
            weights=published or self.outside.send(Path(str(model.external))),
            adapter=_parcel_files(model.adapter, "adapter/") if model.adapter else (),
            probe=tuple(file for file in _parcel_files(made, "") if file.name == PROBE_FILE) if made else (),
            settings={"name": model.name, **_chat_settings(model)},
        )


def _parcel_files(step: StepRef, folder: str) -> tuple[ParcelFile, ...]:
    return tuple(
        ParcelFile(file.name.removeprefix(folder), f"{step.prefix}/{file.name}", file.sha256, file.size_bytes)
        for file in step.files
        if file.name.startswith(folder)
    )


def _chat_settings(model: ModelRef) -> dict[str, Any]:
    return {
        "chat_template": model.chat_template,
        "trust_remote_code": model.trust_remote_code,
        "chat_template_name": model.chat_template_name,
        "chat_template_kwargs": model.chat_template_kwargs,
        "chat_template_date": model.chat_template_date,
    }


def fetch_model(ledger: Ledger, model: ModelRef) -> ModelFiles:
    """The model's folders.

    Raises:
        StoreError: a published file is missing or damaged.
    """
    assert model.weights or model.external, f"{model.name} has neither published nor external weights"
    return ModelFiles(
        name=model.name,
        weights=ledger.fetch_all(model.weights, "model") if model.weights else Path(str(model.external)),
        adapter=ledger.fetch_all(model.adapter, "adapter") if model.adapter else None,
        probe=_fetch_probe(ledger, model),
        **_chat_settings(model),
    )


def _fetch_probe(ledger: Ledger, model: ModelRef) -> Path | None:
    """What the training that made the model measured; none where it was not trained here, or before there were any."""
    made = model.adapter or model.weights
    if made is None or all(file.name != PROBE_FILE for file in made.files):
        return None
    return ledger.fetch(made, PROBE_FILE)
