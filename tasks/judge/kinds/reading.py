"""Reading a verdict out of what a judging model wrote, or out of the probabilities of its choices. Pure.

Only the judge's own completion is read, never what it was shown: a score that a judged text gives itself can't count.
The last match of the pattern counts, so of two scores the second does. What was cut off at max_tokens is not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from infra.engines.wire import Completion, Missing
from tasks.judge.verifiers.finding import find_last


class Reading(NamedTuple):
    """A number, or None and the reason in words."""

    score: float | None
    note: str | None = None


def read_score(completion: Completion, pattern: str, low: float, high: float) -> Reading:
    """The score in a judgement, in [low, high]."""
    text, note = _last_match(completion, pattern)
    if text is None:
        return Reading(None, note)
    try:
        score = float(text)
    except ValueError:
        return Reading(None, f"not a number: {text[:40]!r}")
    return Reading(score) if low <= score <= high else Reading(None, f"out of range: {text[:40]}")


def read_winner(completion: Completion, pattern: str) -> Reading:
    """Who wins a comparison: 1 if the text shown first (A) does, 0 if the second (B) does."""
    text, note = _last_match(completion, pattern)
    if text is None:
        return Reading(None, note)
    score = {"A": 1.0, "B": 0.0}.get(text.upper())
    return Reading(score, None if score is not None else f"neither A nor B: {text[:40]!r}")


def first_missing(answers: Sequence[Any]) -> Missing | None:
    """Of several answers that are read together, the first that there is not: half of them is no opinion."""
    return next((answer for answer in answers if isinstance(answer, Missing)), None)


def strip_matches(text: str, pattern: str) -> str:
    """The text without the lines that a match of the pattern touches."""
    spans = [match.span() for match in re.finditer(pattern, text) if match.group()]
    kept, position = [], 0
    for line in text.splitlines(keepends=True):
        end = position + len(line)
        if not any(start < end and stop > position for start, stop in spans):
            kept.append(line)
        position = end
    return "".join(kept).strip()


def expect(values: Sequence[float], logprobs: Sequence[float]) -> float | None:
    """Mean of the values under the softmax of the log-probabilities; None where no choice is possible."""
    top = max(logprobs)
    if not math.isfinite(top):
        return None
    weights = [math.exp(logprob - top) for logprob in logprobs]
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / math.fsum(weights)


def _last_match(completion: Completion, pattern: str) -> tuple[str | None, str | None]:
    if completion.finish_reason == "length":
        return None, "the judgement ended at max_tokens"
    match = find_last(re.compile(pattern), completion.text)
    found = (match.group(1) or "").strip() if match else ""
    return (found, None) if found else (None, "no verdict found by the pattern")
