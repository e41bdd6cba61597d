"""Problems: reads the sets of a recipe and checks them against each other.

Called by the Prefect task, by `selfloop plan` and by `selfloop stage`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.errors import ProblemsError
from configs.schema.benchmarks import SET_PREFIX
from configs.schema.problems import SETS, Problems, Source, StoreSource
from configs.schema.recipe import Recipe
from configs.schema.verifiers.kinds import Verifier
from tasks.core.bench import Workbench
from tasks.core.records import Problem
from tasks.core.step import StepSpec, Summary
from tasks.sample.problems.golds import require_readable_gold, verifiers_of_sets
from tasks.sample.problems.overlap import check_sets
from tasks.sample.problems.place import Place
from tasks.sample.problems.reading import ProblemsOf, Reading, Rows, spool_rows
from tasks.sample.problems.rows import name_of
from tasks.sample.problems.sets import require_gold, require_solutions
from tasks.sample.problems.shares import split_rows
from tasks.sample.problems.sources import read_source
from tasks.sample.problems.stage import PROBLEMS
from tasks.sample.problems.tally import LEFT_OUT, Tally, refuse_wrong

FEW_SHOT = "few_shot"
"""name of the set of examples that are shown"""


def specify(bench: Workbench) -> StepSpec:
    """The step's key, from the recipe and the content of the files it names."""
    return PROBLEMS.spec(bench.recipe, bench.contents, 0, {})


@dataclass(frozen=True)
class Sets:
    """All sets of a recipe.

    Attributes:
        rows: problems with the rows that they are of, by the set's name.
        tallies: rows that are in no set, by the name of the set; `problems` where one source is split.
    """

    rows: dict[str, Rows]
    tallies: dict[str, Tally]

    @property
    def problems(self) -> dict[str, Sequence[Problem]]:
        return {name: ProblemsOf(rows) for name, rows in self.rows.items()}

    def lines(self) -> Iterator[str]:
        """How many problems there are, and which rows were left out and why, for people."""
        yield "problems: " + ", ".join(f"{name} {len(problems):,}" for name, problems in self.problems.items())
        yield from (f"  {line}" for line in self.left_out())

    def left_out(self) -> Iterator[str]:
        """Which rows were left out, and why; nothing where none was."""
        for name, tally in self.tallies.items():
            yield from tally.lines(name)

    def summary(self) -> Summary:
        """The same for the step's record: numbers by set, and the rows in words."""
        found: Summary = {f"num_{name}": len(problems) for name, problems in self.problems.items()}
        for name, tally in self.tallies.items():
            counts = {"unwanted": tally.num_unwanted, "bad": tally.bad.count, "repeated": tally.repeated.count}
            found |= {f"num_{fate}_{name}": count for fate, count in counts.items() if count}
            if tally.words():
                found[f"{LEFT_OUT}{name}"] = "\n".join(tally.lines(name))
        return found


def read_all(bench: Workbench) -> Sets:
    """Every set of the recipe, with every gold answer read by the verifiers that will compare with it, and all sets
    checked against each other.

    Raises:
        ProblemsError: a source cannot be read; rows cannot be used, which are listed over all sets; a problem is in two
            sets; or an example that is shown has no solution.
    """
    sets = read_each(bench, verifiers_of_sets(bench.recipe))
    refuse_wrong(sets.tallies.values())
    check_apart(sets)
    require_solutions(sets.problems.get(FEW_SHOT, ()), "generate.few_shot shows it")
    return sets


def check_apart(sets: Sets) -> None:
    """Nothing, where no problem is in two sets that have to be apart; ProblemsError names one that is."""
    worked = {name: rows for name, rows in sets.rows.items() if _part(name) == "warm_start"}
    asked = {name: rows for name, rows in sets.rows.items() if name.startswith(SET_PREFIX)}
    check_sets({name: sets.rows[name] for name in SETS}, worked, asked)


def read_sets(bench: Workbench) -> dict[str, Sequence[Problem]]:
    """The problems of `read_all`."""
    return read_all(bench).problems


def read_each(bench: Workbench, verifiers: Mapping[str, tuple[Verifier, ...]] | None = None) -> Sets:
    """Every set of the recipe by itself: none is checked against the others.

    Args:
        verifiers: those that have to read a set's gold answers; default: none.
    """
    verifiers, fetch, recipe = verifiers or {}, fetcher(bench), bench.recipe
    sets, tallies = {}, {}
    for name, source in sources_of(recipe).items():
        reading = read_source(source, Place(_part(name), fetch, bench.base_dir, verifiers.get(name, ())))
        sets[name], tallies[name] = reading.rows, reading.tally
    if recipe.problems.source is not None:
        asked = tuple(dict.fromkeys(rule for name in SETS for rule in verifiers.get(name, ())))
        place = Place("train", fetch, bench.base_dir, asked, recipe.problems.group)
        reading = read_source(recipe.problems.source, place)
        sets = split_problems(recipe.problems, reading) | sets
        tallies = {"problems": reading.tally} | tallies
    return Sets(sets, tallies)


def split_problems(config: Problems, reading: Reading) -> dict[str, Rows]:
    """The three sets of one source. One that has wrong rows is not refused for its groups: these are told first."""
    assert config.source is not None, "it is split"
    shares = {name: getattr(config.split, name) for name in SETS}
    try:
        return split_rows(reading.rows, shares, config.source.shuffle, name_of(config.source), config.group)
    except ProblemsError:
        if not reading.tally.wrong.count:
            raise
        return {"train": reading.rows, "select": spool_rows(), "report": spool_rows()}


def check_golds(recipe: Recipe, sets: Mapping[str, Iterable[Problem]]) -> None:
    """Nothing, where every set has the gold answers that are compared with, and the verifiers can read them.

    Raises:
        ProblemsError: names a problem without one, or lists those whose answer cannot be read whole.
    """
    for part, verifiers in verifiers_of_sets(recipe).items():
        for verifier in verifiers:
            problems = sets.get(part, ())
            require_gold(problems, f"the judge of the {part} set compares with it")
            require_readable_gold(problems, part, verifier)


def sources_of(recipe: Recipe) -> dict[str, Source]:
    """The recipe's sources by set name; without the three sets where one source is split."""
    sets = recipe.problems.sets()
    few_shot = recipe.generate.few_shot
    shown: dict[str, Source] = {FEW_SHOT: few_shot.source} if few_shot else {}
    worked = {name: section.source for name, section in recipe.warm_starts().items()}
    return sets | shown | worked | {name: one.source for name, one in recipe.benchmark_sets().items()}


def _part(name: str) -> str:
    """The part of a built-in source that a set is made from: all worked examples are made from the same, and what is
    only measured, too."""
    if name.startswith(SET_PREFIX):
        return "report"
    return "warm_start" if name.startswith(("warm_start", FEW_SHOT)) else name


def fetcher(bench: Workbench) -> Callable[[StoreSource], Path]:
    """Brings objects of the store that a problem source names."""
    return lambda source: bench.ledger.fetch_object(source.key, source.sha256)
