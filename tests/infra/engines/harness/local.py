"""Tasks of lm-evaluation-harness over files of their own folder, and the mark of tests that need the library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.engines.harness.run import installed_version

needs_harness = pytest.mark.skipif(
    installed_version() is None, reason="lm-eval is not installed: requirements/benchmarks.txt"
)
SUMS = [(a, b) for a in range(5) for b in range(4)]
MEAN = {"aggregation": "mean", "higher_is_better": True}


def write_sums(folder: Path, answers: Sequence[str] = (), **changes: Any) -> str:
    """A task that generates: two sums worked out, and one to do. `answers` stand in place of the right ones."""
    rows = [{"question": f"{a}+{b}", "answer": str(a + b)} for a, b in SUMS]
    rows = [{**row, "answer": answer} for row, answer in zip(rows, answers, strict=True)] if answers else rows
    write_lines(folder / "sums.jsonl", rows)
    write_lines(folder / "shots.jsonl", [{"question": f"{a}+{a}", "answer": str(2 * a)} for a in range(5)])
    return write_task(
        folder,
        "sums",
        dataset_kwargs={"data_files": {"test": "sums.jsonl", "train": "shots.jsonl"}},
        fewshot_split="train",
        output_type="generate_until",
        doc_to_text="{{question}}=",
        doc_to_target="{{answer}}",
        target_delimiter="",
        fewshot_delimiter="+",
        num_fewshot=2,
        generation_kwargs={"until": ["+", "e"], "max_gen_toks": 6, "do_sample": False},
        metric_list=[{"metric": "exact_match", **MEAN}],
        **changes,
    )


def write_choices(folder: Path, **changes: Any) -> str:
    """A task that chooses: the sum among two others, one of them longer."""
    rows = [
        {"question": f"{a}+{b}", "options": [str(a + b), str(a + b + 1), str(a + b + 10)], "gold": 0} for a, b in SUMS
    ]
    write_lines(folder / "choices.jsonl", rows)
    return write_task(
        folder,
        "choices",
        dataset_kwargs={"data_files": {"test": "choices.jsonl"}},
        output_type="multiple_choice",
        doc_to_text="{{question}}=",
        doc_to_choice="{{options}}",
        doc_to_target="{{gold}}",
        target_delimiter="",
        metric_list=[{"metric": metric, **MEAN} for metric in ("acc", "acc_norm")],
        **changes,
    )


def write_texts(folder: Path) -> str:
    """A task that reads whole texts, longer than the context."""
    write_lines(folder / "texts.jsonl", [{"text": ", ".join(f"{a}+{b}={a + b}" for b in range(30))} for a in range(3)])
    return write_task(
        folder,
        "texts",
        dataset_kwargs={"data_files": {"test": "texts.jsonl"}},
        output_type="loglikelihood_rolling",
        doc_to_text="",
        doc_to_target="{{text}}",
        metric_list=[{"metric": "byte_perplexity", "aggregation": "weighted_perplexity", "higher_is_better": False}],
    )


def write_task(folder: Path, name: str, **fields: Any) -> str:
    """A task's file; the path of it."""
    path = folder / f"{name}.yaml"
    task = {"task": f"local_{name}", "dataset_path": "json", "test_split": "test", **fields}
    path.write_text(yaml.safe_dump(task), encoding="utf-8")
    return str(path)


def write_lines(path: Path, rows: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
