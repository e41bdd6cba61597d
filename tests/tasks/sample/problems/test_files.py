"""Problem files: every format gives the same rows, and every damage its own message."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import ProblemsError
from tasks.sample.problems.files import read_rows

ROWS = [{"question": "caf\u00e9 1+1?", "answer": 2}, {"question": "2+2?", "answer": 4}]
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
JSON = json.dumps(ROWS).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", JSONL),
        ("a.JSONL", JSONL),
        ("a.jsonl.gz", gzip.compress(JSONL, mtime=0)),
        ("a.json", JSON),
        ("a.json.gz", gzip.compress(JSON, mtime=0)),
        ("mark.jsonl", b"\xef\xbb\xbf" + JSONL),
        ("windows.jsonl", JSONL.replace(b"\n", b"\r\n")),
        ("blank.jsonl", JSONL.replace(b"\n", b"\n\n")),
        ("no_end.jsonl", JSONL.rstrip(b"\n")),
    ],
)
def test_every_text_format_gives_the_same_rows(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert list(read_rows(path)) == ROWS


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    assert list(read_rows(path)) == ROWS


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.parquet", b"", "is empty"),
        ("a.txt", b"question\n", "not a problem file"),
        ("a.csv.bz2", b"question\n", "not a problem file"),
        ("a.parquet.gz", b"x", "not a problem file"),
        ("a.jsonl", b'{"a": "\xff"}\n', "not UTF-8 (byte 7)"),
        ("a.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', "not UTF-8 (byte 16)"),
        ("a.jsonl", b'\xef\xbb\xbf{"a": "\xff"}\n', "not UTF-8 (byte 10)"),
        ("a.json", b'[{"a": "\xff"}]', "not UTF-8 (byte 8)"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": 2\n', "line 3: not JSON"),
        ("a.jsonl", b'{"a": 1}\n[1]\n', "line 2: list, not an object"),
        ("a.json", b'[{"a": 1},\n {"a" 2}]', "line 2: not JSON"),
        ("a.json", b'{"a": 1}', "holds one object"),
        ("a.json", b'[{"a": 1}, 3]', "row 1: number, not an object"),
        ("a.jsonl.gz", gzip.compress(JSONL, mtime=0)[:-12], "not a whole gzip file"),
        ("a.jsonl.gz", JSONL, "not a whole gzip file"),
        ("a.parquet", b"PAR1 and no more", "not a whole Parquet file"),
    ],
)
def test_a_damaged_file_is_named_with_its_damage(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ProblemsError) as caught:
        list(read_rows(path, name))
    assert name in caught.value.message
    assert message in caught.value.message
    assert caught.value.fix


def test_a_truncated_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS * 100), path)
    whole = path.read_bytes()
    for size in (len(whole) // 2, len(whole) - 1, 3):
        path.write_bytes(whole[:size])
        with pytest.raises(ProblemsError, match="not a whole Parquet file"):
            list(read_rows(path))


def test_a_damaged_page_inside_a_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS * 100), path)
    content = bytearray(path.read_bytes())
    content[4:40] = b"\xff" * 36
    path.write_bytes(content)
    with pytest.raises(ProblemsError, match="not a whole Parquet file"):
        list(read_rows(path))


@pytest.mark.parametrize("column", [pa.array([2**62], pa.timestamp("us")), pa.array([2**30], pa.date32())], ids=str)
def test_a_day_that_no_calendar_has_is_an_error(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"day": column}), tmp_path / "days.parquet")
    with pytest.raises(ProblemsError, match=r"days\.parquet has a day or a time that no calendar has"):
        list(read_rows(tmp_path / "days.parquet"))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").mkdir()
    with pytest.raises(ProblemsError, match=r"there is no file .*a\.jsonl"):
        read_rows(tmp_path / "a.jsonl")
    with pytest.raises(ProblemsError, match=r"b\.jsonl is a folder"):
        read_rows(tmp_path / "b.jsonl")


def test_lines_after_those_asked_for_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(JSONL + b"broken")
    rows = read_rows(path)
    assert [next(rows), next(rows)] == ROWS
