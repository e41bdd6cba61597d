"""`selfloop export`: take the champion away."""

from __future__ import annotations

from pathlib import Path


def export(experiment: str, *, to: Path, merged: bool = False) -> None:
    """Write the champion's files into a folder: its adapter, or whole weights.

    Parameters
    ----------
    experiment
        Name of the experiment.
    to
        The folder; it must be empty or new.
    merged
        Write an adapter merged into its base model, in float32, as one loadable model.
    """
    from flows.experiments import open_experiment
    from flows.services import resolve_addresses
    from infra.store.open import open_store
    from tasks.export import export_model

    addresses = resolve_addresses()
    opened = open_experiment(open_store(addresses.store), experiment, addresses)
    champion = opened.entries[-1].state.champion
    kind = export_model(opened.ledger, champion, to, merged)
    print(f"{champion.name} of {experiment}: {kind} in {to}")
