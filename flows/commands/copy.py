"""`selfloop copy`: bring experiments into another store."""

from __future__ import annotations


def copy(*experiments: str, to: str) -> None:
    """Copy everything that experiments published into another store, and compare every file with its digest there.

    A copy that was broken off goes on when the command is repeated, and a later one sends what is new. To move, point
    SELFLOOP_STORE, or services.store of the recipe, at the other store afterwards, and run `selfloop sync`.

    Parameters
    ----------
    experiments
        Names in the store of SELFLOOP_STORE; default: all experiments there.
    to
        The other store: a folder, or s3://BUCKET/PREFIX.
    """
    from flows.copy import copy_to
    from flows.report.terminal import Terminal
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store
    from tasks.housekeeping.inventory import list_all_experiments

    store = resolve_addresses().store
    for experiment in experiments or list_all_experiments(open_store(store)):
        copied = copy_to(store, experiment, to, Terminal())
        print(
            f"{experiment} in {to}: {copied.num_objects} objects, {copied.num_sent} of them sent "
            f"({copied.num_bytes / 1e6:.1f} MB); every file has its record's digest"
        )
