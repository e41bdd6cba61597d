from __future__ import annotations

import io

from tasks.benchmark.scores import numbers_of
from tasks.core.records import BenchmarkScore
from tasks.report.benchmark_table import HEADS, benchmark_rows, rows_from
from tasks.report.table import markdown_table, print_table
from tests.tasks.report.example import baseline, trained

SCORES = [
    BenchmarkScore("gsm8k", "exact_match", "strict-match", 0.5, 0.05, 1319, 5, False),
    BenchmarkScore("mmlu", "acc", "none", 0.25, None, 14042, None, False),
    BenchmarkScore("mmlu_law", "acc", "none", 0.125, 0.1, 100, 0, True),
]


def test_numbers_have_the_names_of_task_metric_and_filter() -> None:
    assert numbers_of(SCORES) == {
        "benchmark_gsm8k_exact_match_strict-match": 0.5,
        "benchmark_gsm8k_exact_match_strict-match_stderr": 0.05,
        "benchmark_gsm8k_num_items": 1319,
        "benchmark_mmlu_acc": 0.25,
        "benchmark_mmlu_num_items": 14042,
        "benchmark_mmlu_law_acc": 0.125,
        "benchmark_mmlu_law_acc_stderr": 0.1,
        "benchmark_mmlu_law_num_items": 100,
    }


def test_a_row_for_each_score_that_was_asked_for_by_name() -> None:
    asked = baseline().model_copy(update={"benchmarks": list(rows_from(SCORES, "seed"))})
    rows = benchmark_rows([asked, trained(1, 0.5, "promote")])
    assert rows == [
        HEADS,
        ("0", "seed", "gsm8k", "exact_match (strict-match)", "5", "1,319", "0.5000 +/- 0.0500"),
        ("0", "seed", "mmlu", "acc", "-", "14,042", "0.2500"),
    ]
    assert benchmark_rows([trained(1, 0.5, "promote")]) == []
    out = io.StringIO()
    print_table([asked], out)
    assert "benchmarks" in out.getvalue() and "0.5000 +/- 0.0500" in out.getvalue()
    assert "| 0 | seed | mmlu | acc | - | 14,042 | 0.2500 |" in markdown_table([asked])
