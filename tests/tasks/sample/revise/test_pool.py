"""First attempts from the rounds before: each text once, revised like all others, and stored with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from infra.store.folder import FolderStore
from tasks.core.ledger import Ledger
from tasks.core.paths import check_depth_first
from tasks.core.records import Sample
from tasks.core.step import StepSpec
from tasks.core.tables import write_records
from tasks.sample.revision.pool import from_pool, read_pool
from tests.build.records import ask, make_sample
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

BEFORE = [
    make_sample("p", 0, "R"),
    make_sample("p", 1, "W1", id="p/0/0", parent_id="p/0", messages=ask("better?"), privileged=True),
    make_sample("p", 2, " W1 ", id="p/0/1", parent_id="p/0"),
    make_sample("p", 3, "W2", id="p/1"),
]


def test_the_pool_holds_each_text_once_and_forgets_where_it_stood() -> None:
    drawn = [make_sample("p", 0, "W2")]
    first, second = from_pool(BEFORE, drawn, 1)
    assert (first.id, first.index, first.text, first.draw) == ("p/pool0", 1, "R", "pool")
    assert (second.id, second.index, second.text, second.privileged) == ("p/pool1", 2, "W1", True)
    assert {(one.parent_id, one.messages, one.stored) for one in (first, second)} == {(None, (), ())}


def test_pooled_attempts_are_revised_and_stored_like_those_just_drawn(tmp_path: Path) -> None:
    """Two drawn, of which the pool has one, and two more of the pool: 2 + 2 calls, four first attempts, four of them
    revised but for the label that is full."""
    generate = {"num_samples": 2, "first": {"pool": "rounds", "at_most": {"wrong": 2, "correct": 1}}}
    sampler = replace(revise_sampler(generate=generate), pool={"p": BEFORE, "other": BEFORE})
    (episode,) = run(sampler, tmp_path, by_place({"p/0": "W2", "p/1": "W9"}))
    check_depth_first(episode.nodes)
    tree = {node.id: node.parent_id for node in episode.nodes}
    assert tree == {
        "p/0": None, "p/0/0": "p/0", "p/1": None, "p/1/0": "p/1", "p/pool0": None, "p/pool0/0": "p/pool0",
        "p/pool1": None,
    }  # fmt: skip
    assert episode.counts["num_asked"] == 2 + 3
    by_id = {node.id: node for node in episode.nodes}
    assert [turn.content for turn in by_id["p/pool0/0"].messages][:2] == ["Q?", "R"]


def test_what_saw_help_before_is_not_forgotten(tmp_path: Path) -> None:
    sampler = replace(revise_sampler(generate={"first": {"pool": "rounds"}}), pool={"p": BEFORE[1:2]})
    (episode,) = run(sampler, tmp_path)
    helped = {node.id for node in episode.nodes if node.privileged}
    assert helped == {"p/pool0", "p/pool0/0"}
    assert all(node.stored for node in episode.nodes if node.id == "p/pool0/0")


def test_a_problem_is_taken_from_the_latest_round_that_has_it(tmp_path: Path) -> None:
    ledger = Ledger(FolderStore(tmp_path / "store"), tmp_path / "work", {})
    rounds = [["p", "q"], ["q", "r"]]
    steps = []
    for number, names in enumerate(rounds, 1):
        out = tmp_path / f"out{number}"
        out.mkdir()
        texts = [make_sample(name, 0, f"{name} of {number}") for name in names]
        texts += [make_sample("q", 1, "why", id="q/0:critique0", parent_id="q/0", part="critique")]
        write_records(out / "shard-00000.parquet", Sample, texts)
        steps.append(ledger.publish(StepSpec("x", "generate", number, {}), out, {}, 1.0))
    found = read_pool(ledger, steps, frozenset("pqs"))
    texts_found = {name: [one.text for one in pool] for name, pool in found.items()}
    assert texts_found == {"q": ["q of 2"], "p": ["p of 1"]}
    assert read_pool(ledger, [], frozenset("p")) == {}
