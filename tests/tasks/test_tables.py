"""Records come back from Parquet as they went in; damaged files are named."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import UserError
from tasks.calibrate.balance import Point
from tasks.core.records import (
    BenchmarkItem,
    BenchmarkScore,
    Drop,
    Example,
    ItemResult,
    Judgement,
    Message,
    Pair,
    Problem,
    Sample,
    Verdict,
)
from tasks.core.step import digest
from tasks.core.tables import read_records, schema_of, version_of, write_records
from tasks.monitor.difficulty import PassRate

PROBLEM = Problem("a", (Message("system", "be brief"), Message("user", "2+2?")), "4", None, ("digits=1",))


def test_problems_with_chats_and_tags_come_back_equal(tmp_path: Path) -> None:
    rows = [PROBLEM, Problem("b", (Message("user", "hi"),))]
    assert write_records(tmp_path / "p.parquet", Problem, rows) == 2
    assert list(read_records(tmp_path / "p.parquet", Problem)) == rows


@given(st.lists(st.tuples(st.text(), st.integers(0, 9), st.none() | st.floats(allow_nan=False)), max_size=20))
def test_any_text_and_missing_numbers_survive(tmp_path_factory: pytest.TempPathFactory, values: list) -> None:
    path = tmp_path_factory.mktemp("table") / "s.parquet"
    rows = [Sample(f"{i}", "p", i, text, "stop", n, logprob, "m") for i, (text, n, logprob) in enumerate(values)]
    write_records(path, Sample, rows)
    assert list(read_records(path, Sample)) == rows


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_records(tmp_path / name, Problem, [PROBLEM] * 100)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.parquet"
    write_records(path, Problem, [PROBLEM] * 100)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"cut\.parquet is not a whole Parquet file"):
        list(read_records(path, Problem))


def test_a_table_of_other_records_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_records(path, Problem, [PROBLEM])
    with pytest.raises(UserError, match="no column"):
        list(read_records(path, Sample))


def older(path: Path, version: int | None, drop: list[str], **columns: list) -> None:
    """The table as another version wrote it: columns gone or added, its version said in the schema or not at all."""
    table = pq.read_table(path).drop_columns(drop)
    for name, values in columns.items():
        table = table.append_column(name, [values])
    said = {} if version is None else {b"selfloop.version": str(version).encode()}
    pq.write_table(table.replace_schema_metadata(said), path)


def test_a_field_that_is_newer_than_the_file_holds_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.parquet"
    write_records(path, Problem, [PROBLEM])
    older(path, 1, ["tags", "solution"])
    with pytest.raises(UserError, match="no column solution, tags"):
        list(read_records(path, Problem))  # of today's version, and not whole
    monkeypatch.setattr(Problem, "VERSION", 2)
    assert list(read_records(path, Problem)) == [replace(PROBLEM, tags=(), solution=None)]
    older(path, 1, ["messages"])
    with pytest.raises(UserError, match="no column messages: not a table of Problems"):
        list(read_records(path, Problem))


@pytest.mark.parametrize(
    ("source", "parent", "expected"),
    [
        ("iid", None, {}),
        ("hot", None, {"draw": "hot"}),
        ("hinted", "p/3", {"draw": "hinted", "privileged": True}),
        ("guided", "p/3", {"draw": "guided", "privileged": True}),
        ("step", "p/3", {"part": "step", "parent_id": "p/3"}),
    ],
)
def test_samples_of_the_first_version_become_nodes(
    tmp_path: Path, source: str, parent: str | None, expected: dict
) -> None:
    path = tmp_path / "s.parquet"
    sample = Sample("p/0", "p", 0, "4", "stop", 2, -1.0, "m", parent_id=parent, prefix="4")
    write_records(path, Sample, [sample])
    new = ["part", "by", "state", "draw", "messages", "stored", "privileged"]
    older(path, None, new, source=[source])
    assert list(read_records(path, Sample)) == [replace(sample, **{"parent_id": None, **expected})]


def test_a_file_of_a_version_nobody_knows_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "new.parquet"
    write_records(path, Sample, [])
    older(path, 99, [])
    with pytest.raises(UserError, match=r"holds Samples of version 99, .* up to version 3\n  fix: use the"):
        list(read_records(path, Sample))


COLUMNS = {
    Problem: (1, "319a77b5"),
    Sample: (3, "7e7b11f8"),
    Verdict: (1, "6962c643"),
    Judgement: (2, "7fb2fca8"),
    Example: (3, "3a79e3e1"),
    Pair: (3, "4736588b"),
    Drop: (1, "c9a3b9fe"),
    ItemResult: (1, "150170e0"),
    BenchmarkScore: (1, "07dcd35d"),
    BenchmarkItem: (1, "9a1fa257"),
    Point: (1, "c7eb7ecd"),
    PassRate: (1, "3a9a26a6"),
}


@pytest.mark.parametrize("record", COLUMNS, ids=lambda record: record.__name__)
def test_other_columns_are_another_version(record: type) -> None:
    """When this fails, raise the record's VERSION, say in `records.OLDER` what changed, and write both here."""
    assert (version_of(record), digest(str(schema_of(record)))[:8]) == COLUMNS[record]
