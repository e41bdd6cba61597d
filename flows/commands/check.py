"""`selfloop check`: is the recipe sound?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Overrides = Annotated[
    tuple[str, ...], Parameter(name="--set", negative=(), help="section.field=value; may be repeated")
]


def check(recipe: Path, *, overrides: Overrides = (), show: bool = False, problems: bool = False) -> None:
    """Check a recipe, and the prompts, functions and templates that it names, without reading models.

    Parameters
    ----------
    recipe
        A YAML file.
    show
        Print the resolved recipe, every default written out.
    problems
        Read the problems and replayed rows too, and every gold answer as its verifier reads it.
    """
    from configs.schema.load import dump_recipe, load_recipe
    from tasks.plan.named import check_named

    checked = load_recipe(recipe, overrides)
    check_named(checked, Path.cwd())
    print(dump_recipe(checked) if show else f"{recipe}: sound ({checked.name}, {checked.rounds.max} rounds)")
    if problems:
        from flows.run.problem_check import count_problems

        counts = count_problems(checked, Path.cwd())
        print("problems: " + ", ".join(f"{name} {count}" for name, count in counts.items()) + "; all golds are read")
