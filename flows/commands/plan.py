"""`selfloop plan`: what would run, what is reused, and what it takes."""

from __future__ import annotations

from pathlib import Path

from flows.commands.check import Overrides


def plan(recipe: Path, *, overrides: Overrides = (), why: bool = False) -> None:
    """Print the resolved recipe, each step as reused or new, and the cost of the new ones.

    Parameters
    ----------
    recipe
        A YAML file.
    why
        Say below each new step what differs from the newest published step of its stage.
    """
    from configs.schema.load import dump_recipe, load_recipe
    from flows.run.plan import explain_new, make_plan
    from flows.services.addresses import resolve_addresses
    from infra.store.address import open_store

    checked = load_recipe(recipe, overrides)
    addresses = resolve_addresses(checked.services)
    store = open_store(addresses.store)
    plan = make_plan(checked, store, addresses.work_dir, Path.cwd())
    print(dump_recipe(checked))
    print(f"experiment {checked.name} in {store.uri}")
    for line in plan.lines(explain_new(plan, store, checked.name) if why else None):
        print(line)
