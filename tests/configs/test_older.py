"""Stored recipes of earlier schemas read as recipes of today."""

from __future__ import annotations

import pytest
import yaml

from configs.errors import RecipeError
from configs.schema.load import dump_recipe
from configs.schema.older import read_stored_recipe
from tests.build import make_recipe


@pytest.mark.parametrize(("skips", "given"), [(True, 0.0), (False, 1.0)])
def test_a_skipped_prefix_is_a_weight_of_rows(skips: bool, given: float) -> None:
    recipe = make_recipe(rows=[{"kind": "answer", "given": given}])
    tree = yaml.safe_load(dump_recipe(recipe))
    del tree["rows"]
    tree["train"]["objective"]["skip_prefix"] = skips
    assert read_stored_recipe(yaml.safe_dump(tree).encode(), "old.yaml") == recipe


def test_a_recipe_of_today_reads_as_it_is_and_a_mistake_names_the_file() -> None:
    recipe = make_recipe()
    text = dump_recipe(recipe)
    assert read_stored_recipe(text.encode(), "old.yaml") == recipe
    with pytest.raises(RecipeError, match=r"old\.yaml: 1 mistake"):
        read_stored_recipe((text + "sead: 1\n").encode(), "old.yaml")
