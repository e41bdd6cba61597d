"""`selfloop stage evaluate` measures all that a recipe asks for: revisions and best-of-k too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.core.records import ItemResult, Label, Sample, Verdict
from tasks.core.tables import read_records
from tests.flows.micro import micro_recipe, selfloop, write_recipe

pytestmark = pytest.mark.slow


def test_revisions_and_best_of_k_are_measured_on_files(tmp_path: Path) -> None:
    (tmp_path / "fix.j2").write_text("1+1=")
    judge = {"kind": "likelihood", "role": "twin", "per_token": False}
    steps = [{"part": "attempt", "prompt": "fix.j2", "by": "twin"}]
    recipe = micro_recipe(
        roles={"twin": {"like": "policy", "train": {"max_steps": 1, "start_from": "base"}}},
        evaluate={
            "revise": {"steps": steps, "resample": {"num_samples": 2}},
            "best_of": {"num_samples": 2, "k": [1, 2], "judge": judge},
        },
    )
    done = selfloop("stage", "evaluate", write_recipe(tmp_path, recipe), "--out", "out/i.parquet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = dict(line.split() for line in done.stdout.splitlines() if len(line.split()) == 2)
    assert {"select_accuracy", "report_revise_accuracy_t1", "report_revise_accuracy_final", "report_best_of_2",
            "select_gold_logprob"} <= printed.keys()  # fmt: skip
    items = list(read_records(tmp_path / "out" / "i.parquet", ItemResult))
    assert {item.suite for item in items} == {"select", "report"} and all(len(item.best_of) == 2 for item in items)
    nodes = list(read_records(tmp_path / "out" / "i.chains_report.parquet", Sample))
    verdicts = list(read_records(tmp_path / "out" / "i.chain_verdicts_report.parquet", Verdict))
    assert [one.sample_id for one in verdicts] == [node.id for node in nodes] and len(nodes) == 10
    assert {node.by for node in nodes if node.parent_id} == {"twin"}
    right = sum(one.label == Label.CORRECT for one in verdicts[1::2]) / 5
    assert float(printed["report_revise_accuracy_final"]) == pytest.approx(right)
