"""The ledger publishes last, finds what is whole, and names what is damaged."""

from pathlib import Path

import pytest

from configs.errors import StoreError
from infra.store.folder import FolderStore
from tasks.ledger import Ledger
from tasks.step import StepSpec

SPEC = StepSpec("demo", "generate", 1, {"generate": {}}, {}, 1, {"generate": 1})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(FolderStore(tmp_path / "store"), tmp_path / "work", {"git_commit": None})


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
    ledger.publish_shard(SPEC, "shard-00000.parquet", write(tmp_path, "s", "rows"))
    assert ledger.find(SPEC) is None
    assert list(ledger.published_shards(SPEC)) == ["shard-00000.parquet"]


def test_published_shards_become_part_of_the_step(ledger: Ledger, tmp_path: Path) -> None:
    ledger.publish_shard(SPEC, "shard-00001.parquet", write(tmp_path, "one", "1"))
    ledger.publish_shard(SPEC, "shard-00000.parquet", write(tmp_path, "zero", "0"))
    (tmp_path / "out").mkdir()
    step = ledger.publish(SPEC, tmp_path / "out", {}, 1.0)
    assert [file.name for file in step.files] == ["shard-00000.parquet", "shard-00001.parquet"]


def test_a_damaged_shard_is_left_out(ledger: Ledger, tmp_path: Path) -> None:
    ledger.publish_shard(SPEC, "shard-00000.parquet", write(tmp_path, "s", "rows"))
    (tmp_path / "store" / SPEC.prefix / "shard-00000.parquet").write_text("rowz")
    assert ledger.published_shards(SPEC) == {}


def test_a_flipped_byte_in_a_published_file_is_named(ledger: Ledger, tmp_path: Path) -> None:
    write(tmp_path / "out", "a.txt", "hello")
    ledger.publish(SPEC, tmp_path / "out", {}, 1.0)
    (tmp_path / "store" / SPEC.prefix / "a.txt").write_text("hellp")
    with pytest.raises(StoreError, match=rf"{SPEC.prefix}/a.txt is missing, or its content does not match"):
        ledger.find(SPEC)


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
