"""Whether sets are apart, asked of lists of problems."""

from __future__ import annotations

from collections.abc import Iterable

from configs.schema.benchmarks import SET_PREFIX
from configs.schema.problems import SETS
from tasks.core.records import Problem
from tasks.sample.problems.overlap import check_sets
from tasks.sample.problems.reading import Rows, read_of, spool_rows


def check_lists(**sets: Iterable[Problem]) -> None:
    """`check_sets` of the three sets (one that is not named is empty), of benchmarks by their names, and of all others
    as worked examples."""
    three = {name: _rows(sets.pop(name, ())) for name in SETS}
    asked = {name: _rows(sets.pop(name)) for name in list(sets) if name.startswith(SET_PREFIX)}
    check_sets(three, {name: _rows(problems) for name, problems in sets.items()}, asked)


def _rows(problems: Iterable[Problem]) -> Rows:
    return spool_rows(read_of(f"row {number}", problem) for number, problem in enumerate(problems))
