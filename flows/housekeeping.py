"""The housekeeping flow: what the store no longer needs goes, what is damaged is named, Prefect and MLflow are told.

Without `dry_run: false` it changes nothing and says what it would do. An experiment that runs is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow
from prefect.states import Completed, Failed, State
from pydantic import BaseModel, ConfigDict, Field

from configs.errors import StoreError, TrackingError, UserError
from flows.report.artifacts import show_table
from flows.report.reconcile import reconcile_mlflow, reconcile_prefect
from flows.services.addresses import Addresses, resolve_addresses
from infra.cluster.freight import SAVED
from infra.store.address import open_store
from infra.store.base import Store
from infra.store.lease.claim import find_claim, lease_key
from infra.store.lease.holder import name_user
from infra.store.lease.lease import Lease
from tasks.core.local_model import CLUSTER_FOLDER
from tasks.housekeeping.check import find_damage
from tasks.housekeeping.inventory import Inventory, list_all_experiments, take_inventory
from tasks.housekeeping.remove import remove
from tasks.housekeeping.retention import Removal, find_removable

logger = logging.getLogger(__name__)


class HousekeepingParameters(BaseModel):
    """What housekeeping looks at; Prefect shows it as a form."""

    model_config = ConfigDict(extra="forbid")

    experiments: list[str] = Field([], title="Experiments", description="Names; none: all of the store.")
    dry_run: bool = Field(True, title="Dry run", description="Only say what would be done.")
    keep_rounds: int | None = Field(
        None, ge=1, title="Rounds to keep",
        description="The last rounds that stay, besides the baseline, the champion and pinned rounds. None: all stay.",
    )  # fmt: skip
    check_files: bool = Field(
        True,
        title="Check files",
        description="Compare every published file with its digest. Reads a folder store whole.",
    )
    reconcile: bool = Field(
        True, title="Reconcile", description="Bring Prefect's run states and MLflow's versions in line with the store."
    )


DRY_RUN = HousekeepingParameters()
LONGEST_UPLOAD = timedelta(days=1)
"""an upload that began earlier has been given up; a younger one may go on, in a run that lost its lease"""


@dataclass(frozen=True)
class Finding:
    """One thing that housekeeping did, would do, or could not do."""

    experiment: str
    what: str
    detail: str

    def row(self) -> dict[str, str]:
        return {"experiment": self.experiment, "what": self.what, "detail": self.detail}


@flow(name="housekeeping")
def housekeeping(parameters: HousekeepingParameters = DRY_RUN) -> State[Any]:
    """Look through the store; the table of findings is an artifact. Fails where something is damaged."""
    try:
        findings = list(keep_house(parameters, resolve_addresses()))
    except UserError as error:
        return Failed(message=str(error))
    mode = "dry run, nothing was changed" if parameters.dry_run else "done"
    show_table("housekeeping", [finding.row() for finding in findings], mode)
    damage = [finding for finding in findings if finding.what == "damaged"]
    message = f"{mode}: {len(findings)} findings, {len(damage)} of them damage"
    return Failed(message=message, data=findings) if damage else Completed(message=message, data=findings)


def keep_house(parameters: HousekeepingParameters, addresses: Addresses) -> Iterator[Finding]:
    """Do it, or with `dry_run` find out what there is to do; one finding at a time.

    Raises:
        UserError: an experiment is not there, or the store cannot be used.
    """
    store = open_store(addresses.store)
    known = list_all_experiments(store)
    for name in parameters.experiments or known:
        if name not in known:
            raise UserError(f"{store.uri} holds no experiment '{name}'", f"experiments there: {', '.join(known)}")
        try:
            with _held(store, name, parameters.dry_run) as (lease, note):
                if note:
                    yield Finding(name, "lease", note)
                yield from _keep_experiment(store, name, parameters, lease)
        except StoreError as error:
            yield Finding(name, "skipped", error.message)
            continue
        if parameters.reconcile:
            yield from _reconcile(store, name, addresses, parameters.dry_run)


def _keep_experiment(
    store: Store, name: str, parameters: HousekeepingParameters, lease: Lease | None
) -> Iterator[Finding]:
    inventory = take_inventory(store, name)
    removal = find_removable(inventory, parameters.keep_rounds)
    yield from _describe(name, removal, parameters.dry_run)
    if lease is not None:
        remove(store, inventory, removal, name_user(), lease.check)
        inventory = take_inventory(store, name)
    yield from _lent(store, name, lease)
    yield from _uploads(store, name, lease)
    yield from _damage(store, inventory, parameters.check_files)


def _describe(name: str, removal: Removal, dry_run: bool) -> Iterator[Finding]:
    word = "would go" if dry_run else "gone"
    for round, steps in sorted(removal.rounds.items()):
        size = sum(file.size_bytes for step in steps for file in step.ref.files)
        stages = ", ".join(step.ref.stage for step in steps)
        yield Finding(name, word, f"round {round}: {stages} ({_megabytes(size)})")
    for step in removal.superseded:
        size = sum(file.size_bytes for file in step.ref.files)
        yield Finding(name, word, f"{step.ref.prefix}: of an earlier form of the recipe ({_megabytes(size)})")
    for item in removal.answers:
        yield Finding(name, word, f"{item.prefix}: {len(item.keys)} files of answers of round {item.round}")
    for left in removal.abandoned:
        yield Finding(name, word, f"{left.prefix}: {len(left.keys)} files of an upload that was given up")


def _lent(store: Store, name: str, lease: Lease | None) -> Iterator[Finding]:
    """What nodes of a cluster fetched while a run went on; no step names it."""
    keys = list(store.keys(f"{name}/{CLUSTER_FOLDER}/"))
    if keys:
        what = f"{name}/{CLUSTER_FOLDER}: {len(keys)} files for nodes of a cluster; the next run there sends them again"
        if any(key.endswith(f"/{SAVED}") for key in keys):
            what += ", and begins anew the training that was broken off"
        yield Finding(name, "would go" if lease is None else "gone", what)
    if lease is not None:
        for key in keys:
            lease.check()
            store.delete(key)


def _uploads(store: Store, name: str, lease: Lease | None) -> Iterator[Finding]:
    """Parts of files whose upload a kill broke off; removed with a lease."""
    latest = datetime.now(UTC) - LONGEST_UPLOAD
    try:
        for upload in store.uploads(f"{name}/"):
            if upload.started_at > latest:
                continue
            if lease is not None:
                lease.check()
                store.remove_upload(upload)
            word = "would go" if lease is None else "gone"
            yield Finding(name, word, f"{upload.key}: parts of an upload that ended without its file")
    except StoreError as error:
        yield Finding(name, "uploads", f"left alone: {error.message}")


def _damage(store: Store, inventory: Inventory, check_files: bool) -> Iterator[Finding]:
    lines = find_damage(store, inventory, lambda *_: None) if check_files else iter(inventory.damaged)
    for line in lines:
        yield Finding(inventory.experiment, "damaged", line)


@contextmanager
def _held(store: Store, name: str, dry_run: bool) -> Iterator[tuple[Lease | None, str]]:
    """The experiment's lease, so that no run writes meanwhile; a dry run only looks at it.

    Taking a lease whose holder is gone, and giving it back, is what removes it.

    Raises:
        StoreError: a run holds it; the message says which.
    """
    claim = find_claim(store, name)
    whose = f"left behind by {claim.holder.describe()}" if claim else ""
    if dry_run:
        yield None, f"{whose}; would be removed" if claim and claim.holder.is_gone() else ""
        return
    with Lease(store, lease_key(name), name_user()) as lease:
        yield lease, f"{whose}; removed" if claim else ""


def _reconcile(store: Store, name: str, addresses: Addresses, dry_run: bool) -> Iterator[Finding]:
    for detail in reconcile_prefect(store, name, dry_run):
        yield Finding(name, "Prefect", detail)
    try:
        for detail in reconcile_mlflow(store, name, addresses, dry_run):
            yield Finding(name, "MLflow", detail)
    except TrackingError as error:
        yield Finding(name, "MLflow", f"left alone: {error.message}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
