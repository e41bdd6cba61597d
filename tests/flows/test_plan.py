"""`plan --why`: of each new step the fields that make it new."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from configs.errors import UserError
from configs.schema.load import load_recipe
from flows.commands.plan import refuse_amounts
from flows.run.plan import Plan, explain_new, make_plan
from infra.store.folder import FolderStore
from tasks.plan.hours import Price
from tasks.plan.speeds import Speeds
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


def test_gpus_are_asked_about_and_the_plan_says_hours(world: Path) -> None:
    recipe, store = load_recipe(DEMO, ["train.learning_rate=0.002"]), FolderStore(world / "store")
    plan = make_plan(recipe, store, world / "work", world, Price(8, 2.0), Speeds(1000.0, None, 500.0))
    lines = list(plan.lines())
    assert lines[-1].startswith("in all on 8 GPUs: ") and "at 2.00 a GPU hour" in lines[-1]
    assert any(line.split()[:1] == ["drawing"] and "(given)" in line for line in lines)
    assert not any("in all on" in line for line in make_plan(recipe, store, world / "work", world).lines())


@pytest.mark.parametrize(
    ("gpus", "amounts", "words"),
    [
        (0, {}, "--gpus cannot be 0"),
        (-1, {}, "--gpus cannot be -1"),
        (8, {"price": -2.0}, "--price cannot be -2"),
        (8, {"draw-speed": math.nan}, "--draw-speed cannot be nan"),
        (8, {"train-speed": math.inf}, "--train-speed cannot be inf"),
        (None, {"price": 2.0}, "--price says nothing without --gpus"),
    ],
)
def test_amounts_that_make_no_sense_are_named(gpus: int | None, amounts: dict[str, float | None], words: str) -> None:
    with pytest.raises(UserError, match=words):
        refuse_amounts(gpus, amounts)


def test_amounts_that_do() -> None:
    refuse_amounts(None, {"price": None})
    refuse_amounts(1, {"price": 0.5, "draw-speed": None})
