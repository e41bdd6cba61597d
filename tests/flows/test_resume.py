"""What is the same recipe: for the digest that entries carry, and for going on where steps were cleared away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from configs.errors import StoreError
from configs.schema.load import check_recipe, dump_recipe
from configs.schema.recipe import Recipe
from flows.improve import improve
from flows.run.experiment import recipe_digest, store_recipe
from flows.run.resume import find_resume_point
from infra.store.folder import FolderStore
from tasks.core.bench import Workbench
from tasks.decide.stop import Action
from tasks.housekeeping.cleared import Cleared, write_cleared
from tasks.report.entry import write_entry
from tests.build.benches import make_ledger
from tests.build.experiments import NAME, Maker
from tests.flows.micro import micro_recipe

ROWS = '{"question": "1+1=", "answer": "2"}\n'
FILE = {"path": "train.jsonl", "mapping": {"answer": {"field": "answer"}}}


def tree(**sections: Any) -> dict[str, Any]:
    made = micro_recipe(name=NAME, **sections)
    return made | {"problems": {**made["problems"], "train": FILE}}


def with_field(section: str, **fields: Any) -> dict[str, Any]:
    return tree(**{section: {**tree()[section], **fields}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where two rounds were run whose first round's steps are gone."""
    (tmp_path / "train.jsonl").write_text(ROWS)
    made = Maker(tmp_path, is_adapter=True)
    entries = made.run([Action.PROMOTE, Action.PROMOTE], [0.5, 0.6])
    bench = open_bench(tmp_path, tree())
    store_recipe(bench)
    for entry in entries:
        write_entry(made.store, entry.model_copy(update={"recipe": recipe_digest(bench)}))
    cleared = Cleared(round=1, digest=None, steps=(), by="me", at="now")
    write_cleared(made.store, NAME, cleared)
    return tmp_path


def open_bench(folder: Path, recipe: dict[str, Any]) -> Workbench:
    return Workbench(check_recipe(recipe), make_ledger(folder), folder)


SAME: dict[str, dict[str, Any]] = {
    "the same": tree(),
    "another device": with_field("engine", devices=["cpu", "cpu"]),
    "another width of generation": with_field("engine", batch_size=1),
    "training on more devices": with_field("train", devices=["cpu", "cpu"], micro_batch_size=2),
    "packed batches": with_field("train", batching="packed"),
    "other checkpoints": with_field("train", checkpoint_seconds=5),
    "more rounds": tree(rounds={"max": 9, "per_run": 1}),
    "patience": tree(decide={"gate": {"kind": "always"}, "patience": 2, "approval": True}),
    "another place of its steps": tree(services={"store": "elsewhere"}),
}
OTHER: dict[str, dict[str, Any]] = {
    "another batch": with_field("train", batch_size=8),
    "another gate": tree(decide={"gate": {"kind": "better"}}),
    "another learning rate": with_field("train", learning_rate=1e-4),
    "other rows": tree() | {"problems": {**tree()["problems"], "train": {**FILE, "limit": 1}}},
}


@pytest.mark.parametrize("recipe", SAME.values(), ids=SAME)
def test_the_loop_goes_on_where_the_recipe_computes_the_same(folder: Path, recipe: dict[str, Any]) -> None:
    bench = open_bench(folder, recipe)
    assert recipe_digest(bench) == recipe_digest(open_bench(folder, tree())), "entries go on in one series"
    found = find_resume_point(bench)
    assert found is not None and found.state.round == 1


@pytest.mark.parametrize("recipe", OTHER.values(), ids=OTHER)
def test_another_recipe_begins_at_the_baseline(folder: Path, recipe: dict[str, Any]) -> None:
    bench = open_bench(folder, recipe)
    assert recipe_digest(bench) != recipe_digest(open_bench(folder, tree()))
    assert find_resume_point(bench) is None


def test_a_file_counts_by_what_it_holds(folder: Path) -> None:
    (folder / "train.jsonl").rename(folder / "moved.jsonl")
    moved = tree() | {"problems": {**tree()["problems"], "train": {**FILE, "path": "moved.jsonl"}}}
    assert find_resume_point(open_bench(folder, moved)) is not None
    (folder / "moved.jsonl").write_text(ROWS + ROWS.replace("1+1", "2+0"))
    assert find_resume_point(open_bench(folder, moved)) is None


def test_of_a_recipe_stored_before_contents_were_kept_the_names_are_compared(folder: Path) -> None:
    store, known = FolderStore(folder / "store"), recipe_digest(open_bench(folder, tree()))
    store.delete(f"{NAME}/recipes/{known}.contents.json")
    assert find_resume_point(open_bench(folder, tree())) is not None
    assert find_resume_point(open_bench(folder, OTHER["another batch"])) is None


def test_a_stored_recipe_that_can_be_read_no_more_is_another_one(folder: Path) -> None:
    store, known = FolderStore(folder / "store"), recipe_digest(open_bench(folder, tree()))
    text = dump_recipe(check_recipe(tree())) + "\ngone: 1\n"
    store.put(f"{NAME}/recipes/{known}.yaml", text.encode())
    assert find_resume_point(open_bench(folder, tree())) is None


class Counted(Recipe):
    """A recipe that counts how often it is checked."""

    def model_post_init(self, context: object) -> None:
        CHECKED.append(1)


CHECKED: list[int] = []


def test_a_recipe_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SELFLOOP_STORE", str(tmp_path / "file"))
    monkeypatch.setenv("SELFLOOP_HOME", str(tmp_path / "home"))
    recipe = Counted.model_validate(micro_recipe())
    with pytest.raises(StoreError):
        improve.fn(recipe.name, recipe, str(tmp_path))
    assert len(CHECKED) == 1
