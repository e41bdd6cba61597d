"""`selfloop check`: is the recipe sound?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Overrides = Annotated[
    tuple[str, ...], Parameter(name="--set", negative=(), help="section.field=value; may be repeated")
]


def check(recipe: Path, *, overrides: Overrides = (), show: bool = False, data: bool = False) -> None:
    """Check a recipe, and the prompts, functions and templates that it names, without reading models.

    Parameters
    ----------
    recipe
        A YAML file.
    show
        Print the resolved recipe, every default written out.
    data
        Read the problems and replayed rows too, and every gold answer as its verifiers read it; say which rows are left
        out. The data of benchmarks are fetched and counted.
    """
    from configs.schema.load import dump_recipe, load_recipe
    from tasks.benchmark.look import look_at_benchmarks
    from tasks.plan.named import check_named

    checked = load_recipe(recipe, overrides)
    check_named(checked, Path.cwd())
    found = look_at_benchmarks(checked, Path.cwd(), with_data=data)
    print(dump_recipe(checked) if show else f"{recipe}: sound ({checked.name}, {checked.rounds.max} rounds)")
    if data:
        from flows.run.problem_check import read_recipe_data

        for line in read_recipe_data(checked, Path.cwd()).lines():
            print(line)
        for benchmarks in found:
            print("\n".join(benchmarks.lines()))
        print("every gold answer is read by the verifiers that compare with it")
