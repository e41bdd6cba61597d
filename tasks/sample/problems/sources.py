"""Where problems come from: one reader for each kind of source.

Called by `run.py`, once for each set of a recipe. A new kind is one reader and one entry in READERS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.problems import MixtureSource, Source
from configs.schema.verifiers.kinds import Verifier
from tasks.core.records import Problem
from tasks.sample.problems.builtin import make_addition, make_columns, make_multiplication
from tasks.sample.problems.golds import GoldReader
from tasks.sample.problems.gym import draw_gym_problems
from tasks.sample.problems.mapping import map_row, read_field
from tasks.sample.problems.place import Fetch, Place
from tasks.sample.problems.reading import Read, Reading, read_of, sift_repeats, spool_rows
from tasks.sample.problems.rows import RowsOf, name_of, take_rows
from tasks.sample.problems.sets import fingerprint
from tasks.sample.problems.shares import mix_rows
from tasks.sample.problems.tally import Tally, refuse_wrong


def read_problems(
    source: Source, *, part: str, fetch: Fetch | None, base_dir: Path, verifiers: tuple[Verifier, ...] = ()
) -> list[Problem]:
    """The problems of one set, each once, in the order of their source.

    Args:
        source: a section of the recipe.
        part: warm_start | train | select | report.
        fetch: brings an object of the store to a local file; None where no source is in the store.
        base_dir: folder that relative paths begin at.
        verifiers: those that have to read its gold answers.

    Raises:
        ProblemsError: the source is missing, unreadable, empty or contradicts itself, or rows cannot be used.
        RecipeError: a template of the mapping is not Jinja.
    """
    reading = read_source(source, Place(part, fetch, base_dir, verifiers))
    refuse_wrong([reading.tally])
    return list(reading.problems)


def read_source(source: Source, place: Place) -> Reading:
    """What a source gives, with a tally of the rows that it does not give; errors of rows are counted there."""
    return READERS[source.kind](source, place)


def _read_rows(source: RowsOf, place: Place) -> Reading:
    tally, name = Tally(), name_of(source)
    rows = sift_repeats(_mapped(source, place, tally), tally)
    if not rows and not tally.wrong.count:
        raise ProblemsError(
            f"{name}: no row can be used; `on_bad_row: drop` left out {tally.bad.count:,}, the first: "
            f"{tally.bad.first[0]}",
            tally.bad.fixes[0] if tally.bad.fixes else "correct the mapping or the file",
        )
    return Reading(rows, tally)


def _mapped(source: RowsOf, place: Place, tally: Tally) -> Iterator[Read]:
    """The rows that can be used, repeated ones as well; the tally is told of the others."""
    golds = GoldReader(place.verifiers)
    for number, row in take_rows(source, place, tally):
        label = f"{name_of(source)}, row {number}"
        try:
            problem = map_row(row, source.mapping, label)
            group = read_field(row, place.group, "group", label) if place.group else ""
            golds.require(problem, label)
        except ProblemsError as error:
            tally.add_bad(error, source.on_bad_row)
        else:
            digest = fingerprint(problem.messages)
            yield Read(label, problem, digest, group, source.on_bad_row, source.duplicates)


def _read_mixture(source: MixtureSource, place: Place) -> Reading:
    readings = [read_source(part.source, place) for part in source.parts]
    tally = Tally()
    for reading in readings:
        tally.extend(reading.tally)
    every = (replace(row, part=number) for number, reading in enumerate(readings) for row in reading.rows)
    kept = sift_repeats(every, tally)
    if tally.wrong.count:
        return Reading(kept, tally)
    parts = [spool_rows() for _ in readings]
    for row in kept:
        parts[row.part].add(row)
    names = [f"part {number} ({name_of(part.source)})" for number, part in enumerate(source.parts)]
    mixed = mix_rows(parts, [part.share for part in source.parts], source.num_problems, names)
    return Reading(spool_rows(mixed), tally)


def _made(make: Callable[..., Iterable[Problem]]) -> Callable[..., Reading]:
    """The reader of a source that makes its problems."""

    def read(source: Source, place: Place) -> Reading:
        tally, golds = Tally(), GoldReader(place.verifiers)

        def made() -> Iterator[Read]:
            for number, problem in enumerate(make(source, place.part)):
                row = read_of(f"{source.kind}, number {number} of {place.part}", problem)
                tally.num_rows += 1
                try:
                    golds.require(row.problem, row.label)
                except ProblemsError as error:
                    tally.add_bad(error, "error")
                yield row

        return Reading(sift_repeats(made(), tally), tally)

    return read


READERS: dict[str, Callable[..., Reading]] = {
    "file": _read_rows,
    "hub": _read_rows,
    "store": _read_rows,
    "mixture": _read_mixture,
    "addition": _made(make_addition),
    "multiplication": _made(make_multiplication),
    "reasoning_gym": _made(draw_gym_problems),
    "columns": _made(make_columns),
}
