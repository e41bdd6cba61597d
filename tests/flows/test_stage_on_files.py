"""`selfloop stage` on files: what pairs and losses need that a file may not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tasks.core.records import Pair, Sample, Verdict, written
from tasks.core.tables import write_records
from tests.build.records import ask, make_sample, make_verdict
from tests.flows.micro import micro_recipe, selfloop, write_recipe

pytestmark = pytest.mark.slow

JUDGES = [{"kind": "answer"}, {"kind": "rubric"}, {"kind": "win_rate", "of": "answer"}]


def game(reference: str) -> dict[str, Any]:
    objective = {"kind": "sppo", "beta": 0.1, "regularise": [{"reference": reference, "weight": 0.01}]}
    warm_start = {"warm_start": {"source": {"kind": "addition"}}} if reference == "seed" else {}
    tune = {"kind": "full"} if reference == "base" else {"kind": "lora"}
    train = {"objective": objective, "max_steps": 1, "batch_size": 2, "max_length": 64, "tune": tune}
    return micro_recipe(
        judge=JUDGES, select=[{"kind": "judged"}], pair={"kind": "best_vs_worst"}, train=train, **warm_start
    )


def pairs(folder: Path) -> str:
    rows = [
        Pair(
            "p", ask(f"{one}+1="), written(f"{one + 1}"), written("0"), f"p/{one}", "p/9", p_chosen=0.9, p_rejected=0.2
        )
        for one in range(2)
    ]
    write_records(folder / "pairs.parquet", Pair, rows)
    return "pairs.parquet"


def test_a_loss_with_a_further_reference_trains_on_files(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, game("base"))
    done = selfloop("stage", "train", recipe, "--in", pairs(tmp_path), "--out", "trained", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "trained" / "metrics.jsonl").is_file()


def test_files_name_no_seed(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, game("seed"))
    done = selfloop("stage", "train", recipe, "--in", pairs(tmp_path), "--out", "trained", cwd=tmp_path)
    assert done.returncode != 0 and "'seed' is the model of the warm start, and files name none" in done.stderr


def test_a_stage_on_files_runs_on_no_cluster(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, micro_recipe(engine={"kind": "transformers", "hosts": "ray"}))
    done = selfloop("stage", "generate", recipe, "--out", "drawn.parquet", cwd=tmp_path)
    assert done.returncode == 2 and "runs on this machine, and engine.hosts says ray" in done.stderr


def test_files_hold_no_judgements(tmp_path: Path) -> None:
    pair = {"kind": "judgements", "judge": "rubric"}
    train = {"objective": {"kind": "dpo"}}
    recipe = write_recipe(tmp_path, micro_recipe(judge=JUDGES[:2], select=[{"kind": "judged"}], pair=pair, train=train))
    sample = make_sample()
    write_records(tmp_path / "s.parquet", Sample, [sample])
    write_records(tmp_path / "v.parquet", Verdict, [make_verdict(sample)])
    done = selfloop(
        "stage", "select", recipe, "--in", "s.parquet", "--verdicts", "v.parquet", "--out", "e.parquet", cwd=tmp_path
    )
    assert (
        done.returncode != 0 and "judgements of 'rubric' are set against each other, and no file holds" in done.stderr
    )
