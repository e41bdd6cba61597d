"""Scores of benchmarks under the names that metrics have. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.core.records import BenchmarkScore
from tasks.core.step import Summary

ONE_WAY = "none"
"""the library's name for answers that are taken as they are"""


def metric_name(score: BenchmarkScore) -> str:
    """benchmark_TASK_METRIC, and _FILTER where answers are read in a way that has a name."""
    name = f"benchmark_{score.task}_{score.metric}"
    return name if score.filter == ONE_WAY else f"{name}_{score.filter}"


def numbers_of(scores: Iterable[BenchmarkScore]) -> Summary:
    """Flat numbers: each value, its _stderr, and benchmark_TASK_num_items."""
    found: Summary = {}
    for score in scores:
        name = metric_name(score)
        found[name] = score.value
        if score.stderr is not None:
            found[f"{name}_stderr"] = score.stderr
        found[f"benchmark_{score.task}_num_items"] = score.num_items
    return found
