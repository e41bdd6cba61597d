"""docs/recipe.md says what the schema says."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

import configs.schema
from configs.schema.base import Component
from configs.schema.describe import describe_recipe
from configs.schema.load import component_choices
from configs.schema.recipe import Recipe
from tests.build.records import make_recipe

PAGE = (Path(__file__).parents[2] / "docs" / "recipe.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## recipe\n")[2].partition("\n## ")[0]
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", SECTION, re.MULTILINE))
MADE = {"warm_start", "generate", "train", "decide", "rounds"}
"""sections that the recipe of tests sets itself"""


def test_the_page_is_the_schemas() -> None:
    assert describe_recipe() + "\n" == PAGE, "run: python -m configs.schema.describe > docs/recipe.md"


def parts(cell: str) -> list[Any]:
    """What stands in a cell's backticks, as YAML."""
    return [yaml.safe_load(text) for text in re.findall("`([^`]*)`", cell)]


@pytest.mark.parametrize("field", ["judge", "select", "guards"])
def test_a_list_of_components_written_as_on_the_page_is_the_default(field: str) -> None:
    written = [{"kind": part} if isinstance(part, str) else part for part in parts(ROWS[field])]
    assert make_recipe(**{field: written}).model_dump()[field] == make_recipe().model_dump()[field]


def test_single_values_are_on_the_page_as_a_recipe_has_them() -> None:
    used = make_recipe().model_dump(mode="json")
    needed = {name for name, cell in ROWS.items() if cell == "**needed**"}
    assert needed == {"name", "model", "problems"}
    assert {name for name in ROWS.keys() - needed - MADE if ROWS[name] == "none" and used[name] is not None} == set()
    assert (parts(ROWS["seed"]), parts(ROWS["engine"])) == ([used["seed"]], [used["engine"]["kind"]])


def sections(component: type[BaseModel] = Recipe) -> set[type[BaseModel]]:
    """Every component that a recipe can have, at any depth."""
    found = {component}
    for field in component.model_fields.values():
        for inner in component_choices(field.annotation).values():
            found |= sections(inner)
    return found


def test_every_field_says_what_it_is() -> None:
    silent = {f"{section.__name__}.{name}" for section in sections() for name, field in section.model_fields.items()
              if name != "kind" and not field.description}  # fmt: skip
    assert silent == set()
    every = {kind for module in iter_modules(configs.schema.__path__) if not module.name.startswith("study")
             for kind in vars(import_module(f"configs.schema.{module.name}")).values()
             if isinstance(kind, type) and issubclass(kind, Component) and kind.model_fields}  # fmt: skip
    bases = {base for section in every | sections() for base in section.__mro__[1:]}
    assert every - sections() - bases == set(), "a section that no recipe can have"


def test_ranges_and_choices_of_a_field_are_on_the_page() -> None:
    assert "| `top_p` | `1.0` | of the draws; 1: off; above 0 and at most 1 |" in PAGE
    assert "| `min_correct` | `1` | problems with fewer correct samples are guided; at least 1 |" in PAGE
    assert "; one of `min`, `mean`, `last`, `product` |" in PAGE
