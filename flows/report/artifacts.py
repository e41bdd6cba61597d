"""What the Prefect UI shows besides states: live progress of a stage, tables and summaries."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger

from infra.text.names import artifact_key
from infra.text.outside import clean_answer

logger = logging.getLogger(__name__)
EVERY_SECONDS = 5.0


class ShownInPrefect:
    """The lines of a run in its logs, and a progress bar for the stage that runs; at most one update in five seconds.

    A Prefect API that does not answer never stops a stage: the failure is logged once a stage.
    """

    def __init__(self) -> None:
        self._label = ""
        self._artifact: UUID | None = None
        self._last = 0.0

    def line(self, text: str) -> None:
        with suppress(MissingContextError):  # shown outside of a run
            get_run_logger().info(clean_answer(text)[0])

    def start(self, label: str) -> None:
        self._label, self._artifact, self._last = label, None, time.monotonic()

    def update(self, done: int, total: int | None, note: str) -> None:
        if not total or time.monotonic() - self._last < EVERY_SECONDS:
            return
        self._last = time.monotonic()
        percent, text = 100.0 * done / total, f"{self._label}: {done} of {total} {note}"
        try:
            if self._artifact is None:
                created = create_progress_artifact(percent, key=artifact_key(self._label), description=text)
                self._artifact = UUID(str(created))
            else:
                update_progress_artifact(self._artifact, percent, description=text)
        except Exception:
            self._last = float("inf")
            logger.warning("%s: Prefect does not take the progress", self._label, exc_info=True)


def show_markdown(label: str, text: str) -> None:
    """A markdown artifact on the run's page; without one if Prefect does not take it."""
    with _or_else_without(label):
        create_markdown_artifact(clean_answer(text)[0], key=artifact_key(label), description=label)


def show_table(label: str, rows: list[dict[str, str]], description: str) -> None:
    """A table artifact on the run's page; without one if Prefect does not take it."""
    with _or_else_without(label):
        cleaned = [{name: clean_answer(text)[0] for name, text in row.items()} for row in rows]
        create_table_artifact(cleaned, key=artifact_key(label), description=description)


@contextmanager
def _or_else_without(label: str) -> Iterator[None]:
    try:
        yield
    except Exception:
        logger.warning("%s: Prefect does not take the page", label, exc_info=True)
