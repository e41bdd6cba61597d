"""How a running stage tells how far it is. The terminal and Prefect implement it in flows/; stages only call it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class StageProgress(Protocol):
    """Progress of one running stage."""

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """`done` of `total` units are finished; `note` is a short free text such as `loss 0.42`."""


class Progress(Protocol):
    """Where progress is shown."""

    def stage(self, label: str) -> AbstractContextManager[StageProgress]:
        """Open a bar for a stage; leaving it closes the bar."""

    def line(self, text: str) -> None:
        """One plain line, such as a reused step."""


class Silent:
    """Shows nothing: for library use and tests."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def stage(self, label: str) -> Silent:
        return self

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        return None

    def line(self, text: str) -> None:
        return None
