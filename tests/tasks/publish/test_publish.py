"""What is published of an experiment: kept samples, lineage, recipe and place. No model is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from configs.errors import UserError
from configs.schema.load import check_recipe
from tasks.core.files import EXAMPLES, HELD_OUT, PAIRS
from tasks.core.records import Problem, Span
from tasks.core.refs import ModelRef, StepRef
from tasks.core.step import StepSpec
from tasks.core.tables import read_records
from tasks.decide.stop import Action
from tasks.publish.folders import hub_base
from tasks.publish.lineage import what_was_trained
from tasks.publish.place import in_place_of
from tasks.publish.recipe import public_contents, public_recipe
from tasks.publish.rows import KeptExample, KeptPair, write_rows
from tasks.report.entry import ReportEntry
from tests.build.experiments import NAME, Maker
from tests.build.records import ask, make_example, make_pair, make_recipe, make_sample


class Kept(Maker):
    """An experiment whose rounds kept what `rows` says, by table; problems `held` and `kept`."""

    rows: dict[str, list[Any]]

    def step(self, round: int, stage: str, inputs: Any, summary: Any = None, seed: int = 0) -> StepRef:
        if stage not in ("select", "problems", "train"):
            return super().step(round, stage, inputs, summary, seed)
        names = {"model": inputs[0], "rows": inputs[1:]} if stage == "train" else {"from": inputs}
        spec = StepSpec(NAME, stage, round, {}, names, seed)
        with self.ledger.scratch(spec) as folder:
            for table in (EXAMPLES, PAIRS) if stage == "select" else ():
                if rows := self.rows.get(table.name):
                    table.write(folder, rows)
            for suite, table in HELD_OUT.items() if stage == "problems" else ():
                table.write(folder, [Problem(f"held-{suite}", ask("1+1?"), "2")])
            (folder / "note.txt").write_text(spec.key)
            return self.ledger.publish(spec, folder, {"num_examples": 7} if stage == "train" else {}, 1.0)


def kept(folder: Path, **rows: list[Any]) -> tuple[Kept, list[ReportEntry]]:
    maker = Kept(folder, is_adapter=True)
    maker.rows = {f"{name}.parquet": values for name, values in rows.items()}
    return maker, maker.run([Action.PROMOTE, Action.KEEP_INCUMBENT], [0.5, 0.4])


def example(problem_id: str, **fields: Any) -> Any:
    sample = make_sample(problem_id, text="It is 2.")
    return make_example(sample, **fields)


def test_kept_samples_are_chats_of_each_round_with_weights_and_no_gold(tmp_path: Path) -> None:
    spans = (Span("So ", 0.0), Span("2"))
    maker, entries = kept(tmp_path, examples=[example("a", completion=spans, weight=0.5), example("b")])
    written = write_rows(maker.store, maker.ledger, entries, tmp_path / "out")
    assert written.files == {"examples": [f"data/examples/round-00{number}.parquet" for number in (1, 2)]}
    assert set(written.counts.values()) == {2} and written.num_rows == 4
    first, second = read_records(tmp_path / "out" / written.files["examples"][0], KeptExample)
    assert (first.round, first.problem_id, first.weight, first.spans) == (1, "a", 0.5, spans)
    assert [(turn.role, turn.content) for turn in first.completion] == [("assistant", "So 2")]
    assert second.prompt[0].role == "user" and not hasattr(second, "gold")


def test_what_people_wrote_and_what_is_held_out_stays_here(tmp_path: Path) -> None:
    rows = [example("a"), example("b", sample_id="gold/b"), example("held-report"), example("held-select")]
    pairs = [make_pair(make_sample("a"), make_sample("a", index=1)),
             make_pair(make_sample("a"), make_sample("a"), chosen_id="gold/a")]  # fmt: skip
    maker, entries = kept(tmp_path, examples=rows, pairs=pairs)
    written = write_rows(maker.store, maker.ledger, entries, tmp_path / "out")
    assert (written.num_worked, written.num_held_out) == (4, 4)
    assert [row.problem_id for row in read_records(tmp_path / "out/data/examples/round-001.parquet", KeptExample)] == [
        "a"
    ]
    assert len(list(read_records(tmp_path / "out/data/pairs/round-002.parquet", KeptPair))) == 1


def test_an_experiment_that_kept_nothing_is_one_message(tmp_path: Path) -> None:
    maker, entries = kept(tmp_path, examples=[example("held-report")])
    with pytest.raises(UserError, match="made has kept no samples that could be published"):
        write_rows(maker.store, maker.ledger, entries, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_rounds_that_housekeeping_cleared_are_named(tmp_path: Path) -> None:
    maker, entries = kept(tmp_path, examples=[example("a")])
    maker.store.delete(f"{entries[1].report.steps['select']}/record.json")
    written = write_rows(maker.store, maker.ledger, entries, tmp_path / "out")
    assert written.cleared == [1] and list(written.counts) == ["data/examples/round-002.parquet"]


def test_lineage_says_which_rounds_led_to_the_model(tmp_path: Path) -> None:
    maker, entries = kept(tmp_path, examples=[example("a")])
    assert entries[1].model is not None
    trained = what_was_trained(maker.store, entries, entries[1].model.digest)
    assert [(one.model, one.start, one.rounds, one.num_rows, one.is_taken) for one in trained] == [
        ("round-1", "base", (1,), 7, True),
        ("round-2", "base", (2,), 7, False),
    ]


def test_the_recipe_tells_no_address_and_no_folder() -> None:
    recipe = make_recipe(
        name="mine",
        services={"store": "s3://secret-bucket/x", "tracking": "http://user:pass@mlflow"},
        roles={"critic": {"engine": {"kind": "endpoint", "url": "http://inside:8000/v1", "model": "big"}}},
        problems={"source": {"path": "/home/lovelace/private/a.csv",
                             "mapping": {"prompt": "{{ q }}", "answer": {"field": "a"}}},
                  "shares": {"train": 0.8, "select": 0.1, "report": 0.1}},
        phases=[{"name": "one", "rounds": 1, "set": {"train": {"replay": {"path": "/home/lovelace/r.jsonl"}}}}],
        rounds={"max": 1},
    )  # fmt: skip
    text = public_recipe(recipe)
    for secret in ("secret-bucket", "pass@", "inside", "/home", "lovelace"):
        assert secret not in text
    told = yaml.safe_load(text)
    assert told["name"] == "mine" and told["problems"]["source"]["path"] == "a.csv"
    assert told["phases"][0]["set"]["train"]["replay"]["path"] == "r.jsonl"
    assert public_contents({"file /home/lovelace/private/a.csv": "d1", "weights some/model at v1": "d2"}) == {
        "file a.csv": "d1", "weights some/model at v1": "d2",
    }  # fmt: skip


def test_a_public_recipe_without_endpoints_is_one_that_runs() -> None:
    recipe = make_recipe(name="mine", rounds={"max": 5})
    assert check_recipe(yaml.safe_load(public_recipe(recipe))).rounds.max == 5


def test_a_base_is_the_hubs_only_where_it_was_fetched_from_it() -> None:
    fetched = ModelRef(name="base", digest="d", external=f"/cache/models--a--b/snapshots/{'c' * 40}")
    assert hub_base("a/b", fetched) == ("a/b", "c" * 40)
    assert hub_base("a/b", ModelRef(name="base", digest="d", external="/home/lovelace/a/b")) is None


def published(folder: Path) -> Path:
    for part in ("model", "data"):
        (folder / part).mkdir(parents=True)
        for name in ("selfloop.json", "README.md"):
            (folder / part / name).write_text("old")
    return folder


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), in_place_of(tmp_path / "new", overwrite=False) as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with in_place_of(tmp_path / "deep" / "new", overwrite=False) as folder:
        (folder / "whole").write_text("x")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["new"]


def test_what_was_published_is_replaced_on_demand_and_nothing_else_ever(tmp_path: Path) -> None:
    target = published(tmp_path / "out")
    with pytest.raises(UserError, match="out is there already"), in_place_of(target, overwrite=False):
        pass
    with pytest.raises(RuntimeError), in_place_of(target, overwrite=True):
        raise RuntimeError
    assert (target / "model" / "README.md").read_text() == "old"
    with in_place_of(target, overwrite=True) as folder:
        (folder / "new").write_text("x")
    assert [path.name for path in target.iterdir()] == ["new"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    for place in (tmp_path / "mine", tmp_path / "mine" / "thesis.tex"):
        with pytest.raises(UserError, match="holds other things"), in_place_of(place, overwrite=True):
            pass
    assert (tmp_path / "mine" / "thesis.tex").exists()
