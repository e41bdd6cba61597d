"""An experiment into another store, with the leases of both: nothing changes meanwhile."""

from __future__ import annotations

from configs.errors import StoreError, UserError
from infra.store.address import open_store
from infra.store.lease.claim import lease_key
from infra.store.lease.holder import name_user
from infra.store.lease.lease import Lease
from tasks.core.progress import Progress
from tasks.housekeeping.check import find_damage
from tasks.housekeeping.copy import Copied, copy_experiment
from tasks.housekeeping.inventory import list_all_experiments, take_inventory


def copy_to(address: str, experiment: str, to: str, progress: Progress) -> Copied:
    """Copy, then check the copy.

    Raises:
        UserError: there is no such experiment, both addresses are one store, a run holds the experiment in either, or
            a file is damaged.
    """
    source, target = open_store(address), open_store(to)
    if source.uri == target.uri:
        raise UserError(f"{to} is the store that {experiment} lies in", "name another one with --to")
    if experiment not in (known := list_all_experiments(source)):
        raise UserError(f"{source.uri} holds no experiment '{experiment}'", f"experiments there: {', '.join(known)}")
    with Lease(source, lease_key(experiment), name_user()), Lease(target, lease_key(experiment), name_user()):
        inventory = take_inventory(source, experiment)
        if inventory.damaged:
            fix = "run the experiment again: what is damaged is computed anew; then copy"
            raise StoreError(f"{experiment} is damaged: {inventory.damaged[0]}", fix)
        with progress.stage(f"copying {experiment}") as shown:
            copied = copy_experiment(source, inventory, target, shown.update)
        with progress.stage("comparing with digests") as shown:
            damage = list(find_damage(target, take_inventory(target, experiment), shown.update))
    if damage:
        raise StoreError(f"{target.uri}: {damage[0]}", "repeat the command; if it stays so, see to the disk or server")
    return copied
