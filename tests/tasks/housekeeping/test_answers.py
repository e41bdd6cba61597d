"""Answers are listed, checked and removed with their rounds; uploads of the live round are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.decide.stop import Action
from tasks.housekeeping.check import find_damage
from tasks.housekeeping.inventory import take_inventory
from tasks.housekeeping.remove import remove
from tasks.housekeeping.retention import find_removable
from tests.build.experiments import NAME, Maker


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    """Two finished rounds, and a third that is under way."""
    made = Maker(tmp_path, is_adapter=True)
    made.run([Action.PROMOTE, Action.PROMOTE], [0.2, 0.3])
    made.answer(3, "candidate")
    return made


def shard_files(maker: Maker, round: int) -> list[Path]:
    return sorted(maker.store.root.glob(f"{NAME}/round-{round:03d}/generate/answers/*/*.parquet"))


def test_answers_go_with_the_first_step_that_their_round_loses(maker: Maker) -> None:
    inventory = take_inventory(maker.store, NAME)
    assert [item.round for item in inventory.answers] == [1, 2, 3]
    removal = find_removable(inventory, 1)
    assert list(removal.rounds) == [item.round for item in removal.answers] == [1]
    remove(maker.store, inventory, removal, "me", lambda: None)
    assert [len(shard_files(maker, round)) for round in (1, 2, 3)] == [0, 2, 2]
    assert list(maker.store.keys(f"{NAME}/round-001/generate/answers")) == []


def test_a_table_without_its_record_is_an_upload(maker: Maker) -> None:
    """Of a finished round it was given up; of the live one it may be going on."""
    for round in (2, 3):
        shard_files(maker, round)[0].with_suffix(".json").unlink()
    inventory = take_inventory(maker.store, NAME)
    assert sorted(item.round for item in inventory.leftovers) == [2, 3]
    (left,) = find_removable(inventory, None).abandoned
    assert (left.round, [Path(key).name for key in left.keys]) == (2, [shard_files(maker, 2)[0].name])


@pytest.mark.parametrize("harm", ["flip", "remove", "record"])
def test_damage_is_named(maker: Maker, harm: str) -> None:
    assert list(find_damage(maker.store, take_inventory(maker.store, NAME), lambda *_: None)) == []
    victim = shard_files(maker, 2)[1]
    if harm == "flip":
        content = victim.read_bytes()
        victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "remove":
        victim.unlink()
    else:
        victim.with_suffix(".json").write_text("{")
    (line,) = find_damage(maker.store, take_inventory(maker.store, NAME), lambda *_: None)
    assert victim.stem in line and "asked again" in line
