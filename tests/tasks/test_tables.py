"""Records come back from Parquet as they went in; damaged files are named."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import UserError
from tasks.core.records import Message, Problem, Sample
from tasks.core.tables import read_records, write_records

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


def test_a_column_older_than_its_field_reads_as_the_default(tmp_path: Path) -> None:
    path = tmp_path / "old.parquet"
    sample = Sample("p/0", "p", 0, "4", "stop", 2, -1.0, "m", draw="hot", messages=(Message("user", "?"),))
    write_records(path, Sample, [sample])
    pq.write_table(pq.read_table(path).drop_columns(["messages", "draw"]), path)
    assert list(read_records(path, Sample)) == [replace(sample, draw="", messages=())]


def test_a_table_of_other_records_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_records(path, Problem, [PROBLEM])
    with pytest.raises(UserError, match="no column"):
        list(read_records(path, Sample))
