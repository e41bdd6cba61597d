"""A model on its way to other machines: which objects of the store its files are. Made by `tasks/core/local_model.py`.

Weights travel by content: a node fetches what it has not had before (`node_cache.py`). Nothing of it passes through the
flow's process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ParcelFile:
    """One file of a model.

    Attributes:
        name: relative to the model's, or the adapter's, folder.
        key: of the object in the store.
    """

    name: str
    key: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ModelParcel:
    """As `ModelFiles`, with objects of the store where that has folders. A `LoadableModel`.

    Attributes:
        settings: the other fields of `ModelFiles`: name, chat template and so on.
    """

    weights: tuple[ParcelFile, ...]
    adapter: tuple[ParcelFile, ...] = ()
    probe: tuple[ParcelFile, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.settings["name"])

    def check(self) -> None:
        """Its folders are looked at where it is unpacked."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        parts = {name: tuple(ParcelFile(**file) for file in files) for name, files in row.items() if name != "settings"}
        return cls(**parts, settings=row["settings"])


def digest_of(files: Sequence[ParcelFile]) -> str:
    """Names and contents of some files, as 64 hexadecimal digits."""
    lines = sorted(f"{file.name} {file.sha256}\n" for file in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
