"""CSV and TSV: separators are found out, quotes hold what they hold, and each fault is one message with its fix."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from configs.errors import ProblemsError
from tasks.sample.problems.files import read_rows, scan_rows
from tasks.sample.problems.separated import Form

ROWS = [{"question": "caf\u00e9, 1+1?", "answer": "2"}, {"question": 'two\nlines, "so"?', "answer": "4"}]


def text(separator: str) -> str:
    return f'question{separator}answer\n"caf\u00e9, 1+1?"{separator}2\n"two\nlines, ""so""?"{separator}4\n'


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.CSV.gz"])
def test_the_separator_is_found_out(tmp_path: Path, name: str, separator: str) -> None:
    content = text(separator).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert list(read_rows(tmp_path / name)) == ROWS


@pytest.mark.parametrize(
    "content",
    [
        text("\t").encode(),
        b"\xef\xbb\xbf" + text("\t").encode(),
        text("\t").replace("\n", "\r\n").replace("two\r\n", "two\n").encode(),
        text("\t").replace("answer\n", "answer\n\n  \n").encode(),
        text("\t").rstrip("\n").encode(),
    ],
)
def test_a_tsv_is_read_with_a_mark_other_line_ends_and_blank_lines(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tsv").write_bytes(content)
    assert list(read_rows(tmp_path / "a.tsv")) == ROWS


def read(tmp_path: Path, content: bytes | str, **form: Any) -> list[Any]:
    (tmp_path / "a.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    return list(scan_rows(tmp_path / "a.csv", "a.csv", Form(**form)))


def test_another_separator_and_another_encoding_can_be_said(tmp_path: Path) -> None:
    assert read(tmp_path, text("^"), separator="^") == ROWS
    assert read(tmp_path, text(",").encode("latin-1"), encoding="latin-1") == ROWS
    assert read(tmp_path, text(",").encode("utf-16"), encoding="utf-16") == ROWS
    assert read(tmp_path, "question\n1+1?\n") == [{"question": "1+1?"}]


def test_a_large_field_in_quotes_is_a_text(tmp_path: Path) -> None:
    assert read(tmp_path, f'question,answer\n"{"x, " * 100_000}",1\n')[0]["question"] == "x, " * 100_000


@pytest.mark.parametrize(
    ("content", "form", "words", "fix"),
    [
        ("question^answer\n1+1?^2\n", {}, "none of the usual separators parts the first line", "separator: '^'"),
        (
            "question,answer\n1+1?,2\n",
            {"separator": ";"},
            "the separator ';' of the recipe parts the",
            "separator: ','",
        ),
        ("question\tanswer\n1\t2\n", {"separator": ","}, "the separator ',' of the recipe", 'separator: "\\t"'),
        ('question,answer\n1,2\n"open,3\n4,5\n', {}, "a.csv, row 1 (line 3): a quote is opened", "close it"),
        ('question,answer\n1,2\n"open,3\n"4",5\n', {}, "a.csv, row 1 (line 3): a quote ends within", "twice"),
        ("question,answer,answer\n1,2,3\n", {}, "names the field 'answer' 2 times", "a name of its own"),
        (
            b"question,answer\n1,2\ncaf\xe9,3\n",
            {},
            "a.csv, row 1 (line 3): not UTF-8: 'caf\u00e9,3",
            "encoding: latin-1",
        ),
        ("question,answer\ncaf\u00e9,3\n", {"encoding": "ascii"}, "row 0 (line 2): not ASCII", "leave encoding out"),
        (b"\xff\xfeq\0,\0a\0\n\0", {}, "not UTF-8", "utf-16"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_message(
    tmp_path: Path, content: bytes | str, form: dict[str, str], words: str, fix: str
) -> None:
    with pytest.raises(ProblemsError) as caught:
        read(tmp_path, content, **form)
    assert words in caught.value.message and "a.csv" in caught.value.message
    assert fix in (caught.value.fix or "")


@pytest.mark.parametrize(
    ("line", "words", "fix"),
    [
        ("question,answer", "a.csv, row 1 (line 3): the names of the fields again", "remove that line"),
        ("1, 2, 3", "a.csv, row 1 (line 3): 3 fields, and the first line names 2", "quotes"),
        (
            "1;2",
            "a.csv, row 1 (line 3): 1 field, and the first line names 2",
            "by ',' as in the first line, not by ';'",
        ),
    ],
)
def test_a_row_that_cannot_be_read_leaves_those_after_it(tmp_path: Path, line: str, words: str, fix: str) -> None:
    first, fault, last = read(tmp_path, f"question,answer\n0,1\n{line}\n2,3\n")
    assert (first["answer"], last["answer"]) == ("1", "3")
    assert fault.message.startswith(words) and fix in fault.fix


def test_separator_and_encoding_are_for_these_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    with pytest.raises(ProblemsError, match=r"separator and encoding are for \.csv and \.tsv"):
        list(scan_rows(tmp_path / "a.jsonl", "a.jsonl", Form(encoding="latin-1")))
