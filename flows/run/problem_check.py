"""The data of a recipe, read and checked before anything runs: what `selfloop check --data` does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from configs.schema.recipe import Recipe
from flows.services.addresses import resolve_addresses
from infra.store.address import open_store
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.plan.data import read_data
from tasks.sample.problems.run import Sets


def read_recipe_data(recipe: Recipe, base_dir: Path) -> Sets:
    """All sets of a recipe, checked, and which rows were left out.

    Raises:
        ProblemsError: a set cannot be read, a problem is in two of them, or rows cannot be used, as those with a gold
            answer that a verifier cannot read: these are listed.
    """
    store = open_store(resolve_addresses(recipe.services).store)
    with (
        tempfile.TemporaryDirectory(prefix="selfloop-") as folder,
        Workbench(recipe, Ledger(store, Path(folder), {}), base_dir) as bench,
    ):
        return read_data(bench)
