"""Rows of training as token ids in an Arrow file, which the processes that train together map into memory.

The first of a group encodes, some hundreds at a time; all read. A phase that is resumed finds its file again. Used by
`prepare.py`; what a row holds is said by its objective.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset

from infra.engines.train.objectives.objective import PARTS, WEIGHTS, Objective, TokenRow
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import Encoder

ROWS_AT_ONCE = 256
IDS = ("_ids", "labels", PARTS)
"""ends of the names of columns of whole numbers, one a token"""


@dataclass(frozen=True)
class TokenFile:
    """What an Arrow file of token rows holds.

    Attributes:
        fingerprint: of the request that the rows are of.
        num_rows: in the file.
        num_too_long: rows that are not.
        dropped: columns that say nothing: weights of tokens that are 1 in every row.
    """

    fingerprint: str
    num_rows: int
    num_too_long: int
    dropped: tuple[str, ...]


def encode_file(
    path: Path, rows: Iterable[dict[str, Any]], objective: Objective, request: TrainRequest, encoder: Encoder
) -> TokenFile:
    """Encode rows into a file, or find it done: for the first process of a group.

    Args:
        path: of the Arrow file; what it holds is told beside it, in a file of the same name that ends in `.json`.

    Raises:
        EngineError: the objective cannot be trained on a row.
    """
    told, fingerprint = path.with_suffix(".json"), request.fingerprint()
    found = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    if found.get("fingerprint") == fingerprint and path.exists():
        return TokenFile(**{**found, "dropped": tuple(found["dropped"])})
    told.unlink(missing_ok=True)
    encoding = _Encoding(objective, request, encoder)
    num_rows = write_token_rows(path, encoding.encode(rows))
    made = TokenFile(fingerprint, num_rows, encoding.num_too_long, tuple(sorted(encoding.plain)))
    partial = told.with_suffix(".part")
    partial.write_text(json.dumps(asdict(made)), encoding="utf-8")
    os.replace(partial, told)
    return made


def read_token_rows(path: Path, dropped: Sequence[str] = ()) -> Dataset:
    """The rows of a file, not in memory."""
    return Dataset.from_file(str(path)).remove_columns(list(dropped))


def write_token_rows(path: Path, rows: Iterator[TokenRow]) -> int:
    """Write rows, all with the columns of the first; returns their number. No file is written where there is none."""
    first = next(rows, None)
    if first is None:
        return 0
    schema, count = schema_of(first), 0
    waiting = chain([first], rows)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        while part := list(islice(waiting, ROWS_AT_ONCE)):
            writer.write_batch(pa.RecordBatch.from_pylist(part, schema=schema))
            count += len(part)
    return count


def schema_of(row: TokenRow) -> pa.Schema:
    """Token ids are of 32 bits; every other number is a float64, or a truth."""
    return pa.schema([(name, _type_of(name, value)) for name, value in row.items()])


def _type_of(name: str, value: Any) -> pa.DataType:
    if name.endswith(IDS):
        return pa.list_(pa.int32())
    if isinstance(value, list):
        return pa.list_(pa.float64())
    return pa.bool_() if isinstance(value, bool) else pa.float64()


class _Encoding:
    """Rows as they are encoded, and what is known of them at their end."""

    def __init__(self, objective: Objective, request: TrainRequest, encoder: Encoder) -> None:
        self._objective, self._request, self._encoder = objective, request, encoder
        self.num_too_long = 0
        self.plain: set[str] = set()
        self._has_weights = False

    def encode(self, rows: Iterable[dict[str, Any]]) -> Iterator[TokenRow]:
        waiting = iter(rows)
        while part := list(islice(waiting, ROWS_AT_ONCE)):
            self._encoder.look_ahead(part)
            for row in part:
                found = self._objective.rows.encode(row, self._encoder)
                if found is None:
                    self.num_too_long += 1
                    continue
                self._look_at(found)
                yield self._objective.prepare(found, self._request)

    def _look_at(self, row: Mapping[str, Any]) -> None:
        """Token weights are dropped where all are 1 in every row: the common case carries none."""
        if self._has_weights:
            return
        columns = {name for name in row if name.endswith(WEIGHTS)}
        self._has_weights = any(weight != 1 for name in columns for weight in row[name])
        self.plain = set() if self._has_weights else columns
