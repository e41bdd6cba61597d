"""Histograms of a round, as the report draws them: written by the monitor step as `histograms.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.core.refs import Ref, StepRef

if TYPE_CHECKING:
    from tasks.core.ledger import Ledger

NAME = "histograms.json"


class Histogram(Ref):
    """Classes and what lies in them.

    Attributes:
        title: what is counted, in words.
        classes: name of each class, in order.
        series: numbers by name, one a class; None where a class has no number.
    """

    title: str
    classes: tuple[str, ...]
    series: dict[str, tuple[float | None, ...]]


def write_histograms(folder: Path, histograms: Mapping[str, Histogram]) -> None:
    """Write them by name."""
    content = {name: histogram.model_dump(mode="json") for name, histogram in histograms.items()}
    (folder / NAME).write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_histograms(ledger: Ledger, step: StepRef) -> dict[str, Histogram]:
    """The histograms that a monitor step published, by name."""
    content = json.loads(ledger.fetch(step, NAME).read_text(encoding="utf-8"))
    return {name: Histogram.model_validate(value) for name, value in content.items()}
