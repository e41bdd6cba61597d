"""Records of versions before, read as those of today."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tasks.core.records.row import Example, Pair, Span, written
from tasks.core.records.sample import Part, Sample

Change = Callable[[dict[str, Any]], dict[str, Any]]
"""From a row of one version to a row of the next; what it does not name stays, or takes the default."""


def _as_node(row: dict[str, Any]) -> dict[str, Any]:
    """A sample of version 1 said by one word, `source`, what it was: iid, hot, step, hinted or guided. The parent of a
    guided one was a failed try that it may never have seen."""
    source = row["source"]
    is_guided = source in ("hinted", "guided")
    return row | {
        "part": Part.STEP if source == "step" else Part.ATTEMPT,
        "draw": source if source not in ("iid", "step") else "",
        "privileged": is_guided,
        "parent_id": None if is_guided else row["parent_id"],
    }


def _with_spans(row: dict[str, Any]) -> dict[str, Any]:
    """A completion in spans, from a text and the beginning of it that was given."""
    prefix, text = row["prefix"], row["completion"]
    return {**row, "completion": (*written(prefix), *written(text[len(prefix) :])) if prefix else written(text)}


def _with_sides(row: dict[str, Any]) -> dict[str, Any]:
    """Both sides in spans; no loss fell on what was given."""
    prefix = row["prefix"]
    given = (Span(prefix, 0.0),) if prefix else ()
    return {**row, **{side: (*given, Span(row[side][len(prefix) :])) for side in ("chosen", "rejected")}}


OLDER: dict[tuple[type, int], Change] = {
    (Sample, 1): _as_node,
    (Example, 1): _with_spans,
    (Pair, 1): _with_sides,
}
"""by record and version: what changed with the version after, beyond fields with defaults"""
