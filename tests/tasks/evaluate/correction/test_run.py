"""Held-out problems are revised by a real model: a kill asks nothing twice, and what is asked twice is asked once."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from configs.errors import RecipeError
from tasks.core.answer_folder import read_shard_records
from tasks.core.bench import Workbench
from tasks.core.files import CHAIN_VERDICTS, CHAINS
from tasks.core.records import ItemResult, Label
from tasks.core.refs import StepRef
from tasks.core.tables import read_records
from tasks.evaluate.correction.reviser import reviser_of
from tasks.evaluate.task import evaluate
from tests.build.seeded import seeded
from tests.tasks.core.killed import check_kill

pytestmark = pytest.mark.slow

TREES = {"num_samples": 4, "num_repairs": 2, "budgets": [[1, 1]]}
DRAWS = {"num_samples": 4, "temperature": 0.7}


def drawn_at(bench: Workbench) -> dict[float, int]:
    """Texts drawn by temperature, each time they were drawn."""
    found: Counter[float] = Counter()
    prefix = f"{bench.recipe.name}/round-001/evaluate/answers/"
    for _, shard in read_shard_records(bench.ledger.store, prefix):
        if shard is not None and "sampling" in shard.who:
            found[shard.who["sampling"]["temperature"]] += sum(number for _, _, number in shard.answers)
    return dict(found)


def test_chains_are_drawn_judged_stored_and_compared(tmp_path: Path) -> None:
    (tmp_path / "again.j2").write_text("{{ prompt }}")
    again = {"part": "attempt", "form": "single", "prompt": "again.j2", "temperature": 1.5}
    revise = {"steps": [again], "max_turns": 3, "resample": DRAWS, "trees": TREES}
    section = {"pass_at": {**DRAWS, "k": [1]}, "revise": revise}
    with seeded(tmp_path, evaluate=section) as start:
        start.bench.base_dir = tmp_path

        def run() -> StepRef:
            return evaluate(start.bench, 1, start.seed, start.problems, start.cast)

        step = check_kill(start.bench, "evaluate", run, (1, 1, 2, 1, 1))
        items = list(read_records(start.bench.ledger.fetch(step, "items.parquet"), ItemResult))
        assert drawn_at(start.bench) == {0.0: len(items), 0.7: (4 + 4 * 2) * len(items), 1.5: 2 * len(items)}
        for suite, chains in CHAINS.items():
            numbers = {name.removeprefix(f"{suite}_"): value for name, value in step.summary.items()}
            own = [item for item in items if item.suite == suite]
            nodes = list(chains.read(start.bench.ledger, step))
            verdicts = list(CHAIN_VERDICTS[suite].read(start.bench.ledger, step))
            assert [verdict.sample_id for verdict in verdicts] == [node.id for node in nodes]
            assert [node.text for node in nodes if node.parent_id is None] == [item.text for item in own]
            assert numbers["revise_edit_share"] > 0, "otherwise nothing is told apart"
            assert numbers["revise_accuracy_t1"] == numbers["accuracy"]
            last = [verdict.label == Label.CORRECT for verdict in verdicts][2::3]
            assert numbers["revise_accuracy_final"] == sum(last) / len(own)
            assert numbers["revise_tokens"] == pytest.approx(sum(node.num_tokens for node in nodes) / len(own))
            assert {"revise_repair_1_1", "revise_repair_pass_at_2"} <= numbers.keys()
            assert 1 < numbers["revise_budget"] < 4 and "revise_gain_over_majority_low" in numbers
        shutil.rmtree(tmp_path / "store" / "micro" / "round-001")
        assert (run().files, run().summary) == (step.files, step.summary)


def test_a_prompt_that_shows_the_answer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "told.j2").write_text("It is {{ answer }}.")
    told = {"part": "attempt", "prompt": "told.j2", "stored_prompt": "revise"}
    with seeded(tmp_path, evaluate={"verifier": {"kind": "number"}, "revise": {"steps": [told]}}) as start:
        start.bench.base_dir = tmp_path
        with pytest.raises(RecipeError, match=r"evaluate\.revise\.steps\.0\.prompt: it shows 'answer'"):
            reviser_of(start.bench, start.seed, start.cast)
