"""Problems: reads the sets of a recipe and checks them against each other.

Called by the Prefect task, by `selfloop plan` and by `selfloop stage`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from configs.schema.problems import Source, StoreSource
from configs.schema.recipe import Recipe
from configs.schema.verifiers.kinds import Verifier
from tasks.core.bench import Workbench
from tasks.core.records import Problem
from tasks.core.step import StepSpec
from tasks.sample.problems.golds import require_readable_gold
from tasks.sample.problems.sets import check_sets, require_gold, require_solutions
from tasks.sample.problems.sources import read_problems
from tasks.sample.problems.stage import PROBLEMS

FEW_SHOT = "few_shot"
"""name of the set of examples that are shown"""


def specify(bench: Workbench) -> StepSpec:
    """The step's key, from the recipe and the content of the files it names."""
    return PROBLEMS.spec(bench.recipe, bench.contents, 0, {})


def read_sets(bench: Workbench) -> dict[str, list[Problem]]:
    """Every set of the recipe, checked against each other."""
    sets = read_each(bench)
    worked = {name: problems for name, problems in sets.items() if _part(name) == "warm_start"}
    check_sets(sets["train"], sets["select"], sets["report"], **worked)
    require_solutions(sets.get(FEW_SHOT, ()), "generate.few_shot shows it")
    check_golds(bench.recipe, sets)
    return sets


def read_each(bench: Workbench) -> dict[str, list[Problem]]:
    """Every set of the recipe by itself: none is checked against the others or against the verifiers."""
    fetch = fetcher(bench)
    return {
        name: read_problems(source, part=_part(name), fetch=fetch, base_dir=bench.base_dir)
        for name, source in sources_of(bench.recipe).items()
    }


def check_golds(recipe: Recipe, sets: Mapping[str, Iterable[Problem]]) -> None:
    """Nothing, where every set has the gold answers that are compared with, and the verifiers can read them.

    Raises:
        ProblemsError: names a problem without one, or lists those whose answer cannot be read whole.
    """
    for part, verifier in verifiers_of_sets(recipe).items():
        problems = list(sets[part])
        require_gold(problems, f"the judge of the {part} set compares with it")
        require_readable_gold(problems, part, verifier)


def verifiers_of_sets(recipe: Recipe) -> dict[str, Verifier]:
    """What compares with the gold answers of a set: of the held-out ones, and of train where a judge does."""
    judge, found = recipe.answer_judge(), {}
    if judge is not None and judge.rule is not None:
        found["train"] = judge.rule
    found |= dict.fromkeys(("select", "report"), recipe.verifier_for_gold())
    return {part: verifier for part, verifier in found.items() if verifier.kind != "python"}


def sources_of(recipe: Recipe) -> dict[str, Source]:
    """The recipe's sources by set name."""
    sets: dict[str, Source] = {
        "train": recipe.problems.train,
        "select": recipe.problems.select,
        "report": recipe.problems.report,
    }
    few_shot = recipe.generate.few_shot
    shown: dict[str, Source] = {FEW_SHOT: few_shot.source} if few_shot else {}
    return sets | shown | {name: section.source for name, section in recipe.warm_starts().items()}


def _part(name: str) -> str:
    """The part of a built-in source that a set is made from: all worked examples are made from the same."""
    return "warm_start" if name.startswith(("warm_start", FEW_SHOT)) else name


def fetcher(bench: Workbench) -> Callable[[StoreSource], Path]:
    """Brings objects of the store that a problem source names."""
    return lambda source: bench.ledger.fetch_object(source.key, source.sha256)
