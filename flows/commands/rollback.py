"""`selfloop rollback`: an earlier model is the champion again."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def rollback(experiment: str, *, model: Annotated[str, Parameter(name="--to")], note: str = "") -> None:
    """Make an earlier round's model the champion: for export, for MLflow's alias, and for the rounds to come.

    Parameters
    ----------
    experiment
        Name of the experiment.
    model
        The round, such as round-1.
    note
        Why; kept in the record.
    """
    from flows.champion.promote import make_champion
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store

    addresses = resolve_addresses()
    print(make_champion(open_store(addresses.store), addresses, experiment, model, "rollback", note))
