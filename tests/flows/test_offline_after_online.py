"""What a segment published is what any round publishes: an offline recipe trains on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.schema.recipe import Recipe
from flows.round import STAGES
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.core.files import EXAMPLES
from tasks.core.ledger import Ledger
from tasks.core.refs import StepRef
from tasks.housekeeping.steps import find_step
from tasks.learn.task import train
from tasks.select.stage import SELECT, SelectNumbers
from tasks.select.task import select
from tests.flows.micro import micro_recipe
from tests.flows.segments import run_rounds, segment_folder, segment_recipe

pytestmark = pytest.mark.slow


def test_an_offline_recipe_trains_on_the_samples_of_a_segment(tmp_path: Path) -> None:
    online = segment_recipe(steps=2)
    outcome = run_rounds(tmp_path, online)
    place = segment_folder(tmp_path).relative_to(tmp_path / "store")
    offline = Recipe.model_validate(micro_recipe(
        warm_start=online["warm_start"], select=[{"kind": "drop_truncated"}, {"kind": "unique"}],
        train={**online["train"], "objective": {"kind": "sft"}, "start_from": "seed", "reference": "start"},
    ))  # fmt: skip
    ledger = Ledger(FolderStore(tmp_path / "store"), tmp_path / "work", {}, lambda: None)
    with Workbench(offline, ledger, tmp_path) as bench:
        segment: StepRef = find_step(ledger.store, str(place))
        state = outcome.state
        kept = select(bench, 1, [segment], [segment], state.problems)
        assert STAGES[kept.stage] is SELECT
        numbers = SelectNumbers.of(kept)
        assert numbers.num_samples == segment.summary["num_samples"]
        assert numbers.num_rows == len(list(EXAMPLES.read(ledger, kept))) > 0
        fresh = state.with_model("policy", selections=(kept,))
        made = train(bench, 1, fresh)
        assert made.weights is not None
        assert made.weights.summary["num_examples"] == numbers.num_rows
