"""Numbers of a segment: a line an optimizer step, their last means for the round, and the guards that end a segment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from configs.schema.guard import Guard
from tasks.core.step import Summary
from tasks.decide.guards import ending, is_passed
from tasks.online.course import Course
from tasks.online.stage import METRICS_FILE
from tasks.online.wave_folder import Wave

PROBE_ACCURACY = "probe_accuracy"
LAST_STEPS = 10
"""The round's number is the mean of so many last steps."""
OWN = ("step", "loss", "learning_rate", "tokens")
"""what a line says of its step that is no metric of the round"""


def write_metrics(
    out: Path, waves: Sequence[Wave], steps_per_wave: int, course: Course, num_trained: int | None = None
) -> Summary:
    """Put the numbers of each wave into the lines of the steps that train on it; returns the round's.

    Args:
        out: holds the learner's `metrics.jsonl`; none where it took no step.
        course: of the run of segments before this one: entropy_left is the entropy in units of its first.
        num_trained: waves that the candidate was trained on: lines behind them tell of weights that it has not. None:
            all that were trained on.
    """
    path, lines = out / METRICS_FILE, read_lines(out)
    first = course.first.get("entropy") or (lines[0]["entropy"] if lines else None)
    whole = [
        {**line, **({"entropy_left": line["entropy"] / first} if first and line["entropy"] is not None else {}),
         **waves[(line["step"] - 1) // steps_per_wave].numbers}
        for line in lines
    ]  # fmt: skip
    if whole:
        path.write_text("".join(json.dumps(line) + "\n" for line in whole), encoding="utf-8")
    own = whole if num_trained is None else whole[: num_trained * steps_per_wave]
    rows = own[-LAST_STEPS:] or [dict(wave.numbers) for wave in waves[-1:]]
    names = dict.fromkeys(name for row in rows for name in row if name not in OWN)
    return {name: mean for name in names if (mean := _mean([row.get(name) for row in rows])) is not None}


def read_lines(out: Path) -> list[dict[str, Any]]:
    """The lines of a segment's steps; none where it took no step."""
    path = out / METRICS_FILE
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def first_entropy(out: Path) -> float | None:
    """Of the segment's first step, in nats a token; None where it took none."""
    return next((line["entropy"] for line in read_lines(out)), None)


def ending_guard(guards: Sequence[Guard], waves: Sequence[Wave]) -> Guard | None:
    """The guard that ends a segment after these waves; None where none speaks."""
    place = ended_by(guards, waves)
    return ending(guards)[place - 1] if place else None


def takes_best(guard: Guard) -> bool:
    """Whether a segment that it ends gives the weights whose probe was best: it ends it, and refuses nothing."""
    return guard.action == "end_segment"


def may_take_best(guards: Sequence[Guard]) -> bool:
    """Whether the weights of the best probe have to be kept."""
    return any(takes_best(guard) for guard in ending(guards))


def best_probed(waves: Sequence[Wave]) -> int | None:
    """Number of the wave whose probe, taken of the weights before it, was best; the latest of equal ones. None where
    there was none behind the first wave: the weights at the beginning are no candidate."""
    probed = [(value, wave.number) for wave in waves[1:] if (value := wave.numbers.get(PROBE_ACCURACY)) is not None]
    return max(probed)[1] if probed else None


def ended_by(guards: Sequence[Guard], waves: Sequence[Wave]) -> int:
    """Which of the guards that can end a segment ends it after these waves, counted from 1; 0: none does.

    A guard speaks where its metric, and the one beside it, have passed their limits in each of its last `window` waves.
    """
    for place, guard in enumerate(ending(guards), 1):
        last = waves[-(guard.num_waves or 1) :]
        told = [is_passed(limit, wave.numbers.get(limit.metric)) for wave in last for limit in guard.limits]
        if len(last) == guard.num_waves and all(told):
            return place
    return 0


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
