"""MLflow's side of an experiment, built from report entries: round by round in a run, all at once in `sync`.

MLflow that cannot be reached never stops a run: the first failure is shown once, and `selfloop sync` fills the gap.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from configs.errors import UserError
from configs.schema.recipe import Recipe
from flows.services.addresses import Addresses
from infra.tracking.tracker import Tracker
from tasks.core.files import HELD_OUT
from tasks.evaluate.stage import EVALUATE
from tasks.promote.version import address_of, version_tags
from tasks.report.entry import ReportEntry
from tasks.report.item_changes import ItemChange
from tasks.report.rounds import ExperimentReport
from tasks.report.track import (
    Tracked,
    TrackedDataset,
    TrackedModel,
    finish_experiment,
    track_experiment,
    track_items,
    track_round,
)

ITEMS_PATIENCE = 120.0
"""seconds that the end of a run waits for a round's items; `selfloop sync` writes what is not there then"""

logger = logging.getLogger(__name__)


class Tracking:
    """One experiment in MLflow.

    Args:
        recipe_digest: tells what the recipe computes; another one begins a run of its own.
        store_uri: prefix of the addresses that MLflow shows for datasets and models.
        is_required: raise instead of going on when MLflow fails (`sync`).

    Attributes:
        find_changes: what became of each held-out problem in a round.
        find_promoted: the round that a person made champion where the rounds do not show it yet, else None.
    """

    def __init__(
        self, recipe: Recipe, recipe_digest: str, addresses: Addresses, store_uri: str, is_required: bool = False
    ) -> None:
        self._recipe, self._digest, self._store_uri, self._is_required = recipe, recipe_digest, store_uri, is_required
        self._tracker = Tracker(addresses.tracking, addresses.artifact_root)
        self.find_promoted: Callable[[], int | None] = lambda: None
        self.find_changes: Callable[[ReportEntry], list[ItemChange]] = lambda entry: []
        self._tracked: Tracked | None = None
        self._writing: list[threading.Thread] = []
        self._is_lost = False

    def open_ahead(self) -> None:
        """Begin to open MLflow: its import and a new database take seconds."""
        self._tracker.open_ahead()

    def add(self, entry: ReportEntry) -> None:
        """Write one round; what MLflow has already is found again."""
        self._attempt(lambda: self._add(entry))

    def finish(self, experiment: ExperimentReport, page: str) -> None:
        """Write the whole: figures, table, report page, aliases."""
        champion = self.find_promoted()
        for thread in self._writing:
            thread.join(ITEMS_PATIENCE)
        self._attempt(
            lambda: finish_experiment(self._tracker, self._open(), experiment, page, champion_round=champion)
        )  # fmt: skip

    def url(self) -> str | None:
        """The page of the parent run, where MLflow is a server."""
        return self._tracker.run_url(self._tracked.experiment_id, self._tracked.run_id) if self._tracked else None

    def _add(self, entry: ReportEntry) -> None:
        model = self._model(entry)
        tracked = self._open()
        run_id = track_round(self._tracker, tracked, entry.report, entry.samples, self._datasets(entry), model)
        evaluation = entry.report.steps.get(EVALUATE.name)
        if evaluation is None or self._tracker.has_items(run_id, evaluation):
            return
        changes = self.find_changes(entry)
        if changes and self._is_required:
            track_items(self._tracker, tracked, run_id, changes, evaluation)
        elif changes:
            self._write_meanwhile(lambda: track_items(self._tracker, tracked, run_id, changes, evaluation))

    def _write_meanwhile(self, write: Callable[[], object]) -> None:
        """Write what takes many requests while the next round runs."""
        thread = threading.Thread(target=lambda: self._attempt(write), daemon=True)
        thread.start()
        self._writing.append(thread)

    def _open(self) -> Tracked:
        if self._tracked is None:
            recipe = self._recipe
            self._tracked = track_experiment(self._tracker, recipe, self._digest)
        return self._tracked

    def _model(self, entry: ReportEntry) -> TrackedModel | None:
        if entry.model is None:
            return None
        is_new = len(entry.report.reused) < len(entry.report.steps)
        tags = version_tags(entry, self._recipe, self._store_uri)
        takes_title = is_new and self.find_promoted() is None
        return TrackedModel(address_of(entry.model, self._store_uri), entry.model.digest, tags, takes_title)

    def _datasets(self, entry: ReportEntry) -> list[TrackedDataset]:
        problems = entry.state.problems
        files = {file.name: file.sha256 for file in problems.files}
        found = [
            TrackedDataset(suite, files[table.name][:32], f"{self._store_uri}/{problems.prefix}", suite)
            for suite, table in HELD_OUT.items()
        ]
        if entry.model is not None and entry.report.round > 0:
            kept = entry.state.policy.selections[-1]
            name, uri = f"round-{entry.report.round}-examples", f"{self._store_uri}/{kept.prefix}"
            found.append(TrackedDataset(name, kept.key[:32], uri, "training"))
        return found

    def _attempt(self, write: Callable[[], object]) -> None:
        if self._is_lost:
            return
        try:
            write()
        except UserError as error:
            if self._is_required:
                raise
            self._is_lost = True
            logger.warning("MLflow is left out of this run; 'selfloop sync' fills the gap. %s", error)
