"""Deployments: an experiment that Prefect starts on a schedule, on the worker of a work pool.

The deployment carries the resolved recipe as a parameter and the settings of this shell as environment of its runs, so
that a worker needs the package and nothing else. Keys and passwords stay out: workers have their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from configs.errors import UserError
from configs.schema.load import dump_recipe
from configs.schema.recipe import Recipe
from flows.services.addresses import Addresses
from infra.engines.device_lease import DEVICES_VARIABLE, FOLDER_VARIABLE

if TYPE_CHECKING:
    from prefect.client.schemas.schedules import CronSchedule

TAG, CONTINUED_TAG = "selfloop", "continued"
"""What automations know deployed runs by: all of them, and those that are continued after a crash."""
CARRIED = ("SELFLOOP_", "MLFLOW_", "AWS_", "RAY_ADDRESS")
OF_THE_MACHINE = (DEVICES_VARIABLE, FOLDER_VARIABLE)
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)
MAX_RECIPE_BYTES = 400 * 1024
"""Prefect refuses parameters of more than 512 KiB"""


@dataclass(frozen=True)
class Deployed:
    """What was made.

    Attributes:
        name: as `prefect deployment run` wants it.
        left_out: names of settings that hold secrets: the worker's own environment has to give them.
    """

    name: str
    id: str
    left_out: tuple[str, ...]


def carried_settings(environment: Mapping[str, str], addresses: Addresses) -> tuple[dict[str, str], tuple[str, ...]]:
    """Settings that runs of a deployment get, and the names of those that are left out because they hold secrets.

    A store or a database in a folder of this machine is named by its whole path: runs work in folders of their own.
    How this machine's GPUs are shared stays here.
    """
    given = {name: value for name, value in environment.items() if value and name not in OF_THE_MACHINE}
    ours = {name: value for name, value in given.items() if name.startswith(CARRIED)}
    secrets = tuple(sorted(name for name, value in ours.items() if SECRET.search(name) or _has_password(value)))
    carried = {name: value for name, value in sorted(ours.items()) if name not in secrets}
    is_local_store = "://" not in addresses.store
    if is_local_store or "SELFLOOP_HOME" in ours or addresses.tracking.startswith("sqlite:"):
        carried["SELFLOOP_HOME"] = str(addresses.home)
    if is_local_store:
        carried["SELFLOOP_STORE"] = str(Path(addresses.store).expanduser().absolute())
    return carried, secrets


def _has_password(value: str) -> bool:
    try:
        return bool(urlsplit(value).password)
    except ValueError:
        return False


def refuse_passwords(recipe: Recipe) -> None:
    """The recipe travels as a parameter that Prefect shows: UserError if an address in it has a password."""
    for name, value in recipe.services:
        if isinstance(value, str) and _has_password(value):
            fix = "leave the address to the worker's environment (SELFLOOP_STORE, MLFLOW_TRACKING_URI)"
            raise UserError(f"services.{name} holds a password, which a deployment would show", fix)


def deploy_experiment(
    recipe: Recipe, addresses: Addresses, base_dir: Path, cron: str | None, pool: str, is_paused: bool
) -> Deployed:
    """Make an experiment's deployment, or renew it. Its runs never overlap: the experiment's lease sees to that, and
    knows a dead run from one that lives, which a limit of Prefect's does not.

    Raises:
        UserError: there is no such work pool, the schedule cannot be read, or the recipe is too large.
    """
    from prefect.client.orchestration import get_client
    from prefect.deployments.runner import EntrypointType, RunnerDeployment
    from prefect.exceptions import ObjectNotFound

    from flows.run.scheduled import ImproveParameters, scheduled_improve

    refuse_passwords(recipe)
    text = dump_recipe(recipe)
    if len(text.encode()) > MAX_RECIPE_BYTES:
        fix = "name files in it instead of texts, or pass a path that the worker has as the parameter recipe"
        raise UserError(f"the recipe is {len(text.encode()) // 1024} KiB, too much for a deployment's parameter", fix)
    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(pool)
        except ObjectNotFound:
            fix = f"make the pools: selfloop bootstrap; or: prefect work-pool create --type process {pool}"
            raise UserError(f"Prefect has no work pool '{pool}'", fix) from None
    settings, left_out = carried_settings(os.environ, addresses)
    parameters = ImproveParameters(recipe=text, overrides=[], rounds=None, base_dir=str(base_dir.absolute()))
    deployment = scheduled_improve.to_deployment(
        recipe.name,
        schedules=[_schedule(cron)] if cron else [],
        paused=is_paused,
        parameters={"parameters": parameters.model_dump()},
        description=f"Continues the experiment {recipe.name} of {addresses.store}.",
        tags=[TAG, CONTINUED_TAG, f"experiment:{recipe.name}"],
        work_pool_name=pool,
        job_variables={"env": settings},
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(deployment, RunnerDeployment), "outside of an event loop it is no coroutine"
    made = deployment.apply(work_pool_name=pool)
    assert isinstance(made, UUID), "outside of an event loop it is no coroutine"
    with get_client(sync_client=True) as client:
        for found in client.read_deployment_schedules(made):
            if cron is None or found.schedule != _schedule(cron):
                client.delete_deployment_schedule(made, found.id)
    return Deployed(f"{scheduled_improve.name}/{recipe.name}", str(made), left_out)


def _schedule(cron: str) -> CronSchedule:
    from prefect.client.schemas.schedules import CronSchedule

    try:
        return CronSchedule(cron=cron, timezone="UTC")
    except ValueError:
        raise UserError(f"--cron '{cron}' cannot be read", 'write five fields, such as --cron "0 3 * * *"') from None
