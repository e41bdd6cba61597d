"""What a run shows in the terminal: bars with rates and time left on a tty, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tasks.core.progress import StageProgress

PLAIN_EVERY_SECONDS = 15.0


class Listener(Protocol):
    """Somebody else who wants the same lines and progress, such as Prefect."""

    def line(self, text: str) -> None: ...
    def start(self, label: str) -> None: ...
    def update(self, done: int, total: int | None, note: str) -> None: ...


class Terminal:
    """Implements `tasks.core.progress.Progress` on a rich console.

    Args:
        listener: gets every line of the run and every stage's progress too.
    """

    def __init__(self, listener: Listener | None = None, console: Console | None = None) -> None:
        self.console = console or Console(stderr=False, soft_wrap=True)
        self._listener = listener

    def line(self, text: str) -> None:
        self._print(text)
        if self._listener is not None:
            self._listener.line(text)

    @contextmanager
    def stage(self, label: str) -> Iterator[StageProgress]:
        started = time.monotonic()
        if self._listener is not None:
            self._listener.start(label)
        if self.console.is_terminal:
            with _bars(self.console) as bars:
                yield _Bar(bars, bars.add_task(label, total=None, note=""), self._listener)
        else:
            yield _PlainLines(self._print, label, self._listener)
        self._print(f"{label}: {time.monotonic() - started:.1f} s")

    def _print(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False)


def _bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


class _Rate:
    """Adds units a second to a note."""

    def __init__(self, listener: Listener | None) -> None:
        self._started = time.monotonic()
        self._listener = listener

    def describe(self, done: int, total: int | None, note: str) -> str:
        if self._listener is not None:
            self._listener.update(done, total, note)
        rate = done / max(time.monotonic() - self._started, 1e-3)
        return f"{rate:.1f}/s {note}".rstrip()


class _Bar(_Rate):
    def __init__(self, bars: Progress, task: TaskID, listener: Listener | None) -> None:
        super().__init__(listener)
        self._bars, self._task = bars, task

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        self._bars.update(self._task, completed=done, total=total, note=self.describe(done, total, note))


class _PlainLines(_Rate):
    def __init__(self, show: Callable[[str], None], label: str, listener: Listener | None) -> None:
        super().__init__(listener)
        self._show, self._label = show, label
        self._last = time.monotonic()

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        text = self.describe(done, total, note)
        if time.monotonic() - self._last >= PLAIN_EVERY_SECONDS:
            self._last = time.monotonic()
            self._show(f"{self._label}: {done}{f' of {total}' if total else ''} {text}")
