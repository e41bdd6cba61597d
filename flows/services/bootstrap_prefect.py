"""The work pools, as bootstrap makes them in Prefect.

Prefect is imported when a function is called, since its address has to be in the environment before.
"""

from __future__ import annotations

from typing import Any

from configs.errors import UserError
from flows.services.automations import Outcome

POOLS = {
    "cpu": "Runs on a worker without a GPU.",
    "gpu": "Runs on a worker with GPUs.",
}


def ensure_work_pool(client: Any, name: str, description: str, project: str | None) -> Outcome:
    """A pool of processes. Runs work in the project's folder, else in an empty temporary one."""
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    template = ProcessWorker.get_default_base_job_template()
    if project:
        template["variables"]["properties"]["working_dir"]["default"] = project
    try:
        found = client.read_work_pool(name)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(name=name, type="process", description=description, base_job_template=template)
        )
        return Outcome(f"work pool {name}", "made", f"runs work in {project}" if project else "")
    if found.type != "process":
        raise UserError(
            f"the work pool {name} is of the type {found.type}, where process is needed",
            f"rename or delete it: prefect work-pool delete {name}",
        )
    if project and _working_dir(found.base_job_template) != project:
        client.update_work_pool(name, WorkPoolUpdate(base_job_template=template))
        return Outcome(f"work pool {name}", "changed", f"runs work in {project}")
    return Outcome(f"work pool {name}", "kept")


def _working_dir(template: dict[str, Any]) -> str | None:
    default = template.get("variables", {}).get("properties", {}).get("working_dir", {}).get("default")
    return str(default) if default else None
