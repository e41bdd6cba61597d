"""The table of benchmarks: a row for each score of each round whose model was asked. Pure.

Numbers are written as lm-evaluation-harness writes them, since they are compared with its own: shares from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tasks.benchmark.scores import ONE_WAY, metric_name
from tasks.core.records import BenchmarkScore
from tasks.report.rounds import BenchmarkRow, RoundReport

HEADS = ("round", "model", "benchmark", "metric", "few-shot", "items", "value")


def rows_from(scores: Iterable[BenchmarkScore], model: str) -> Iterator[BenchmarkRow]:
    """What a report shows of a model's scores: those of the tasks and groups that were asked for by name."""
    for score in scores:
        if not score.is_part:
            metric = score.metric if score.filter == ONE_WAY else f"{score.metric} ({score.filter})"
            yield BenchmarkRow(
                model=model, task=score.task, metric=metric, name=metric_name(score), value=score.value,
                stderr=score.stderr, num_items=score.num_items, num_fewshot=score.num_fewshot,
            )  # fmt: skip


def benchmark_rows(reports: Sequence[RoundReport]) -> list[tuple[str, ...]]:
    """Heads, then the scores of each round in their order; no row where there are none. `-` stands for what there is
    not."""
    rows = [_cells(report.round, row) for report in reports for row in report.benchmarks]
    return [HEADS, *rows] if rows else []


def _cells(round: int, row: BenchmarkRow) -> tuple[str, ...]:
    shots = "-" if row.num_fewshot is None else str(row.num_fewshot)
    error = "" if row.stderr is None else f" +/- {row.stderr:.4f}"
    return (str(round), row.model, row.task, row.metric, shots, f"{row.num_items:,}", f"{row.value:.4f}{error}")
