"""Files of an errand through the store: states that come back whole, whoever sent them, while work goes on."""

from __future__ import annotations

import queue
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from infra.cluster.freight import Freight
from infra.cluster.keeper import POLL_SECONDS, Keeper
from infra.cluster.parcel import ParcelFile
from infra.engines.errand import Saved
from infra.engines.train.saved import newest_saved
from infra.store.folder import FolderStore

FOLDER = "mine/cluster/errands/step"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def checkpoint(work: Path, step: int, *, is_whole: bool = True) -> None:
    """A checkpoint as a trainer leaves it, which removes the one before."""
    for other in work.glob("checkpoints/*"):
        shutil.rmtree(other)
    folder = work / f"checkpoints/checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "weights").write_text(f"weights of step {step}")
    (folder / "tokenizer").write_text("always the same")
    with (work / "metrics.jsonl").open("a") as file:
        file.write(f"{step}\n")
    if is_whole:
        (folder / "whole").write_text("fingerprint")


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def keep(store: FolderStore, folder: Path, work: Path) -> tuple[Keeper, queue.SimpleQueue[str]]:
    freight, told = Freight(store, FOLDER), queue.SimpleQueue[str]()
    freight.bring_back(work)
    return Keeper(freight, folder / "kept", work, newest_saved, told.put), told


def test_the_newest_whole_state_comes_back_and_of_older_ones_nothing_is_left(
    store: FolderStore, tmp_path: Path
) -> None:
    work = tmp_path / "work"
    keeper, told = keep(store, tmp_path, work)
    checkpoint(work, 1)
    with keeper:
        assert told.get(timeout=20) == "checkpoint-1"
        checkpoint(work, 2)
        assert told.get(timeout=20) == "checkpoint-2"
    found = texts(work)
    checkpoint(work, 3, is_whole=False)
    Freight(store, FOLDER).bring_back(tmp_path / "other")
    assert texts(tmp_path / "other") == found
    assert len(list(store.keys(FOLDER))) == len(found) + 1, "the files of one state, and their list"


def test_who_goes_on_sends_no_state_again_and_replaces_what_was_there(store: FolderStore, tmp_path: Path) -> None:
    first = tmp_path / "first"
    keeper, told = keep(store, tmp_path, first)
    checkpoint(first, 5)
    with keeper:
        told.get(timeout=20)
    second = tmp_path / "second"
    keeper, told = keep(store, tmp_path / "b", second)
    with keeper:
        checkpoint(second, 9)
        assert told.get(timeout=20) == "checkpoint-9", "and not 5, which came from there"
    assert len(list(store.keys(FOLDER))) == len(texts(second)) + 1


def test_a_state_is_sent_though_it_is_removed_meanwhile(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    freight = Freight(store, FOLDER)
    send = freight.send

    def send_late(root: Path, paths: Iterable[Path]) -> tuple[ParcelFile, ...]:
        shutil.rmtree(work / "checkpoints")
        return send(root, paths)

    monkeypatch.setattr(freight, "send", send_late)
    told = queue.SimpleQueue[str]()
    with Keeper(freight, tmp_path / "kept", work, newest_saved, told.put):
        checkpoint(work, 7)
        assert told.get(timeout=20) == "checkpoint-7"
    freight.bring_back(tmp_path / "other")
    assert (tmp_path / "other/checkpoints/checkpoint-7/weights").exists()


def test_a_state_that_is_not_whole_in_the_store_is_none(store: FolderStore, tmp_path: Path) -> None:
    work = tmp_path / "work"
    checkpoint(work, 1)
    freight = Freight(store, FOLDER)
    found = work / "checkpoints/checkpoint-1"
    assert newest_saved(work) == Saved("checkpoint-1", found, (work / "metrics.jsonl", work / "reference.json"))
    files = freight.send(work, list(found.iterdir()))
    freight.save(files)
    store.delete(files[0].key)
    freight.bring_back(tmp_path / "other")
    assert not (tmp_path / "other").exists()
    freight.save(files[1:])
    freight.clear()
    assert list(store.keys(FOLDER)) == []


def test_a_node_that_was_taken_for_lost_replaces_no_state_of_its_successor(store: FolderStore, tmp_path: Path) -> None:
    lost, lost_told = keep(store, tmp_path / "a", tmp_path / "lost")
    checkpoint(tmp_path / "lost", 1)
    with lost:
        lost_told.get(timeout=20)
        successor, told = keep(store, tmp_path / "b", tmp_path / "successor")
        checkpoint(tmp_path / "successor", 5)
        with successor:
            told.get(timeout=20)
        checkpoint(tmp_path / "lost", 2)
        time.sleep(3 * POLL_SECONDS)
    assert lost_told.empty()
    Freight(store, FOLDER).bring_back(tmp_path / "other")
    assert texts(tmp_path / "other") == texts(tmp_path / "successor")


def test_what_was_done_before_work_failed_is_sent(store: FolderStore, tmp_path: Path) -> None:
    keeper, told = keep(store, tmp_path, tmp_path / "work")
    with pytest.raises(ZeroDivisionError), keeper:
        checkpoint(tmp_path / "work", 4)
        raise ZeroDivisionError
    assert told.get_nowait() == "checkpoint-4"
