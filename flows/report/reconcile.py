"""Prefect and MLflow brought in line with the store, which is the truth. Used by housekeeping."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterState
from prefect.client.schemas.filters import FlowRunFilterStateType as StateTypes
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from configs.errors import UserError
from flows.champion.current import promoted_round
from flows.report.items import read_changes
from flows.report.mlflow_sync import Tracking
from flows.report.stored import open_experiment
from flows.services.addresses import Addresses
from infra.store.base import Store
from infra.store.lease.claim import find_claim
from infra.tracking.tracker import Tracker
from tasks.report.entry import ReportEntry

FLOWS = ("improve", "scheduled-improve")
SETTLED = timedelta(minutes=10)
"""a run without a lease is dead only after this time: it takes its lease some seconds after it starts"""
REMOVED = "selfloop.removed"


def reconcile_prefect(store: Store, experiment: str, dry_run: bool) -> Iterator[str]:
    """Mark runs as crashed that Prefect shows as running while nobody holds the experiment; one line each."""
    if _is_held(store, experiment):
        return
    with get_client(sync_client=True) as client:
        for run in _running(client, experiment):
            started = run.start_time
            if started is None or datetime.now(UTC) - started < SETTLED:
                continue
            if not dry_run:
                message = "Its process is gone: nobody holds the experiment's lease. The next run goes on."
                client.set_flow_run_state(run.id, Crashed(message=message), force=True)
            yield f"run {run.name} {'would be' if dry_run else 'is'} marked as crashed: nobody holds the experiment"


def reconcile_mlflow(store: Store, experiment: str, addresses: Addresses, dry_run: bool) -> Iterator[str]:
    """Write what MLflow lacks, and mark versions whose weights the store no longer has; one line each.

    Raises:
        TrackingError: MLflow cannot be reached.
    """
    if store.read(f"{experiment}/reports/round-000.json") is None:
        return
    tracker = Tracker(addresses.tracking, addresses.artifact_root)
    opened = open_experiment(store, experiment, addresses)
    versions = {version.digest: version for version in tracker.list_versions(experiment)}
    models = [entry for entry in opened.entries if entry.model is not None]
    missing = [entry for entry in models if entry.model is not None and entry.model.digest not in versions]
    if missing:
        if not dry_run:
            write_again(store, experiment, addresses)
        rounds = ", ".join(str(entry.report.round) for entry in missing)
        yield f"rounds {rounds} {'would be' if dry_run else 'are'} written: MLflow had no version of them"
    for entry in models:
        assert entry.model is not None, "chosen so"
        version = versions.get(entry.model.digest)
        if version is None or version.tags.get(REMOVED) or _has_weights(store, entry):
            continue
        if not dry_run:
            tracker.tag_version(experiment, version.number, {REMOVED: "true"})
        yield f"version {version.number} {'would be' if dry_run else 'is'} marked: its weights were cleared away"


def write_again(store: Store, experiment: str, addresses: Addresses) -> int:
    """Write an experiment into MLflow from the store alone; what is there already stays. Returns how many rounds.

    Raises:
        TrackingError: MLflow cannot be reached.
    """
    opened = open_experiment(store, experiment, addresses)
    tracking = Tracking(opened.recipe, opened.entries[0].recipe, addresses, store.uri, is_required=True)
    tracking.find_promoted = lambda: promoted_round(store, experiment)
    tracking.find_changes = lambda entry: read_changes(opened.ledger, entry)
    for entry in opened.entries:
        tracking.add(entry)
    opened.ledger.clear_cache()
    tracking.finish(opened.report, opened.page())
    return len(opened.entries)


def _has_weights(store: Store, entry: ReportEntry) -> bool:
    assert entry.model is not None, "chosen so"
    step = entry.model.adapter or entry.model.weights
    return step is None or store.read(f"{step.prefix}/record.json") is not None


def _is_held(store: Store, experiment: str) -> bool:
    """Whether somebody holds the experiment; a lease that cannot be read counts as held."""
    try:
        claim = find_claim(store, experiment)
        return claim is not None and not claim.holder.is_gone()
    except UserError:
        return True


def _running(client: SyncPrefectClient, experiment: str) -> list[FlowRun]:
    """Runs of an experiment that Prefect shows as running."""
    running = FlowRunFilter(state=FlowRunFilterState(type=StateTypes(any_=[StateType.RUNNING, StateType.CANCELLING])))
    found = client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(FLOWS))), flow_run_filter=running
    )
    return [run for run in found if experiment in (run.parameters.get("experiment"), *_tagged(run))]


def _tagged(run: Any) -> list[str]:
    return [tag.removeprefix("experiment:") for tag in run.tags if tag.startswith("experiment:")]
