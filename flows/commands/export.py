"""`selfloop export`: take a model away, the champion by default."""

from __future__ import annotations

from pathlib import Path


def export(
    experiment: str, *, to: Path | None = None, merged: bool = False, alias: str | None = None, role: str | None = None
) -> None:
    """Write a model's files into a folder: its adapter, or whole weights.

    Parameters
    ----------
    experiment
        Name of the experiment.
    to
        The folder; it must be empty or new. Default: the experiment's name, here.
    merged
        Write an adapter merged into its base model, in float32, as one loadable model.
    alias
        The model that this alias of MLflow's registry names: champion, candidate or round-3. Default: the champion,
        as the store knows it.
    role
        The model of this role in place of the policy's: what it plays with after the last round, or with --alias after
        the round of that model.
    """
    from flows.champion.alias import find_by_alias
    from flows.champion.current import find_champion
    from flows.report.stored import open_experiment
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store
    from tasks.report.export import export_model, model_of_role

    addresses = resolve_addresses()
    if alias is not None:
        store, entry = find_by_alias(addresses, experiment, alias)
    else:
        store = open_store(addresses.store)
        entry = find_champion(store, experiment)
    opened = open_experiment(store, experiment, addresses)
    if role is not None:
        model = model_of_role(entry if alias else opened.entries[-1], role)
    else:
        assert entry.model is not None, "champions and versions are models"
        model = entry.model
    folder = to or Path(experiment)
    kind = export_model(opened.ledger, model, folder, merged)
    print(f"{model.name} of {experiment}: {kind} in {folder}")
