"""The data of a recipe, read and checked before anything runs: what `selfloop check --problems` does."""

from __future__ import annotations

import tempfile
from pathlib import Path

from configs.schema.recipe import Recipe
from flows.services.addresses import resolve_addresses
from infra.store.address import open_store
from tasks.core.bench import Workbench
from tasks.core.ledger import Ledger
from tasks.plan.data import read_data


def count_problems(recipe: Recipe, base_dir: Path) -> dict[str, int]:
    """Number of problems of each set.

    Raises:
        ProblemsError: a set cannot be read, a problem is in two of them, or gold answers cannot be read by the verifier
            that compares with them: these are listed.
    """
    store = open_store(resolve_addresses(recipe.services).store)
    with (
        tempfile.TemporaryDirectory(prefix="selfloop-") as folder,
        Workbench(recipe, Ledger(store, Path(folder), {}), base_dir) as bench,
    ):
        return {name: len(problems) for name, problems in read_data(bench).items()}
