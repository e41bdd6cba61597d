"""`selfloop deploy`: let Prefect continue an experiment on a schedule."""

from __future__ import annotations

from pathlib import Path

from flows.commands.check import Overrides


def deploy(
    recipe: Path, *, overrides: Overrides = (), cron: str | None = None, pool: str = "gpu", paused: bool = False
) -> None:
    """Make a Prefect deployment whose runs continue the experiment, each by rounds.per_run rounds.

    Parameters
    ----------
    recipe
        A YAML file; its resolved text goes into the deployment.
    cron
        When runs start, such as "0 3 * * *" (UTC). Without it they are started by hand.
    pool
        Work pool whose worker runs it.
    paused
        Leave the schedule off until it is switched on in Prefect.
    """
    from configs.schema.load import load_recipe
    from flows.services.addresses import resolve_addresses
    from flows.services.prefect_server import PrefectServer

    checked = load_recipe(recipe, overrides)
    addresses = resolve_addresses(checked.services)
    with PrefectServer(addresses) as server:
        from flows.services.deployments import deploy_experiment

        url = server.wait()
        made = deploy_experiment(checked, addresses, Path.cwd(), cron, pool, paused)
    when = f"{cron} (UTC){', paused' if paused else ''}" if cron else "by hand"
    print(f"deployed {made.name} in the work pool {pool}, started {when}")
    print(f"page     {url.removesuffix('/api')}/deployments/deployment/{made.id}")
    print(f"start    prefect deployment run {made.name}")
    if made.left_out:
        print(f"secrets  left out, the worker's environment has to give them: {', '.join(made.left_out)}")
