"""`selfloop sync`: rebuild MLflow's runs from the store."""

from __future__ import annotations

from functools import partial


def sync(*experiments: str) -> None:
    """Write experiments into MLflow again, from the store alone; what MLflow has already stays as it is.

    Parameters
    ----------
    experiments
        Names; default: all experiments of the store.
    """
    from flows.champion.current import promoted_round
    from flows.report.mlflow_sync import Tracking
    from flows.report.stored import open_experiment
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store
    from infra.tracking.connect import without_password
    from tasks.report.entry import list_experiments

    addresses = resolve_addresses()
    store = open_store(addresses.store)
    for name in experiments or list_experiments(store):
        opened = open_experiment(store, name, addresses)
        tracking = Tracking(opened.recipe, opened.entries[0].recipe, addresses, store.uri, is_required=True)
        tracking.find_promoted = partial(promoted_round, store, name)
        for entry in opened.entries:
            tracking.add(entry)
        tracking.finish(opened.report, opened.page())
        print(f"{name}: {len(opened.entries)} rounds are in MLflow at {without_password(addresses.tracking)}")
