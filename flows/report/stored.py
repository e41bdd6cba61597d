"""A finished or running experiment, read back from the store alone. Used by `compare`, `export` and `sync`."""

from __future__ import annotations

from dataclasses import dataclass

from configs.errors import StoreError
from configs.schema.load import read_stored_recipe
from configs.schema.recipe import Recipe
from flows.services.addresses import Addresses
from infra.store.base import Store
from tasks.core.ledger import Ledger
from tasks.report.champion import champion_p_value
from tasks.report.entry import ReportEntry, read_entries, to_experiment
from tasks.report.html import render_report
from tasks.report.rounds import ExperimentReport


@dataclass(frozen=True)
class StoredExperiment:
    """What the store knows of an experiment."""

    recipe: Recipe
    entries: list[ReportEntry]
    report: ExperimentReport
    ledger: Ledger

    def page(self) -> str:
        """report.html of this experiment alone."""
        return render_report([self.report])


def open_experiment(store: Store, name: str, addresses: Addresses) -> StoredExperiment:
    """Read an experiment's rounds and its recipe.

    Raises:
        StoreError: there is no such experiment, or its recipe is missing.
    """
    entries = read_entries(store, name)
    key = f"{name}/recipes/{entries[0].recipe}.yaml"
    text = store.read(key)
    if text is None:
        raise StoreError(f"{store.uri} has no {key}", "run the experiment again: its recipe is stored anew")
    recipe = read_stored_recipe(text.decode(), key)
    ledger = Ledger(store, addresses.work_dir / f"{name}-read", {})
    try:
        report = to_experiment(entries, text.decode(), champion_p_value(ledger, entries))
    finally:
        ledger.clear_cache()
    return StoredExperiment(recipe, entries, report, ledger)
