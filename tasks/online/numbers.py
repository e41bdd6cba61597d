"""Numbers of a segment: a line an optimizer step, their last means for the round, and the guards that end a segment."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from configs.schema.guard import Guard
from tasks.core.step import Summary
from tasks.decide.guards import is_passed
from tasks.online.stage import METRICS_FILE
from tasks.online.wave_folder import Wave

LAST_STEPS = 10
"""The round's number is the mean of so many last steps."""
OWN = ("step", "loss", "learning_rate", "tokens")
"""what a line says of its step that is no metric of the round"""


def write_metrics(out: Path, waves: Sequence[Wave], steps_per_wave: int) -> Summary:
    """Put the numbers of each wave into the lines of the steps that train on it; returns the round's.

    Args:
        out: holds the learner's `metrics.jsonl`; none where it took no step.
    """
    path = out / METRICS_FILE
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    whole = [{**line, **waves[(line["step"] - 1) // steps_per_wave].numbers} for line in lines]
    if whole:
        path.write_text("".join(json.dumps(line) + "\n" for line in whole), encoding="utf-8")
    rows = whole[-LAST_STEPS:] or [dict(wave.numbers) for wave in waves[-1:]]
    names = dict.fromkeys(name for row in rows for name in row if name not in OWN)
    return {name: mean for name in names if (mean := _mean([row.get(name) for row in rows])) is not None}


def ends_by(guards: Sequence[Guard]) -> Callable[[Sequence[Wave]], str]:
    """From the waves so far to why the segment ends after them; empty where no guard speaks.

    A guard speaks where its metric has passed the limit in each of its last `window` waves.
    """
    ending = [guard for guard in guards if guard.action == "end_segment"]

    def reason(waves: Sequence[Wave]) -> str:
        for guard in ending:
            last = [wave.numbers.get(guard.metric) for wave in waves[-guard.window :]]
            if len(last) == guard.window and all(value is not None and is_passed(guard, value) for value in last):
                side, limit = ("above", guard.above) if guard.above is not None else ("below", guard.below)
                return f"{guard.metric} was {side} {limit:g} for {guard.window} waves"
        return ""

    return reason


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
