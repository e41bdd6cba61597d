"""Records as Parquet, streamed: writing and reading hold one row group in memory, whatever the file's size.

A file says of which version its records are; one that says nothing is of the first.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import UserError
from tasks.core.records import OLDER, Change

ROWS_PER_GROUP = 4096
ROWS_AT_ONCE = 1024
"""of a group that are Python values at a time: such a value takes many times the memory of what a file holds of it"""
FIRST_VERSION = 1
Record = TypeVar("Record")
_VERSION = b"selfloop.version"
_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


class TableWriter:
    """Writes rows of one record class, a row group at a time; use as a context manager."""

    def __init__(self, path: Path, record: type) -> None:
        self._schema = schema_of(record).with_metadata({_VERSION: str(version_of(record))})
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._group: list[pa.RecordBatch] = []

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._convert()
        self._flush()
        self._writer.close()

    def add(self, row: Any) -> None:
        """Append one row."""
        self._waiting.append(row)
        if len(self._waiting) == ROWS_AT_ONCE:
            self._convert()
            if len(self._group) * ROWS_AT_ONCE == ROWS_PER_GROUP:
                self._flush()

    def _convert(self) -> None:
        if self._waiting:
            self._group.append(_to_batch(self._waiting, self._schema))
            self._waiting = []

    def _flush(self) -> None:
        if self._group:
            self._writer.write_table(pa.Table.from_batches(self._group), row_group_size=ROWS_PER_GROUP)
            self._group = []


def write_records(path: Path, record: type[Record], rows: Iterable[Record]) -> int:
    """Write rows of one record class, in order; returns their number."""
    count = 0
    with TableWriter(path, record) as writer:
        for row in rows:
            writer.add(row)
            count += 1
    return count


def read_records(path: Path, record: type[Record]) -> Iterator[Record]:
    """Rows of a file that `write_records` made, in order. Files of earlier versions are read as records of today's.

    Raises:
        UserError: the file is not Parquet, is cut short, holds other records, or is of a version not known here.
    """
    try:
        source = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path} is not a whole Parquet file: {error}", "make the file again") from None
    with source:
        changes = _changes_since(_version(source.schema_arrow, record, path), record)
        names = source.schema_arrow.names if changes else schema_of(record).names
        _check_columns(source.schema_arrow.names, record, path, is_older=bool(changes))
        restore = _restorer(record, names, changes)
        for batch in source.iter_batches(batch_size=ROWS_AT_ONCE, columns=names, use_threads=False):
            columns = [batch.column(name).to_pylist() for name in names]
            yield from (restore(values) for values in zip(*columns, strict=True))


def version_of(record: Any) -> int:
    """Version of a record class's fields."""
    return int(record.VERSION)


def _version(schema: pa.Schema, record: type, path: Path) -> int:
    version = int((schema.metadata or {}).get(_VERSION, FIRST_VERSION))
    if version > version_of(record):
        raise UserError(
            f"{path} holds {record.__name__}s of version {version}, and this selfloop knows them up to version "
            f"{version_of(record)}",
            "use the selfloop that wrote the file, or a newer one",
        )
    return version


def _changes_since(version: int, record: type) -> list[Change]:
    """What makes a row of today's version from one of an earlier version; empty for a file of today's."""
    return [OLDER.get((record, number), lambda row: row) for number in range(version, version_of(record))]


def _check_columns(names: Sequence[str], record: type, path: Path, is_older: bool) -> None:
    """A file of today's version has every column; one that is older may lack those with a default."""
    fields = dataclasses.fields(record)
    needed = [field.name for field in fields if not is_older or field.default is dataclasses.MISSING]
    if missing := [name for name in needed if name not in names]:
        raise UserError(
            f"{path} has no column {', '.join(missing)}: not a table of {record.__name__}s",
            f"give a file of {record.__name__}s, as the stage before writes it",
        )


def schema_of(record: Any) -> pa.Schema:
    """Arrow schema of a record class; one column a field, in the order of the fields."""
    hints = typing.get_type_hints(record)
    return pa.schema([_field(field.name, hints[field.name]) for field in dataclasses.fields(record)])


def _field(name: str, hint: Any) -> pa.Field:
    inner, nullable = _without_none(hint)
    return pa.field(name, _arrow_type(inner), nullable=nullable)


def _arrow_type(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if dataclasses.is_dataclass(hint):
        return pa.struct(list(schema_of(hint)))
    return _ARROW[hint]


def _without_none(hint: Any) -> tuple[Any, bool]:
    if isinstance(hint, types.UnionType):
        return next(part for part in hint.__args__ if part is not types.NoneType), True
    return hint, False


def _to_batch(rows: list[Any], schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in schema:
        values = list(map(attrgetter(field.name), rows))
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            values = [[dataclasses.asdict(item) for item in value] for value in values]
        columns.append(pa.array(values, type=field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _restorer(record: Any, names: list[str], changes: list[Change]) -> Any:
    """A function from one row's plain values to the record: lists become tuples, structs their class."""
    hints = typing.get_type_hints(record)
    converters = [_converter(hints[name]) if name in hints else None for name in names]

    def convert(values: tuple[Any, ...]) -> Iterator[Any]:
        return (
            read(value) if read and isinstance(value, list) else value
            for read, value in zip(converters, values, strict=True)
        )

    def restore_older(values: tuple[Any, ...]) -> Any:
        row = functools.reduce(lambda row, change: change(row), changes, dict(zip(names, convert(values), strict=True)))
        return record(**{field.name: row[field.name] for field in dataclasses.fields(record) if field.name in row})

    if changes:
        return restore_older
    return (lambda values: record(*convert(values))) if any(converters) else (lambda values: record(*values))


def _converter(hint: Any) -> Any:
    inner, _ = _without_none(hint)
    if typing.get_origin(inner) is not tuple:
        return None
    item: Any = typing.get_args(inner)[0]
    if dataclasses.is_dataclass(item) and isinstance(item, type):
        return lambda value: tuple(item(**part) for part in value)
    return tuple
