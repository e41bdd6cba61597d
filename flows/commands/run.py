"""`selfloop run`: run an experiment, or go on with it."""

from __future__ import annotations

from pathlib import Path

from flows.commands.check import Overrides


def run(recipe: Path, *, overrides: Overrides = ()) -> None:
    """Run an experiment's rounds. The same command again goes on where it stopped; finished work is reused.

    Parameters
    ----------
    recipe
        A YAML file.
    """
    from configs.schema.load import load_recipe
    from flows.services.addresses import resolve_addresses
    from flows.services.prefect_server import PrefectServer

    checked = load_recipe(recipe, overrides)
    addresses = resolve_addresses(checked.services)
    with PrefectServer(addresses) as server:
        from flows.improve import run_experiment

        server.wait()
        run_experiment(checked, addresses)
