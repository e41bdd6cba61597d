"""The rows that a source takes, each with its number in the file: read, chosen by `where`, shuffled, cut.

Called by `sources.py`. `start` and `limit` count what `where` takes, in the order of `shuffle`; without both, what lies
after the last row taken is not read. Rows keep the numbers that they have in the file.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.problems import FileSource, HubSource, StoreSource
from tasks.sample.problems.files import Row, scan_rows
from tasks.sample.problems.hub import read_hub_rows
from tasks.sample.problems.place import Place
from tasks.sample.problems.separated import Form
from tasks.sample.problems.spool import Spool
from tasks.sample.problems.tally import Tally
from tasks.sample.problems.where import build_where

RowsOf = FileSource | HubSource | StoreSource
Numbered = tuple[int, Row | ProblemsError]


def take_rows(source: RowsOf, place: Place, tally: Tally) -> Iterator[tuple[int, Row]]:
    """Rows with their numbers; the tally is told of the others.

    Raises:
        ProblemsError: the source is missing, unreadable or empty, or no row is left.
    """
    name = name_of(source)
    is_cut = source.kind == "hub" and not _is_chosen(source)  # there the reader cuts
    numbered = _wanted(source, _scan(source, place), tally, name)
    if source.shuffle is not None:
        rows = Spool(numbered)
        order = array("q", range(len(rows)))
        random.Random(f"shuffle {source.shuffle}").shuffle(order)
        numbered = (rows[place] for place in order)
    if not is_cut:
        numbered = islice(numbered, source.start, None if source.limit is None else source.start + source.limit)
    taken = 0
    for number, row in numbered:
        taken += 1
        if isinstance(row, ProblemsError):
            tally.add_bad(row, source.on_bad_row)
        else:
            yield number, row
    if not taken:
        raise _none_left(source, tally, name)


def name_of(source: RowsOf) -> str:
    """How messages name a source."""
    if source.kind == "file":
        return source.path
    return source.id if source.kind == "hub" else source.key


def _is_chosen(source: RowsOf) -> bool:
    return source.where is not None or source.shuffle is not None


def _scan(source: RowsOf, place: Place) -> Iterator[Numbered]:
    if source.kind == "hub":
        everything = source.model_copy(update={"start": 0, "limit": None}) if _is_chosen(source) else source
        return enumerate(read_hub_rows(everything, place.base_dir), start=everything.start)
    form = Form(source.separator, source.encoding)
    if source.kind == "file":
        return enumerate(scan_rows(place.base_dir / Path(source.path).expanduser(), source.path, form))
    if place.fetch is None:
        raise ProblemsError(f"{source.key} is in the store, and no store is open", "name one in services.store")
    return enumerate(scan_rows(place.fetch(source), source.key, form))


def _wanted(source: RowsOf, numbered: Iterator[Numbered], tally: Tally, name: str) -> Iterator[Numbered]:
    """Rows that `where` takes; of one that it fails on, why."""
    is_wanted = build_where(source.where) if source.where is not None else None
    for number, row in numbered:
        tally.num_rows += 1
        if is_wanted is None or isinstance(row, ProblemsError):
            yield number, row
            continue
        try:
            if is_wanted(row, f"{name}, row {number}"):
                yield number, row
            else:
                tally.num_unwanted += 1
        except ProblemsError as error:
            yield number, error


def _none_left(source: RowsOf, tally: Tally, name: str) -> ProblemsError:
    if source.where is not None and tally.num_rows and tally.num_unwanted == tally.num_rows:
        told = source.where.expression if source.where.kind == "expression" else source.where.function
        return ProblemsError(f"{name}: `where` takes none of {tally.num_rows:,} rows: {told}", "loosen or correct it")
    if source.start:
        among = f" that `where` takes ({tally.num_unwanted:,} are not)" if tally.num_unwanted else ""
        return ProblemsError(f"{name} has no row {source.start}{among}, counting from 0", "write a smaller start")
    return ProblemsError(f"{name} has no rows", "make or copy the file again")
