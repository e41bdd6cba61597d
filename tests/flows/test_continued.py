"""Runs that wait for another one, and crashes that are not continued for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import HeldError, UserError
from flows.run.continued import MOST_IN_VAIN, in_turn, refuse_in_vain
from infra.store.folder import FolderStore
from infra.store.lease.claim import lease_key
from infra.store.lease.lease import Lease

NOWHERE = Path("no/such/folder")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_a_run_of_the_schedule_leaves_and_one_by_hand_waits_its_turn(store: FolderStore) -> None:
    held, said = Lease(store, lease_key("mine"), "ada@here"), list[str]()
    held.acquire()

    def run() -> str:
        with Lease(store, lease_key("mine"), "bob@here"):
            return "done"

    with pytest.raises(HeldError, match="is held by ada@here"):
        in_turn(run, is_patient=False, say=said.append)
    assert said == []

    def say(line: str) -> None:
        said.append(line)
        held.release()

    assert in_turn(run, is_patient=True, say=say, seconds=0.01) == "done"
    assert len(said) == 1 and said[0].startswith("waiting for its turn: lease 'mine/lease.json'")


def test_crashes_between_which_nothing_is_published_are_continued_so_often_and_a_start_by_hand_counts_anew(
    store: FolderStore,
) -> None:
    for _ in range(MOST_IN_VAIN):
        refuse_in_vain(store, "mine", NOWHERE)
    with pytest.raises(UserError, match="crashed 4 times in a row and published nothing in between"):
        refuse_in_vain(store, "mine", NOWHERE)
    refuse_in_vain(store, "mine", NOWHERE)  # started by hand, and crashed again: counted from the beginning


def test_what_is_published_in_between_counts_anew(store: FolderStore) -> None:
    for number in range(3 * MOST_IN_VAIN):
        store.put(f"mine/round-001/generate/answers/who/{number}.json", b"{}")
        refuse_in_vain(store, "mine", NOWHERE)


def test_a_training_that_comes_further_is_not_in_vain_and_one_that_ends_at_the_same_step_is(
    store: FolderStore, tmp_path: Path
) -> None:
    """On one machine; another one, where the checkpoints are not, knows only that nothing new is there."""
    work, folder = tmp_path / "work", tmp_path / "work" / "scratch" / "key" / "train" / "checkpoints"
    for number in range(1, 3 * MOST_IN_VAIN):
        (folder / f"checkpoint-{number}").mkdir(parents=True)
        refuse_in_vain(store, "mine", work)
    for _ in range(MOST_IN_VAIN - 1):
        refuse_in_vain(store, "mine", NOWHERE)
    with pytest.raises(UserError, match="crashed 4 times"):
        refuse_in_vain(store, "mine", work)
