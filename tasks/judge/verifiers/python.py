"""Verifier `python`: a function of the user, `score(problem, sample)`, from a file of theirs.

It may return True or False (right, wrong), a number (a score that calls nothing right or wrong) or None (no verdict).
What it raises is the sample's verifier error. The file is loaded once, before any sample (`core/user_function.py`).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

from tasks.core.records import Problem, Sample
from tasks.judge.verifiers.finding import Finding, NoVerdictError

VERSION = 1
FIELD = "judge.verifier.function"
Score = Callable[[Problem, Sample], Any]


def verify(function: Score, problem: Problem, sample: Sample) -> Finding:
    """Ask the function about one sample. NoVerdictError if it returns None, ValueError for anything unusable."""
    value = function(problem, sample)
    value = value.item() if hasattr(value, "item") else value  # scalars of numpy and torch
    if value is None:
        raise NoVerdictError("the function returned None")
    if isinstance(value, bool):
        return Finding(is_correct=value)
    if not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise ValueError(f"the function returned {value!r}, which is neither a bool nor a finite number nor None")
    return Finding(score=float(value))
