"""Files of a training's work folder from which it goes on. Imports nothing heavy: the control side looks for them."""

from __future__ import annotations

from pathlib import Path

from infra.engines.errand import Saved

CHECKPOINTS, METRICS, REFERENCE_FILE = "checkpoints", "metrics.jsonl", "reference.json"
KEPT = "kept"
"""folder of a segment: what its result would be if it ended before a certain wave"""
MARKER = "whole"
"""file that makes a checkpoint exist; it holds the request's fingerprint"""


def newest_saved(work_dir: Path) -> Saved | None:
    """The newest whole checkpoint, the numbers that were written and computed before it, and what was kept."""
    whole = [path.parent for path in (work_dir / CHECKPOINTS).glob(f"checkpoint-*/{MARKER}")]
    if not whole:
        return None
    newest = max(whole, key=step_of)
    kept = (path for path in (work_dir / KEPT).rglob("*") if path.is_file())
    return Saved(newest.name, newest, (work_dir / METRICS, work_dir / REFERENCE_FILE, *kept))


def step_of(checkpoint: Path) -> int:
    """The optimizer step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])
