"""The ledger publishes last, finds what is whole, and names and heals what is damaged."""

import errno
import logging
from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.folder import FolderStore
from tasks.core.ledger import Ledger
from tasks.core.refs import StepRef
from tasks.core.step import StepSpec

SPEC = StepSpec("demo", "generate", 1, {"generate": {}}, {}, 1, {"generate": 1})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(FolderStore(tmp_path / "store"), tmp_path / "work", {"git_commit": None}, lambda: None)


@pytest.fixture
def reader(ledger: Ledger) -> Ledger:
    """The same store, read without the experiment's lease."""
    return Ledger(ledger.store, ledger.work_dir / "reader", {})


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_published_step_is_found_with_its_files(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "out", "model/a.txt", "hello")
    published = ledger.publish(SPEC, tmp_path / "out", {"num": 1}, 2.0)
    found = ledger.find(SPEC)
    assert not published.is_reused
    assert found is not None
    assert found.is_reused
    assert ledger.fetch(found, "model/a.txt").read_text() == "hello"
    assert (ledger.fetch_all(found, "model") / "a.txt").read_text() == "hello"


def test_files_without_a_record_are_no_step(ledger: Ledger, tmp_path: Path) -> None:
    ledger.store.put(f"{SPEC.prefix}/shard-00000.parquet", b"rows")
    assert ledger.find(SPEC) is None


def published(ledger: Ledger, folder: Path) -> StepRef:
    """A step with two files."""
    write(folder / "out", "a.txt", "hello")
    write(folder / "out", "b.txt", "there")
    return ledger.publish(SPEC, folder / "out", {}, 1.0)


def aside(ledger: Ledger) -> list[str]:
    """What lies in the folder of damaged things, without the time."""
    parts = [key.split("/") for key in ledger.store.keys("demo/damaged/")]
    return ["/".join([*key[2:5], *key[6:]]) for key in parts]


DAMAGE = {
    "a.txt": b"hellp",
    "record.json": b"{",
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_step_is_named_set_aside_and_computed_anew(
    ledger: Ledger, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    first = published(ledger, tmp_path)
    ledger.store.put(f"{SPEC.prefix}/{name}", DAMAGE[name])
    with caplog.at_level(logging.WARNING):
        assert ledger.find(SPEC) is None
    assert f"{SPEC.prefix}/{name}" in caplog.text
    assert "this step is computed anew" in caplog.text
    assert ledger.store.read(f"{SPEC.prefix}/record.json") is None
    place = SPEC.prefix.removeprefix("demo/")
    assert {f"{place}/record.json", f"{place}/{name}"} <= set(aside(ledger))
    again = published(ledger, tmp_path)
    assert (again.key, again.files) == (first.key, first.files)
    assert ledger.find(SPEC) is not None


@pytest.mark.parametrize(
    "record",
    [b"", b"\xff\xfe", b"[]", b'{"record_sha256": 1}', b'{"record_sha256": 1, "payload": NaN}'],
)
def test_a_record_of_any_damage_is_healed(ledger: Ledger, tmp_path: Path, record: bytes) -> None:
    published(ledger, tmp_path)
    ledger.store.put(f"{SPEC.prefix}/record.json", record)
    assert ledger.find(SPEC) is None
    assert published(ledger, tmp_path).key == SPEC.key


def test_a_missing_file_is_healed_too(ledger: Ledger, tmp_path: Path) -> None:
    published(ledger, tmp_path)
    ledger.store.delete(f"{SPEC.prefix}/a.txt")
    assert ledger.find(SPEC) is None
    assert ledger.store.read(f"{SPEC.prefix}/record.json") is None


def test_a_reader_moves_nothing(ledger: Ledger, reader: Ledger, tmp_path: Path) -> None:
    step = published(ledger, tmp_path)
    for name in ("a.txt", "record.json"):
        ledger.store.put(f"{SPEC.prefix}/{name}", DAMAGE[name])
        before = list(ledger.store.keys(""))
        assert reader.find(SPEC) is None
        with pytest.raises(StoreError, match="only this step is computed anew"):
            reader.fetch(step, "a.txt")
        assert list(ledger.store.keys("")) == before


def test_a_plan_trusts_the_record_and_moves_nothing(ledger: Ledger, tmp_path: Path) -> None:
    published(ledger, tmp_path)
    ledger.store.put(f"{SPEC.prefix}/a.txt", b"hellp")
    before = list(ledger.store.keys(""))
    assert ledger.find(SPEC, check_files=False) is not None
    ledger.store.put(f"{SPEC.prefix}/record.json", b"{")
    assert ledger.find(SPEC, check_files=False) is None
    assert list(ledger.store.keys("")) == before


def test_nothing_is_set_aside_once_the_lease_is_lost(ledger: Ledger, tmp_path: Path) -> None:
    published(ledger, tmp_path)
    ledger.store.put(f"{SPEC.prefix}/a.txt", b"hellp")

    def lost() -> None:
        raise StoreError("the lease was lost")

    ledger.guard = lost
    with pytest.raises(StoreError, match="lease was lost"):
        ledger.find(SPEC)
    assert ledger.store.read(f"{SPEC.prefix}/record.json") is not None


def test_damage_after_the_step_was_found_ends_the_run_and_the_next_one_heals(ledger: Ledger, tmp_path: Path) -> None:
    published(ledger, tmp_path)
    step = ledger.find(SPEC)
    assert step is not None
    ledger.store.put(f"{SPEC.prefix}/a.txt", b"hellp")
    with pytest.raises(StoreError) as caught:
        ledger.fetch(step, "a.txt")
    assert f"{SPEC.prefix}/a.txt" in caught.value.message
    assert caught.value.fix == "run the same command again: only this step is computed anew"
    assert ledger.find(SPEC) is None
    assert published(ledger, tmp_path).key == step.key


def test_a_full_disk_while_a_step_is_computed_is_named(ledger: Ledger) -> None:
    with pytest.raises(StoreError, match="the disk is full") as caught, ledger.scratch(SPEC):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "then run the same command again" in (caught.value.fix or "")


def test_the_second_of_two_writers_gets_the_first_ones_result(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "out", "a.txt", "same")
    first = ledger.publish(SPEC, tmp_path / "out", {"writer": 1}, 1.0)
    second = ledger.publish(SPEC, tmp_path / "out", {"writer": 2}, 1.0)
    assert first.summary == second.summary == {"writer": 1}


def test_nothing_is_published_once_the_lease_is_lost(ledger: Ledger, tmp_path: Path) -> None:
    def lost() -> None:
        raise StoreError("the lease was lost")

    ledger.guard = lost
    write(tmp_path / "out", "a.txt", "x")
    with pytest.raises(StoreError, match="lease was lost"):
        ledger.publish(SPEC, tmp_path / "out", {}, 1.0)
    assert list(ledger.store.keys("demo/")) == []


def test_scratch_survives_a_failure_and_goes_with_success(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.scratch(SPEC) as folder:
        write(folder, "checkpoint", "half")
        raise RuntimeError
    with ledger.scratch(SPEC) as again:
        assert (again / "checkpoint").read_text() == "half"
    assert not again.exists()


def test_an_object_of_the_user_is_fetched_by_key(ledger: Ledger) -> None:
    ledger.store.put("data/train.jsonl", b"{}")
    assert ledger.fetch_object("data/train.jsonl", None).read_bytes() == b"{}"
    with pytest.raises(StoreError, match=r"holds no object data/other\.jsonl"):
        ledger.fetch_object("data/other.jsonl", None)
