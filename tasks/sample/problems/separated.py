"""Rows of a .csv or .tsv file: the first line names the fields, every value is a text.

Called by `files.py`. Separators are found out, fields in quotes may hold separators and line ends. What cannot be read
as it was meant is told with its row and line, and the rows after it are read on where that is possible.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from configs.errors import ProblemsError

Row = dict[str, str]
SEPARATORS = (",", ";", "\t", "|")
ROWS_TRIED = 20
"""records that show which separator gives the same number of fields everywhere"""
CHARACTERS_TRIED = 1 << 18
LONGEST_FIELD = 1 << 28
NAMES = {"\t": "tab"}


@dataclass(frozen=True)
class Form:
    """How the user says that a file is written; None: it is found out, or utf-8."""

    separator: str | None = None
    encoding: str | None = None


def read_separated(file: BinaryIO, name: str, form: Form) -> Iterator[Row | ProblemsError]:
    """Rows in order; in the place of one that cannot be read, why.

    Raises:
        ProblemsError: what follows cannot be read either: the encoding or the separator is another, a name of a field
            is given twice, or a quote is never closed.
    """
    csv.field_size_limit(LONGEST_FIELD)
    lines = _Lines(file, name, form)
    separator = form.separator or ("\t" if _bare(name).endswith(".tsv") else _find_separator(lines.ahead()))
    records = csv.reader(lines, delimiter=separator, strict=True)
    header = _read_header(records, lines, name, form, separator)
    number, begins = 0, lines.number + 1
    while True:
        try:
            fields = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            raise _quote_error(error, f"{name}, row {number} (line {begins})") from None
        if any(field.strip() for field in fields):
            where = f"{name}, row {number} (line {begins})"
            yield _to_row(fields, header, where, separator)
            number += 1
        begins = lines.number + 1


class _Lines:
    """Lines of a text, counted as they are handed out; those read ahead come again."""

    def __init__(self, file: BinaryIO, name: str, form: Form) -> None:
        self._text = io.TextIOWrapper(file, encoding=_encoding(form), newline="")
        self._bytes, self._name, self._form = file, name, form
        self._ahead: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.pop(0) if self._ahead else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        return line

    def ahead(self) -> list[str]:
        """The first lines; they are read again."""
        while sum(map(len, self._ahead)) < CHARACTERS_TRIED and len(self._ahead) < 50 * ROWS_TRIED:
            if not (line := self._read()):
                break
            self._ahead.append(line)
        return list(self._ahead)

    def _read(self) -> str:
        try:
            return self._text.readline()
        except UnicodeError as error:
            raise self._encoding_error(error) from None

    def _encoding_error(self, error: UnicodeError) -> ProblemsError:
        encoding = self._form.encoding or "utf-8"
        line, text = _first_unread(self._bytes, encoding)
        fix = "write encoding: latin-1 (or cp1252, or utf-16) beside path, or save it as UTF-8 text"
        if self._form.encoding is not None:
            fix = "write the encoding that it has, or leave encoding out where it is UTF-8"
        told = f"{self._name}, row {max(0, line - 2)} (line {line})" if line else self._name
        return ProblemsError(f"{told}: not {encoding.upper()}{f': {text}' if line else f' ({error})'}", fix)


def _first_unread(file: BinaryIO, encoding: str) -> tuple[int, str]:
    """Number of the first line that cannot be read, from 1, and its beginning; 0 where lines are not told by bytes."""
    file.seek(0)
    for number, line in enumerate(file, start=1):
        try:
            line.decode(encoding)
        except UnicodeError:
            return number, repr(line[:60].decode("latin-1"))
    return 0, ""


def _encoding(form: Form) -> str:
    return (
        "utf-8-sig"
        if (form.encoding or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8")
        else form.encoding or ""
    )


def _bare(name: str) -> str:
    return name.lower().removesuffix(".gz")


def _find_separator(lines: list[str]) -> str:
    """The one that gives most fields, the same number in most of the first records."""

    def rank(separator: str) -> tuple[float, int]:
        widths = []
        try:
            for fields in islice(csv.reader(lines, delimiter=separator), ROWS_TRIED):
                if fields:
                    widths.append(len(fields))
        except csv.Error:
            pass
        if not widths or widths[0] == 1:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    best = max(SEPARATORS, key=rank)
    return best if rank(best)[1] else ","


def _read_header(records: Iterator[list[str]], lines: _Lines, name: str, form: Form, separator: str) -> list[str]:
    try:
        header = next((fields for fields in records if fields), [])
    except csv.Error as error:
        raise _quote_error(error, f"{name}, the names of the fields (line 1)") from None
    header = [field.strip() for field in header]
    twice = sorted({field for field in header if header.count(field) > 1})
    if twice:
        raise ProblemsError(
            f"{name}: the first line names the field {twice[0]!r} {header.count(twice[0])} times",
            "give every column a name of its own in the first line",
        )
    if len(header) == 1 and (other := _other_separator(header[0], separator)) is not None:
        told = f"the separator {_name(separator)} of the recipe" if form.separator else "none of the usual separators"
        raise ProblemsError(
            f"{name}: {told} parts the first line into fields: {header[0][:80]!r}",
            f"write separator: {_written(other)} beside path",
        )
    return header


def _other_separator(header: str, separator: str) -> str | None:
    """What may part the fields of a line that was taken for one field."""
    found = [mark for mark in SEPARATORS if mark != separator and mark in header]
    found += re.findall(r"(?<=[\w\"' ])([^\w\s.,\-'\"()\[\]?!/])(?=[\w\"' ])", header)
    return found[0] if found else None


def _to_row(fields: list[str], header: list[str], where: str, separator: str) -> Row | ProblemsError:
    if [field.strip() for field in fields] == header:
        return ProblemsError(f"{where}: the names of the fields again, as in the first line", "remove that line")
    if len(fields) != len(header):
        count = "1 field" if len(fields) == 1 else f"{len(fields)} fields"
        fix = f'put a text that holds the separator {_name(separator)} or a line end into quotes: "..."'
        if len(fields) == 1 and (other := _other_separator(fields[0], separator)) in SEPARATORS:
            fix = f"part its fields by {_name(separator)} as in the first line, not by {_name(other or '')}"
        return ProblemsError(f"{where}: {count}, and the first line names {len(header)}", fix)
    return dict(zip(header, fields, strict=True))


def _quote_error(error: csv.Error, where: str) -> ProblemsError:
    if "unexpected end of data" in str(error) or "field larger" in str(error):
        return ProblemsError(
            f"{where}: a quote is opened there and never closed", 'close it, or write a quote within a text twice: ""'
        )
    return ProblemsError(
        f"{where}: a quote ends within a field ({error})", 'write a quote within a text twice: "", or mend the line'
    )


def _name(separator: str) -> str:
    return NAMES.get(separator, repr(separator))


def _written(separator: str) -> str:
    return '"\\t"' if separator == "\t" else f"'{separator}'"
