"""A recipe whose parts were all added by pages of docs/parts runs from the warm start to the end of a round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tasks.core.records import Sample, Verdict
from tasks.core.tables import read_records
from tests.flows.micro import micro_recipe, selfloop, write_recipe

SECTIONS: dict[str, Any] = {
    "generate": {"kind": "continued", "num_samples": 6, "temperature": 1.0, "max_tokens": 3, "shard_size": 6},
    "judge": [{"kind": "answer"}, {"kind": "yes", "word": "1"}],
    "select": [{"kind": "judged"}, {"kind": "shortest", "number": 5}],
    "pair": {"kind": "shortest_right_vs_longest_wrong", "judge": "answer"},
    "evaluate": {"verifier": {"kind": "number"}},
    "rounds": {"max": 1},
}


def summary(store: Path, stage: str) -> dict[str, Any]:
    (path,) = store.glob(f"round-001/{stage}/*/record.json")
    found: dict[str, Any] = json.loads(path.read_text())["summary"]
    return found


def rows(store: Path, stage: str, name: str, kind: type) -> list[Any]:
    return [row for path in sorted(store.glob(f"round-001/{stage}/*/{name}")) for row in read_records(path, kind)]


def test_a_recipe_of_added_parts_runs(tmp_path: Path) -> None:
    recipe = micro_recipe(**SECTIONS)
    recipe["train"] = {**recipe["train"], "objective": {"kind": "margin_hinge", "margin": 2.0}, "reference": "seed"}
    done = selfloop("run", write_recipe(tmp_path, recipe), cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    store = tmp_path / "home" / "store" / "micro"
    samples = rows(store, "generate", "shard-*.parquet", Sample)
    longer = [sample for sample in samples if sample.parent_id is not None]
    assert len(longer) == summary(store, "generate")["num_continued"] == len(samples) - 6 * 24 > 0
    verdicts = rows(store, "judge", "verdicts*.parquet", Verdict)
    assert {verdict.judge for verdict in verdicts} == {"answer", "yes"}
    assert summary(store, "select")["dropped_too_long"] > 0
    trained = summary(store, "train")
    assert trained["num_examples"] > 0
    assert abs(trained["first_loss"] - 2.0) < 1e-3, "the model begins as its reference: h is 0"
