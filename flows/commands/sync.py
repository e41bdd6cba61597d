"""`selfloop sync`: rebuild MLflow's runs from the store."""

from __future__ import annotations


def sync(*experiments: str) -> None:
    """Write experiments into MLflow again, from the store alone; what MLflow has already stays as it is.

    Parameters
    ----------
    experiments
        Names; default: all experiments of the store.
    """
    from flows.report.reconcile import write_again
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store
    from infra.tracking.connect import without_password
    from tasks.report.entry import list_experiments

    addresses = resolve_addresses()
    store = open_store(addresses.store)
    for name in experiments or list_experiments(store):
        num_rounds = write_again(store, name, addresses)
        print(f"{name}: {num_rounds} rounds are in MLflow at {without_password(addresses.tracking)}")
