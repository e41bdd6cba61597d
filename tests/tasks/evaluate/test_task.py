"""The evaluate stage with a real model: a kill asks nothing twice, and ends like a straight run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tasks.core.records import ItemResult
from tasks.core.refs import StepRef
from tasks.core.tables import read_records
from tasks.evaluate.task import evaluate
from tests.build.seeded import seeded
from tests.tasks.core.killed import asked_by, check_kill

pytestmark = pytest.mark.slow

SECTION = {
    "verifier": {"kind": "number"}, "pass_at": {"num_samples": 4, "k": [1, 4]},
    "best_of": {"num_samples": 4, "k": [2, 4], "judge": {"kind": "likelihood"}},
}  # fmt: skip


def test_a_killed_evaluation_asks_nothing_twice(tmp_path: Path) -> None:
    """Greedy samples, draws for pass@k and best-of-k, verdicts, the judge's and the gold texts' log-probabilities."""
    with seeded(tmp_path, evaluate=SECTION) as start:

        def run() -> StepRef:
            return evaluate(start.bench, 1, start.seed, start.problems, start.cast)

        step = check_kill(start.bench, "evaluate", run, (1, 1, 1, 1, 2, 2, 3))
        items = list(read_records(start.bench.ledger.fetch(step, "items.parquet"), ItemResult))
        assert {item.num_draws for item in items} == {4}
        asked = asked_by(start.bench, "evaluate")
        assert asked.num_answers >= len(items) * (1 + 4 + 4), "greedy, pass@k and best-of-k of every problem"
        shutil.rmtree(tmp_path / "store" / "micro" / "round-001")
        assert (run().files, run().summary) == (step.files, step.summary)
