"""`selfloop copy`: bring an experiment into another store."""

from __future__ import annotations


def copy(experiment: str, *, to: str) -> None:
    """Copy everything that an experiment published into another store, and compare every file with its digest there.

    A copy that was broken off goes on when the command is repeated, and a later one sends what is new. To move, point
    SELFLOOP_STORE, or services.store of the recipe, at the other store afterwards, and run `selfloop sync`.

    Parameters
    ----------
    experiment
        Name of the experiment in the store of SELFLOOP_STORE.
    to
        The other store: a folder, or s3://BUCKET/PREFIX.
    """
    from flows.copy import copy_to
    from flows.report.terminal import Terminal
    from flows.services.addresses import resolve_addresses

    copied = copy_to(resolve_addresses().store, experiment, to, Terminal())
    print(
        f"{experiment} in {to}: {copied.num_objects} objects, {copied.num_sent} of them sent "
        f"({copied.num_bytes / 1e6:.1f} MB); every file has its record's digest"
    )
