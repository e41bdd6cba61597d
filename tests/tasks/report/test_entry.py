"""Entries of rounds: what earlier versions wrote is read, what nobody knows is one message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import StoreError
from tasks.decide.stop import Action
from tasks.report.entry import VERSION, find_entry, read_entries
from tests.build.experiments import NAME, Maker

KEY = f"{NAME}/reports/round-001.json"


@pytest.fixture
def made(tmp_path: Path) -> Maker:
    maker = Maker(tmp_path, is_adapter=True)
    maker.run([Action.PROMOTE], [0.9])
    return maker


def rewrite(made: Maker, **changes: Any) -> None:
    tree = json.loads(made.store.read(KEY) or b"")
    made.store.put(KEY, json.dumps({**tree, **changes}).encode())


def test_an_entry_comes_back_and_says_its_version(made: Maker) -> None:
    entry = find_entry(made.store, NAME, 1)
    assert entry is not None and entry.version == VERSION
    assert [one.report.round for one in read_entries(made.store, NAME)] == [0, 1]


def test_an_entry_of_the_first_version_may_hold_fields_that_are_gone(made: Maker) -> None:
    before = find_entry(made.store, NAME, 1)
    tree = json.loads(made.store.read(KEY) or b"")
    del tree["version"]
    policy = tree["state"].pop("models")["policy"]
    tree["state"] |= {name: policy[name] for name in ("base", "seed", "previous", "newest", "selections")}
    tree["state"]["gone"] = tree["report"]["gone"] = tree["gone"] = 1
    made.store.put(KEY, json.dumps(tree).encode())
    assert find_entry(made.store, NAME, 1) == before


def test_an_entry_of_this_version_may_not(made: Maker) -> None:
    rewrite(made, gone=1)
    with pytest.raises(StoreError, match=r"round-001.json is damaged: Extra inputs are not permitted"):
        find_entry(made.store, NAME, 1)


def test_an_entry_of_a_version_nobody_knows_is_one_message(made: Maker) -> None:
    rewrite(made, version=VERSION + 1, state={"all": "new"})
    with pytest.raises(StoreError, match=rf"is of version {VERSION + 1}, .* up to version {VERSION}\n  fix: use"):
        find_entry(made.store, NAME, 1)


@pytest.mark.parametrize("content", [b"", b"[1]", b"not json", b'{"version": "x"}', b"{}"])
def test_what_is_no_entry_is_damaged(made: Maker, content: bytes) -> None:
    made.store.put(KEY, content)
    with pytest.raises(StoreError, match=r"round-001.json is damaged"):
        find_entry(made.store, NAME, 1)
