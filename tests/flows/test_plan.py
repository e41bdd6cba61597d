"""`plan --why`: of each new step the fields that make it new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from configs.schema.load import load_recipe
from flows.run.plan import Plan, explain_new, make_plan
from infra.store.folder import FolderStore
from tests.build.benches import make_ledger
from tests.configs.recipes import PUBLISHED
from tests.tasks.core.walk import keys_of, write_world

DEMO = next(path for path in PUBLISHED if path.stem == "demo")
NUMBERS = {"select_accuracy": 0.5, "num_rows": 9, "num_kept": 9, "num_samples": 9}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Where every step of two rounds of the demo is published, without its files."""
    write_world(tmp_path)
    ledger = make_ledger(tmp_path)
    for spec in keys_of(load_recipe(DEMO), tmp_path).values():
        if spec.stage != "decide" and spec.round <= 2:
            with ledger.scratch(spec) as folder:
                ledger.publish(spec, folder, {**NUMBERS}, 0.0)
    return tmp_path


def explained(world: Path, *overrides: str) -> tuple[Plan, dict[str, Sequence[str]]]:
    """A plan, and by `ROUND STAGE` the reasons of its new steps."""
    recipe, store = load_recipe(DEMO, overrides), FolderStore(world / "store")
    plan = make_plan(recipe, store, world / "work", world)
    reasons = explain_new(plan, store, recipe.name)
    return plan, {f"{step.round} {step.stage}": reasons[step.key] for step in plan.steps if step.key in reasons}


def test_nothing_is_new_where_nothing_changed(world: Path) -> None:
    plan, reasons = explained(world, "engine.batch_size=1", "train.checkpoint_seconds=9")
    assert not plan.has_new_steps() and not reasons


def test_a_setting_is_named_where_it_enters_and_its_step_where_that_is_read(world: Path) -> None:
    plan, reasons = explained(world, "train.learning_rate=0.002")
    assert list(reasons) == ["1 train", "1 evaluate", "1 decide"]
    assert reasons["1 train"] == ["since round 1: train.learning_rate: 0.001 -> 0.002"]
    (line,) = reasons["1 evaluate"]
    assert line.startswith("since round 1: inputs.model: ")
    shown = "\n".join(plan.lines({step.key: ["because"] for step in plan.steps if not step.is_reused}))
    assert shown.count("because") == 3


def test_without_one_of_the_round_the_newest_is_compared(world: Path) -> None:
    for path in (world / "store" / "demo").glob("round-001/judge/*/record.json"):
        path.unlink()
    _, reasons = explained(world, "judge.0.verifier.tolerance=1")
    judge = reasons["1 judge"]
    assert "since round 2: judge.0.verifier.tolerance: 0.0 -> 1.0" in judge
    assert not any("seed" in line for line in judge)


def test_the_first_step_of_its_kind_says_so(world: Path) -> None:
    _, reasons = explained(world, "guide={kind: answer}")
    assert reasons["1 guide"] == ["the first guide step"]
