"""Records as Parquet, streamed: writing and reading hold one row group in memory, whatever the file's size."""

from __future__ import annotations

import dataclasses
import itertools
import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import UserError

ROWS_PER_GROUP = 8192
Record = TypeVar("Record")
_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


class TableWriter:
    """Writes rows of one record class, a row group at a time; use as a context manager."""

    def __init__(self, path: Path, record: type) -> None:
        self._schema = schema_of(record)
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Any] = []

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, row: Any) -> None:
        """Append one row."""
        self._waiting.append(row)
        if len(self._waiting) == ROWS_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(_to_table(self._waiting, self._schema))
            self._waiting = []


def write_records(path: Path, record: type[Record], rows: Iterable[Record]) -> int:
    """Write rows of one record class, in order; returns their number."""
    count = 0
    with TableWriter(path, record) as writer:
        for row in rows:
            writer.add(row)
            count += 1
    return count


def read_records(path: Path, record: type[Record]) -> Iterator[Record]:
    """Rows of a file that `write_records` made, in order.

    A column that the file lacks because it is older than the field holds the field's default.

    Raises:
        UserError: the file is not Parquet, is cut short, or lacks a column that has no default.
    """
    schema = schema_of(record)
    try:
        source = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path} is not a whole Parquet file: {error}", "make the file again") from None
    with source:
        known = [name for name in schema.names if name in source.schema_arrow.names]
        if missing := _needed_columns(record) - set(known):
            raise UserError(
                f"{path} has no column {', '.join(sorted(missing))}: not a table of {record.__name__}s",
                f"give a file of {record.__name__}s, as the stage before writes it",
            )
        columns = _Columns(record, known)
        for batch in source.iter_batches(batch_size=ROWS_PER_GROUP, columns=known, use_threads=False):
            yield from map(record, *columns.of(batch))


def schema_of(record: Any) -> pa.Schema:
    """Arrow schema of a record class; one column a field, in the order of the fields."""
    hints = typing.get_type_hints(record)
    return pa.schema([_field(field.name, hints[field.name]) for field in dataclasses.fields(record)])


def _needed_columns(record: Any) -> set[str]:
    """Names of the fields without a default."""
    return {field.name for field in dataclasses.fields(record) if field.default is dataclasses.MISSING}


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


def _to_table(batch: list[Any], schema: pa.Schema) -> pa.Table:
    columns = []
    for field in schema:
        values = [getattr(row, field.name) for row in batch]
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            values = [[dataclasses.asdict(item) for item in value] for value in values]
        columns.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)


class _Columns:
    """A record's fields, in order, from a batch that holds the columns `known`: lists become tuples, structs their
    class, and a field without a column its default."""

    def __init__(self, record: Any, known: list[str]) -> None:
        hints = typing.get_type_hints(record)
        self._converters = {name: _converter(hints[name]) for name in known}
        self._fields = dataclasses.fields(record)

    def of(self, batch: pa.RecordBatch) -> Iterator[Iterable[Any]]:
        for field in self._fields:
            if field.name not in self._converters:
                yield itertools.repeat(field.default, batch.num_rows)
                continue
            convert, values = self._converters[field.name], batch.column(field.name).to_pylist()
            yield map(convert, values) if convert else values


def _converter(hint: Any) -> Any:
    inner, _ = _without_none(hint)
    if typing.get_origin(inner) is not tuple:
        return None
    item: Any = typing.get_args(inner)[0]
    if dataclasses.is_dataclass(item) and isinstance(item, type):
        return lambda value: tuple(item(**part) for part in value)
    return tuple
