"""The invent stage with a real model: a kill asks nothing twice, and ends like a straight run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.core.records import Problem
from tasks.core.refs import StepRef
from tasks.core.tables import read_records
from tasks.sample.invent.task import invent
from tests.build.seeded import seeded
from tests.tasks.core.killed import asked_by, check_kill

pytestmark = pytest.mark.slow

SECTION = {"num_prompts": 12, "prompt": "more.j2", "min_chars": 1, "max_tokens": 8, "max_rouge": 1.0,
           "temperature": 1.5, "max_attempts": 3, "seed_examples": 1, "own_examples": 0}  # fmt: skip


def test_a_killed_invention_asks_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "more.j2").write_text("{{ examples | join('') }}")
    with seeded(tmp_path, invent=SECTION) as start:

        def run() -> StepRef:
            return invent(start.bench, 1, start.seed, start.problems, ())

        step = check_kill(start.bench, "invent", run, (1, 1))
        rows = list(read_records(start.bench.ledger.fetch(step, "train.parquet"), Problem))
        assert 0 < len(rows) == step.summary["num_invented"] <= 12
        assert asked_by(start.bench, "invent").num_answers <= step.summary["num_invented_drawn"]
        shutil.rmtree(tmp_path / "store" / "micro" / "round-001")
        assert (run().files, run().summary) == (step.files, step.summary)
