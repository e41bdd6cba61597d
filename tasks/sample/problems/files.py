"""Rows of a file of problems or training rows: .jsonl, .json (a list of objects), .csv, .tsv or .parquet; all but the
last also .gz.

Called by `rows.py` and `tasks/learn/replay.py`. Lines and row groups are read as they are asked for; a .json file is
held whole. Rows count from 0, as `start` does; lines count from 1, as editors do.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import ProblemsError
from infra.text.outside import parse_json
from tasks.sample.problems.separated import Form, read_separated

Row = dict[str, Any]
ROWS_PER_BATCH = 1024
AS_USUAL = Form()
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_rows(path: Path, name: str | None = None) -> Iterator[Row]:
    """Rows of a file, in order.

    Args:
        path: where the file lies.
        name: what the user calls it; its ending decides the format. Default: the path.

    Raises:
        ProblemsError: the file is missing, empty, not UTF-8, cut short, or not of its format.
    """
    return _refusing(scan_rows(path, name or str(path)))


def _refusing(rows: Iterator[Row | ProblemsError]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, ProblemsError):
            raise row
        yield row


def scan_rows(path: Path, name: str, form: Form = AS_USUAL) -> Iterator[Row | ProblemsError]:
    """Rows of a file, in order; in the place of one that cannot be read, why, where the rows after it can.

    Args:
        path, name: as for `read_rows`.
        form: how a .csv or .tsv is written.

    Raises:
        ProblemsError: the file is missing, empty, not UTF-8, cut short, or not of its format.
    """
    bare = name.lower().removesuffix(".gz")
    ending = Path(bare).suffix
    read = READERS.get(ending)
    if read is None or (read is _read_parquet and bare != name.lower()):
        raise ProblemsError(f"{name}: not a problem file by its ending", f"give a file that ends in {ENDINGS}")
    if not path.is_file():
        what = f"{name} is a folder" if path.is_dir() else f"there is no file {name}"
        raise ProblemsError(what, "correct the path; relative ones begin at the current folder")
    if path.stat().st_size == 0:
        raise ProblemsError(f"{name} is empty", "make or copy the file again")
    if form != AS_USUAL and ending not in SEPARATED:
        raise ProblemsError(f"{name}: separator and encoding are for .csv and .tsv files", "leave them out")
    return read(path, name, form)


def _read_separated(path: Path, name: str, form: Form) -> Iterator[Row | ProblemsError]:
    with _open(path, name) as file:
        try:
            yield from read_separated(file, name, form)
        except DAMAGED as error:
            raise _damaged(name, error) from None


def _read_jsonl(path: Path, name: str, form: Form) -> Iterator[Row | ProblemsError]:
    offset = 0
    with _open(path, name) as file:
        for number, line in enumerate(_guarded(file, name), start=1):
            text = _decode(line, name, offset)
            offset += len(line)
            if text.strip():
                try:
                    row: Row | ProblemsError = _parse_object(text, name, number)
                except ProblemsError as error:
                    row = error
                yield row


def _read_json(path: Path, name: str, form: Form) -> Iterator[Row | ProblemsError]:
    with _open(path, name) as file:
        text = _decode(b"".join(_guarded(file, name)), name, 0)
    try:
        rows = parse_json(text)
    except json.JSONDecodeError as error:
        raise ProblemsError(
            f"{name}, line {error.lineno}: not JSON: {error.msg}",
            "correct that line; a file with one object a line must end in .jsonl",
        ) from None
    except ValueError as error:
        raise ProblemsError(f"{name}: {error}", "write the file as .jsonl: then the line is named") from None
    if not isinstance(rows, list):
        raise ProblemsError(f"{name} holds one {_kind(rows)}, not a list of objects", "write [{...}, {...}]")
    for number, row in enumerate(rows):
        is_row = isinstance(row, dict)
        fault = f"{name}, row {number}: {_kind(row)}, not an object"
        yield row if is_row else ProblemsError(fault, 'write {"field": value, ...}')


def _read_parquet(path: Path, name: str, form: Form) -> Iterator[Row | ProblemsError]:
    try:
        with pq.ParquetFile(path) as source:
            for batch in source.iter_batches(batch_size=ROWS_PER_BATCH, use_threads=False):
                yield from _plain_rows(batch)
    except UnicodeDecodeError as error:
        raise ProblemsError(f"{name} has a text that is not UTF-8 ({error.reason})", "write the file again") from None
    except OverflowError as error:
        raise ProblemsError(f"{name} has a day or a time that no calendar has: {error}", "write it as a text") from None
    except (pa.ArrowException, OSError) as error:
        raise ProblemsError(f"{name} is not a whole Parquet file: {error}", "make or copy the file again") from None


def _plain_rows(batch: pa.RecordBatch) -> list[Row]:
    """Rows in which a short float is what its column means: 0.1, and not the double next to its four bytes."""
    short = [field for field in batch.schema if _holds_short(field.type)]
    rows: list[Row] = batch.to_pylist()
    for row in rows:
        for field in short:
            row[field.name] = _spelled(row[field.name], field.type)
    return rows


_SHORT = (pa.float32(), pa.float16())


def _holds_short(kind: pa.DataType) -> bool:
    """Whether values of a type are short floats, or lists or structs that hold some."""
    return kind in _SHORT or any(_holds_short(kind.field(place).type) for place in range(kind.num_fields))


def _spelled(value: Any, kind: pa.DataType) -> Any:
    """A value with its short floats in the shortest spelling of their own precision."""
    if value is None or not _holds_short(kind):
        return value
    if kind in _SHORT:
        return float(str(kind.to_pandas_dtype()(value)))
    if pa.types.is_struct(kind):
        return {field.name: _spelled(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return [(key, _spelled(one, kind.item_type)) for key, one in value]
    return [_spelled(one, kind.value_type) for one in value]


SEPARATED = (".csv", ".tsv")
READERS: dict[str, Callable[[Path, str, Form], Iterator[Row | ProblemsError]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    **dict.fromkeys(SEPARATED, _read_separated),
    ".parquet": _read_parquet,
}
ENDINGS = ".jsonl, .json, .csv or .tsv, each also .gz, or in .parquet"
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
"""what a file says that is not a whole gzip file"""


def _open(path: Path, name: str) -> BinaryIO:
    try:
        return gzip.open(path, "rb") if name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]
    except OSError as error:
        raise ProblemsError(f"{name} cannot be read: {error.strerror}", "allow reading it") from None


def _guarded(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Lines as bytes; a damaged .gz file is the user's to mend."""
    try:
        yield from file
    except DAMAGED as error:
        raise _damaged(name, error) from None


def _damaged(name: str, error: Exception) -> ProblemsError:
    return ProblemsError(f"{name} is not a whole gzip file: {error}", "make or copy the file again")


def _decode(content: bytes, name: str, offset: int) -> str:
    if offset == 0:
        offset = len(BYTE_ORDER_MARK) if content.startswith(BYTE_ORDER_MARK) else 0
        content = content[offset:]
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProblemsError(f"{name} is not UTF-8 (byte {offset + error.start})", "save it as UTF-8 text") from None


def _parse_object(text: str, name: str, line: int) -> Row:
    try:
        row = parse_json(text)
    except json.JSONDecodeError as error:
        raise ProblemsError(f"{name}, line {line}: not JSON: {error.msg}", "correct or remove that line") from None
    except ValueError as error:
        raise ProblemsError(f"{name}, line {line}: {error}", "correct or remove that line") from None
    if not isinstance(row, dict):
        raise ProblemsError(f"{name}, line {line}: {_kind(row)}, not an object", 'write {"field": value, ...}')
    return row


def _kind(value: Any) -> str:
    names = {dict: "object", list: "list", str: "text", bool: "truth value", type(None): "null"}
    return names.get(type(value), "number")
