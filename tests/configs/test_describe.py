"""docs/recipe.md says what the schema says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from configs.schema.describe import describe_recipe
from configs.schema.evaluate import Decide, Evaluate, Rounds
from configs.schema.recipe import Recipe, Services, WarmStart
from configs.schema.train import Train
from tests.build import make_recipe

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


@pytest.mark.parametrize("section", [Recipe, WarmStart, Train, Evaluate, Decide, Rounds, Services])
def test_the_central_fields_say_what_they_are(section: type[BaseModel]) -> None:
    silent = {name for name, field in section.model_fields.items() if not field.description}
    assert silent == set()
