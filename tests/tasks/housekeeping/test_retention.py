"""Whatever is removed, and wherever it is killed: what is kept can be loaded, checked and gone on from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.store.folder import FolderStore
from tasks.core.refs import StepRef
from tasks.decide.stop import Action
from tasks.housekeeping.check import find_damage
from tasks.housekeeping.cleared import last_cleared_round
from tasks.housekeeping.inventory import Inventory, Pin, refs_in, remove_pin, take_inventory, write_pin
from tasks.housekeeping.remove import remove
from tasks.housekeeping.retention import find_removable, rounds_to_keep
from tasks.promote.records import Promotion, write_promotion
from tasks.report.entry import ReportEntry
from tests.build.experiments import NAME, Maker

pytestmark = pytest.mark.slow
UP, SAME, BACK = Action.PROMOTE, Action.KEEP_INCUMBENT, Action.ROLL_BACK
ROUNDS = st.lists(st.tuples(st.sampled_from([UP, SAME, BACK]), st.integers(0, 9)), min_size=1, max_size=6)


def promotion(entry: ReportEntry, after_round: int) -> Promotion:
    assert entry.model is not None
    return Promotion(
        number=1, kind="promote", round=entry.report.round, model=entry.model.name, digest=entry.model.digest,
        previous="base", by="me", at="now", after_round=after_round,
    )  # fmt: skip


def is_whole(store: FolderStore, step: StepRef) -> bool:
    return all(store.verify(f"{step.prefix}/{file.name}", file.sha256, file.size_bytes) for file in step.files)


def clean(store: FolderStore, keep_last: int | None) -> Inventory:
    inventory = take_inventory(store, NAME)
    remove(store, inventory, find_removable(inventory, keep_last), "me", lambda: None)
    return inventory


class Killed(Exception):
    pass


class Dying(FolderStore):
    """A store whose process is killed after some removals."""

    def __init__(self, root: Path, life: int) -> None:
        super().__init__(root)
        self.life = life

    def delete(self, key: str) -> None:
        if self.life == 0:
            raise Killed
        self.life -= 1
        super().delete(key)


@settings(max_examples=15)
@example([(UP, 0)] * 3, 1, set(), None, False, 1)
@given(ROUNDS, st.integers(1, 3), st.sets(st.integers(0, 6)), st.one_of(st.none(), st.integers(0, 6)), st.booleans(),
       st.integers(0, 60))  # fmt: skip
def test_what_is_kept_is_whole_and_the_loop_can_go_on(
    rounds: list[tuple[Action, int]], keep_last: int, pinned: set[int], chosen: int | None, is_adapter: bool, life: int
) -> None:
    root = Path(tempfile.mkdtemp())
    try:
        maker = Maker(root, is_adapter)
        entries = maker.run([action for action, _ in rounds], [accuracy / 10 for _, accuracy in rounds])
        store = maker.store
        for round in pinned:
            write_pin(store, NAME, Pin(round=round, by="me", at="now"))
        if chosen is not None and chosen < len(entries):
            write_promotion(store, NAME, promotion(entries[chosen], len(entries) - 1))
        whole = take_inventory(store, NAME)
        inventory = take_inventory(store, NAME)
        removal = find_removable(inventory, keep_last)
        try:
            remove(Dying(store.root, life), inventory, removal, "me", lambda: None)
        except Killed:
            for step in take_inventory(store, NAME).steps:
                assert is_whole(store, step.ref), f"{step.ref.prefix} has a record, and lost a file"
            check(store, entries, whole, keep_last)
        clean(store, keep_last)
        check(store, entries, whole, keep_last)
        again = find_removable(take_inventory(store, NAME), keep_last)
        assert (again.rounds, again.superseded, again.answers, again.abandoned) == ({}, (), (), ())
        answered = {item.round for item in take_inventory(store, NAME).answers}
        assert answered == {item.round for item in whole.answers} - set(removal.rounds)
        gone = {step.ref.prefix for step in removal.steps()}
        assert not [key for key in store.keys(f"{NAME}/round-") if key.rpartition("/")[0] in gone]
    finally:
        shutil.rmtree(root)


def check(store: FolderStore, entries: list[ReportEntry], whole: Inventory, keep_last: int) -> None:
    by_prefix = {step.ref.prefix: step for step in whole.steps}
    by_key = {step.ref.key: step.ref for step in whole.steps}
    kept = rounds_to_keep(whole, keep_last)
    assert kept >= {0, *range(max(0, len(entries) - keep_last), len(entries))}
    last = last_cleared_round(store, NAME)
    states = [entries[-1].state, *([entries[last].state] if last is not None else [])]
    for ref in refs_in(tuple(states)):
        assert is_whole(store, ref), f"the loop needs {ref.prefix} to go on"
    for round in kept:
        for ref in refs_in(entries[round].model):
            assert is_whole(store, ref), f"round {round}'s model needs {ref.prefix}"
        for prefix in entries[round].report.steps.values():
            step = by_prefix[prefix]
            assert is_whole(store, step.ref)
            for key in step.inputs:
                assert is_whole(store, by_key[key]), f"{prefix} was made from {by_key[key].prefix}"
    assert list(find_damage(store, take_inventory(store, NAME), lambda *_: None)) == []


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path, is_adapter=True)


def rounds_that_lose_weights(store: FolderStore, keep_last: int) -> set[int]:
    removal = find_removable(take_inventory(store, NAME), keep_last)
    return {round for round, steps in removal.rounds.items() if "train" in {step.ref.stage for step in steps}}


def test_only_rounds_without_a_title_lose_their_weights(maker: Maker) -> None:
    maker.run([UP, SAME, SAME, UP, SAME, SAME, SAME], [0.9, 0.2, 0.2, 0.5, 0.3, 0.3, 0.3])
    # Round 1 is champion, 4 incumbent, 7 the last. Rounds 3 and 6 are the newest models before 4 and before 7: judges
    # may be asked about them.
    assert rounds_that_lose_weights(maker.store, 1) == {2, 5}


def test_a_pin_keeps_a_round_and_can_be_taken_away(maker: Maker) -> None:
    maker.run([UP, SAME, SAME, SAME, SAME, SAME], [0.9, 0.2, 0.2, 0.3, 0.3, 0.3])
    before = rounds_that_lose_weights(maker.store, 1)
    assert 2 in before
    write_pin(maker.store, NAME, Pin(round=2, by="me", at="now"))
    assert 2 not in rounds_that_lose_weights(maker.store, 1)
    remove_pin(maker.store, NAME, 2)
    assert rounds_that_lose_weights(maker.store, 1) == before


def test_the_champion_that_a_person_chose_is_kept(maker: Maker) -> None:
    entries = maker.run([UP, SAME, SAME, SAME, SAME, SAME], [0.9, 0.2, 0.2, 0.3, 0.3, 0.3])
    write_promotion(maker.store, NAME, promotion(entries[3], 6))
    assert 3 not in rounds_that_lose_weights(maker.store, 1)


def test_without_a_rule_nothing_finished_goes(maker: Maker) -> None:
    maker.run([UP, SAME, SAME], [0.5, 0.2, 0.2])
    before = list(maker.store.keys(""))
    clean(maker.store, None)
    assert list(maker.store.keys("")) == before


def test_an_upload_goes_when_its_round_is_over_and_stays_while_it_may_be_gone_on_with(maker: Maker) -> None:
    maker.run([UP], [0.5])
    for round in (1, 2):
        maker.store.put(f"{NAME}/round-00{round}/generate/{'0' * 12}/shard-00000.parquet", b"half")
    clean(maker.store, None)
    left = [key for key in maker.store.keys(NAME) if "0" * 12 in key]
    assert left == [f"{NAME}/round-002/generate/{'0' * 12}/shard-00000.parquet"]


def test_steps_of_an_earlier_recipe_go_by_the_rule_only(maker: Maker) -> None:
    maker.run([UP, SAME], [0.5, 0.2])
    old = maker.step(1, "judge", [], seed=7)
    assert [step.ref.prefix for step in find_removable(take_inventory(maker.store, NAME), 9).superseded] == [old.prefix]
    assert find_removable(take_inventory(maker.store, NAME), None).superseded == ()


def test_damage_is_named_and_nothing_else_is(maker: Maker) -> None:
    entries = maker.run([UP], [0.5])
    step = entries[1].report.steps["judge"]
    (maker.store.root / step / "rows.parquet").write_text("changed")
    (maker.store.root / entries[1].report.steps["select"] / "record.json").write_text("{}")
    damage = list(find_damage(maker.store, take_inventory(maker.store, NAME), lambda *_: None))
    assert len(damage) == 2
    assert any(f"{step}/rows.parquet is missing, or its content" in line for line in damage)
    assert any(line.startswith(f"{entries[1].report.steps['select']}/record.json") for line in damage)


def test_a_cut_record_is_damage_not_an_upload(maker: Maker) -> None:
    entries = maker.run([UP], [0.5])
    prefix = entries[1].report.steps["train"]
    (maker.store.root / prefix / "record.json").write_bytes(b'{"key": ')
    assert find_removable(take_inventory(maker.store, NAME), 1).abandoned == ()
