"""Pinning rounds, so that retention leaves them alone."""

from __future__ import annotations

from configs.errors import UserError
from flows.champion.current import find_round
from flows.services.addresses import Addresses
from infra.store.address import open_store
from infra.store.lease.holder import name_user
from tasks.housekeeping.inventory import Pin, remove_pin, write_pin
from tasks.promote.records import utc_now
from tasks.report.entry import read_entries


def change_pin(addresses: Addresses, place: str, is_kept: bool) -> str:
    """Pin `EXPERIMENT/round-3`, or take the pin away; what was done, in words.

    Raises:
        UserError: there is no such round.
    """
    experiment, _, name = place.partition("/")
    if not name:
        raise UserError(f"'{place}' names no round", "write it as my-experiment/round-3")
    store = open_store(addresses.store)
    round = find_round(read_entries(store, experiment), name).report.round
    if is_kept:
        write_pin(store, experiment, Pin(round=round, by=name_user(), at=utc_now()))
        return f"{name} of {experiment} is pinned: housekeeping keeps it"
    remove_pin(store, experiment, round)
    return f"{name} of {experiment} is no longer pinned"
