"""From an alias of MLflow's registry to the model in the store: what `export --alias` starts from."""

from __future__ import annotations

from configs.errors import TrackingError, UserError
from flows.services.addresses import Addresses
from infra.store.address import open_store
from infra.store.base import Store
from infra.tracking.tracker import Tracker
from tasks.report.entry import ReportEntry, read_entries


def find_by_alias(addresses: Addresses, experiment: str, alias: str) -> tuple[Store, ReportEntry]:
    """The store that the alias' version names, and the round whose model it is.

    Raises:
        TrackingError: MLflow cannot be reached, or has no such alias.
        UserError: the store holds another model under that round.
    """
    version = Tracker(addresses.tracking, addresses.artifact_root).find_version(experiment, alias)
    if version is None:
        fix = f"write champion, candidate or round-k; or fill MLflow: selfloop sync {experiment}"
        raise TrackingError(f"MLflow has no alias '{alias}' of the model {experiment}", fix)
    store = open_store(version.tags.get("selfloop.store") or addresses.store)
    for entry in read_entries(store, experiment):
        if entry.model is not None and entry.model.digest == version.digest:
            return store, entry
    fix = f"run the recipe of that version again, or renew the aliases: selfloop sync {experiment}"
    raise UserError(f"{store.uri} no longer lists version {version.number} of {experiment} among its rounds", fix)
