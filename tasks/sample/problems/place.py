"""What a reader of problems knows besides its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from configs.schema.problems import StoreSource
from configs.schema.verifiers.kinds import Verifier

Fetch = Callable[[StoreSource], Path]


@dataclass(frozen=True)
class Place:
    """Where a source is read.

    Attributes:
        part: the set: warm_start | train | select | report.
        fetch: brings an object of the store to a local file; None where there is no store.
        base_dir: folder that relative paths begin at.
        verifiers: those that will compare with the gold answers of this source.
        group: field of the rows that stay together where the source is split.
    """

    part: str
    fetch: Fetch | None
    base_dir: Path
    verifiers: tuple[Verifier, ...] = ()
    group: str | None = None
