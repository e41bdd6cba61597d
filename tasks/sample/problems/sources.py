"""Where problems come from: one reader for each kind of source.

Called by the problems task, once for each set of a recipe. A new kind is one reader and one entry in READERS.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.problems import FileSource, HubSource, Source, StoreSource
from tasks.core.records import Problem
from tasks.sample.problems.builtin import make_addition, make_columns, make_multiplication
from tasks.sample.problems.files import Row, read_rows
from tasks.sample.problems.gym import draw_gym_problems
from tasks.sample.problems.hub import read_hub_rows
from tasks.sample.problems.mapping import map_rows
from tasks.sample.problems.sets import drop_repeats

Fetch = Callable[[StoreSource], Path]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """What a reader knows besides its source.

    Attributes:
        part: the set: warm_start | train | select | report.
        fetch: brings an object of the store to a local file; None where there is no store.
        base_dir: folder that relative paths begin at.
    """

    part: str
    fetch: Fetch | None
    base_dir: Path


def read_problems(source: Source, *, part: str, fetch: Fetch | None, base_dir: Path) -> list[Problem]:
    """The problems of one set, each once, in the order of their source.

    Args:
        source: a section of the recipe.
        part: warm_start | train | select | report.
        fetch: brings an object of the store to a local file; None where no source is in the store.
        base_dir: folder that relative paths begin at.

    Raises:
        ProblemsError: the source is missing, unreadable, empty or contradicts itself.
        RecipeError: a template of the mapping is not Jinja.
    """
    problems, num_repeats = drop_repeats(READERS[source.kind](source, Place(part, fetch, base_dir)), part)
    if num_repeats:
        logger.warning("%s: %d repeated problems were left out", part, num_repeats)
    return problems


def _read_file(source: FileSource, place: Place) -> Iterator[Problem]:
    rows = read_rows(place.base_dir / Path(source.path).expanduser(), source.path)
    return _map(_cut(rows, source), source, source.path)


def _read_store(source: StoreSource, place: Place) -> Iterator[Problem]:
    if place.fetch is None:
        raise ProblemsError(f"{source.key} is in the store, and no store is open", "name one in services.store")
    return _map(_cut(read_rows(place.fetch(source), source.key), source), source, source.key)


def _read_hub(source: HubSource, place: Place) -> Iterator[Problem]:
    return _map(read_hub_rows(source, place.base_dir), source, source.id)


READERS: dict[str, Callable[..., Iterable[Problem]]] = {
    "file": _read_file,
    "hub": _read_hub,
    "store": _read_store,
    "addition": lambda source, place: make_addition(source, place.part),
    "multiplication": lambda source, place: make_multiplication(source, place.part),
    "reasoning_gym": lambda source, place: draw_gym_problems(source, place.part),
    "columns": lambda source, place: make_columns(source, place.part),
}


def _cut(rows: Iterator[Row], source: FileSource | StoreSource) -> Iterator[Row]:
    """Rows from `start` on, at most `limit`; what lies after them is not read."""
    return islice(rows, source.start, None if source.limit is None else source.start + source.limit)


def _map(rows: Iterator[Row], source: FileSource | StoreSource | HubSource, name: str) -> Iterator[Problem]:
    """At least one problem, or an error."""
    first = next(rows, None)
    if first is None and source.start:
        raise ProblemsError(f"{name} has no row {source.start}, counting from 0", "write a smaller start")
    if first is None:
        raise ProblemsError(f"{name} has no rows", "make or copy the file again")
    return map_rows(chain([first], rows), source.mapping, name, source.start)
