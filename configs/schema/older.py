"""Recipes in a store that an earlier version of the schema wrote. What people write is never changed: there an unknown
key is the notice that a field has moved."""

from __future__ import annotations

from typing import Any

import yaml

from configs.schema.load import check_recipe
from configs.schema.recipe import Recipe


def read_stored_recipe(text: bytes, origin: str) -> Recipe:
    """A stored recipe, every default written out when it was stored.

    Raises:
        RecipeError: it is no recipe of this version or one before; names the origin.
    """
    return check_recipe(_with_rows(yaml.safe_load(text)), origin)


def _with_rows(tree: dict[str, Any]) -> dict[str, Any]:
    """What loss falls on a given beginning was `skip_prefix` of the objective sft; it is a weight of rows."""
    train = tree["train"]
    if "skip_prefix" not in train["objective"]:
        return tree
    objective = {name: value for name, value in train["objective"].items() if name != "skip_prefix"}
    given = 0.0 if train["objective"]["skip_prefix"] else 1.0
    return {**tree, "train": {**train, "objective": objective}, "rows": [{"kind": "answer", "given": given}]}
