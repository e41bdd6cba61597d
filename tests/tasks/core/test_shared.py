"""What one experiment has computed or asked, another of the store finds; what is damaged there costs it nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.store.folder import FolderStore
from tasks.core.answers import Answers
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.core.refs import StepRef
from tasks.core.shared import ROOT, Shared, note_key
from tasks.core.step import StepSpec
from tasks.housekeeping.inventory import list_all_experiments, take_inventory
from tasks.plan.planning import PlanningBench
from tests.build.records import make_recipe
from tests.tasks.core.scripted import ScriptedPool, make_answers
from tests.tasks.core.test_answers import ask, requests

FIRST = StepSpec("first", "generate", 1, {"generate": {}}, {}, 1, {"generate": 1})
SECOND = replace(FIRST, experiment="second")


def make_ledger(folder: Path, name: str, is_shared: bool = True) -> Ledger:
    store = FolderStore(folder / "store")
    return Ledger(store, folder / name, {}, lambda: None, Shared(store) if is_shared else None)


def publish(folder: Path, spec: StepSpec = FIRST, is_shared: bool = True) -> StepRef:
    out = folder / "out"
    (out / "model").mkdir(parents=True, exist_ok=True)
    (out / "model" / "a.bin").write_bytes(b"weights")
    return make_ledger(folder, spec.experiment, is_shared).publish(spec, out, {"num_samples": 3}, 2.0)


def test_a_step_of_another_experiment_becomes_one_of_this(tmp_path: Path) -> None:
    made = publish(tmp_path)
    ledger = make_ledger(tmp_path, "second")
    assert ledger.find(SECOND) is None
    adopted = ledger.adopt(SECOND)
    assert adopted is not None
    assert (adopted.prefix, adopted.summary, adopted.is_reused) == (SECOND.prefix, made.summary, True)
    assert ledger.find(SECOND) == adopted
    for key in list(ledger.store.keys("first/")):
        ledger.store.delete(key)
    assert ledger.fetch(adopted, "model/a.bin").read_bytes() == b"weights", "it stands on its own"


def test_only_the_same_key_is_the_same_step(tmp_path: Path) -> None:
    publish(tmp_path)
    assert make_ledger(tmp_path, "second").adopt(replace(SECOND, seed=2)) is None


def test_nobody_is_asked_where_nothing_is_shared(tmp_path: Path) -> None:
    publish(tmp_path)
    assert make_ledger(tmp_path, "second", is_shared=False).adopt(SECOND) is None
    publish(tmp_path, replace(FIRST, seed=2), is_shared=False)
    assert make_ledger(tmp_path, "second").adopt(replace(SECOND, seed=2)) is None


@pytest.mark.parametrize("content", [None, b"other"], ids=["removed", "damaged"])
def test_a_damaged_step_of_another_is_computed_anew_and_left_where_it_is(tmp_path: Path, content: bytes | None) -> None:
    publish(tmp_path)
    ledger, key = make_ledger(tmp_path, "second"), f"{FIRST.prefix}/model/a.bin"
    ledger.store.delete(key) if content is None else ledger.store.put(key, content)
    assert ledger.adopt(SECOND) is None
    assert ledger.find(SECOND) is None
    assert ledger.store.read(f"{FIRST.prefix}/record.json") is not None, "its own experiment heals it"


def test_a_note_of_what_is_gone_is_passed_over(tmp_path: Path) -> None:
    publish(tmp_path)
    ledger = make_ledger(tmp_path, "second")
    ledger.store.delete(f"{FIRST.prefix}/record.json")
    assert ledger.adopt(SECOND) is None


def test_the_bench_says_where_a_step_comes_from_and_computes_nothing(tmp_path: Path) -> None:
    publish(tmp_path)
    ledger = make_ledger(tmp_path, "second")
    with Workbench(make_recipe(name="second"), ledger, tmp_path) as bench:
        step = bench.step(SECOND, lambda scratch: pytest.fail("it was there"))
    assert step.is_reused


def test_a_plan_counts_what_others_have_and_writes_nothing(tmp_path: Path) -> None:
    publish(tmp_path)
    store = FolderStore(tmp_path / "store")
    before = sorted(store.keys(""))
    ledger = Ledger(store, tmp_path / "plan", {}, shared=Shared(store))
    with PlanningBench(make_recipe(name="second"), ledger, tmp_path) as bench:
        bench.step(SECOND, lambda scratch: {})
    assert bench.planned[0].is_reused
    assert sorted(store.keys("")) == before


def answers_of(folder: Path, name: str) -> Answers:
    made = make_answers(folder)
    place = f"{name}/round-001/generate/answers"
    return replace(made, ledger=make_ledger(folder, name), place=place, _folders={}, _absent={})


def test_draws_of_another_experiment_are_not_drawn_again(tmp_path: Path) -> None:
    first = ask(answers_of(tmp_path, "first"), ScriptedPool(), requests(10))
    pool = ScriptedPool()
    more = ask(answers_of(tmp_path, "second"), pool, requests(12, num_samples=3))
    assert {name: texts[:2] for name, texts in more.items() if name in first} == first
    assert sorted(pool.draws) == sorted(
        [(f"p{place}", 2) for place in range(10)] + [(f"p{place}", draw) for place in (10, 11) for draw in range(3)]
    )
    silent = ScriptedPool(lives=0)
    assert ask(answers_of(tmp_path, "third"), silent, requests(12, num_samples=3)) == more


def test_draws_of_another_model_are_no_draws_of_this(tmp_path: Path) -> None:
    ask(answers_of(tmp_path, "first"), ScriptedPool(), requests(3))
    pool = ScriptedPool()
    ask(answers_of(tmp_path, "second"), pool, requests(3), model="other")
    assert len(pool.draws) == 6


def test_a_damaged_shard_of_another_is_asked_again_and_left_where_it_is(tmp_path: Path) -> None:
    first = ask(answers_of(tmp_path, "first"), ScriptedPool(), requests(8))
    shards = sorted((tmp_path / "store" / "first").rglob("*.parquet"))
    shards[0].write_bytes(b"damaged")
    pool = ScriptedPool()
    assert ask(answers_of(tmp_path, "second"), pool, requests(8)) == first
    assert 0 < len(pool.draws) < 16
    assert shards[0].exists()
    assert not (tmp_path / "store" / "first" / "damaged").exists()


def test_housekeeping_takes_the_notes_of_what_it_removes(tmp_path: Path) -> None:
    from tasks.housekeeping.remove import remove
    from tasks.housekeeping.retention import Removal

    made = publish(tmp_path)
    ask(answers_of(tmp_path, "first"), ScriptedPool(), requests(4))
    store = FolderStore(tmp_path / "store")
    assert list_all_experiments(store) == ["first"]
    assert store.read(note_key("steps", made.key, made.prefix)) == made.prefix.encode()
    inventory = take_inventory(store, "first")
    gone = Removal(rounds={}, superseded=inventory.steps, abandoned=(), answers=inventory.answers)
    remove(store, inventory, gone, "me", lambda: None)
    assert list(store.keys(f"{ROOT}/")) == []


def test_a_steps_tokens_are_the_same_whoever_drew_them(tmp_path: Path) -> None:
    answers = answers_of(tmp_path, "first")
    texts = ask(answers, ScriptedPool(), requests(6))
    again = ask(answers, ScriptedPool(), requests(6))
    written = sum(len(text) for found in texts.values() for text in found)
    assert again == texts
    assert answers.usage.added_to({"num_samples": 12}) == {"num_samples": 12, "tokens_written": written}
    other = answers_of(tmp_path, "second")
    ask(other, ScriptedPool(lives=0), requests(6))
    assert other.usage.added_to({}) == {"tokens_written": written}
