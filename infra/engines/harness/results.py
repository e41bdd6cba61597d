"""Results of lm-evaluation-harness as rows, one a score and one an item. In `program.py` alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lm_eval.utils import handle_non_serializable

from infra.engines.harness.run import ITEMS_FILE, SCORES_FILE, write_rows

Results = Mapping[str, Any]


def write_results(folder: Path, results: Sequence[Results]) -> None:
    """Write all scores and all items."""
    write_rows(folder / SCORES_FILE, (row for one in results for row in score_rows(one)))
    write_rows(folder / ITEMS_FILE, (row for one in results for row in item_rows(one)))


def score_rows(results: Results) -> Iterator[dict[str, Any]]:
    """One row a metric and filter of each task and group; a score that is no number is left out."""
    parts = {part for group in results.get("group_subtasks", {}).values() for part in group}
    for name, found in results["results"].items():
        for key, value in found.items():
            metric, comma, filtered = key.partition(",")
            if not comma or metric.endswith("_stderr") or not isinstance(value, (int, float)):
                continue
            error = found.get(f"{metric}_stderr,{filtered}")
            yield {
                "task": name, "metric": metric, "filter": filtered, "value": float(value),
                "stderr": float(error) if isinstance(error, (int, float)) else None,
                "num_items": found.get("sample_len", 0), "num_fewshot": results.get("n-shot", {}).get(name),
                "is_part": name in parts,
            }  # fmt: skip


def item_rows(results: Results) -> Iterator[dict[str, Any]]:
    """One row an item and filter, in the order of the items."""
    for task, samples in results["samples"].items():
        for sample in samples:
            yield {
                "task": task, "filter": sample["filter"], "item": sample["doc_id"],
                "prompt": str(sample["arguments"][0][0]), "target": _text(sample["target"]),
                "responses": _json(_responses(sample)), "answer": _json(sample["filtered_resps"]),
                "metrics": _json({name: sample[name] for name in sample["metrics"]}), "document": _json(sample["doc"]),
            }  # fmt: skip


def _responses(sample: Mapping[str, Any]) -> list[Any]:
    """What the model answered: texts, or of each continuation its log-probability."""
    return [
        {"continuation": asked[1], "answers": answers} if len(asked) > 1 and isinstance(asked[1], str) else answers
        for asked, answers in zip(sample["arguments"], sample["resps"], strict=True)
    ]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, default=handle_non_serializable, ensure_ascii=False)
