"""An experiment brought into another store: whole, again, broken off, damaged, and where another one lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import StoreError, UserError
from flows.copy import copy_to
from infra.store.folder import FolderStore
from infra.store.lease.claim import lease_key
from infra.store.lease.lease import Lease
from tasks.core.progress import Silent
from tasks.decide.stop import Action
from tests.build.experiments import NAME, Maker


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    made = Maker(tmp_path / "here", is_adapter=True)
    made.run([Action.PROMOTE, Action.PROMOTE], [0.2, 0.3])
    return made


def contents(store: FolderStore) -> dict[str, bytes | None]:
    return {key: store.read(key) for key in store.keys(f"{NAME}/")}


def copy(maker: Maker, there: Path) -> tuple[int, int]:
    copied = copy_to(maker.store.uri, NAME, str(there), Silent())
    return copied.num_objects, copied.num_sent


def test_a_copy_holds_the_same_bytes_and_again_sends_nothing(maker: Maker, tmp_path: Path) -> None:
    before = contents(maker.store)
    assert copy(maker, tmp_path / "there") == (len(before), len(before))
    assert contents(maker.store) == before == contents(FolderStore(tmp_path / "there"))
    assert copy(maker, tmp_path / "there") == (len(before), 0)


def test_what_was_broken_off_goes_on_and_what_is_new_follows(maker: Maker, tmp_path: Path) -> None:
    copy(maker, tmp_path / "there")
    there = FolderStore(tmp_path / "there")
    lost = [*there.keys(f"{NAME}/round-002/"), f"{NAME}/reports/round-002.json"]
    for key in lost:
        there.delete(key)
    assert copy(maker, tmp_path / "there")[1] == len(lost)
    maker.run([Action.PROMOTE] * 3, [0.2, 0.3, 0.4])
    copy(maker, tmp_path / "there")
    assert contents(there) == contents(maker.store)


def test_a_damaged_file_is_named_and_its_round_is_not_known_there(maker: Maker, tmp_path: Path) -> None:
    found = maker.store.root.glob(f"{NAME}/round-002/train/*/model/*")
    victim = next(path for path in found if path.is_file())
    victim.write_bytes(b"something else")
    with pytest.raises(StoreError, match=victim.name):
        copy(maker, tmp_path / "there")
    assert not list((tmp_path / "there").glob(f"{NAME}/reports/*"))


def test_another_experiment_of_the_name_is_left_alone(maker: Maker, tmp_path: Path) -> None:
    copy(maker, tmp_path / "there")
    record = next((tmp_path / "there").glob(f"{NAME}/round-001/train/*/record.json"))
    record.write_bytes(record.read_bytes() + b"\n")
    with pytest.raises(StoreError, match="holds another experiment of this name"):
        copy(maker, tmp_path / "there")


def test_names_and_stores_that_cannot_be_meant(maker: Maker, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is the store that"):
        copy(maker, maker.store.root)
    with pytest.raises(UserError, match=f"experiments there: {NAME}"):
        copy_to(maker.store.uri, "nobody", str(tmp_path / "there"), Silent())


def test_an_experiment_that_runs_is_not_copied(maker: Maker, tmp_path: Path) -> None:
    with Lease(maker.store, lease_key(NAME), "me@here"), pytest.raises(StoreError, match="is held by"):
        copy(maker, tmp_path / "there")
