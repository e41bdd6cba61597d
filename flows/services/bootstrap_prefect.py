"""The part of bootstrap that concerns Prefect: work pools, the automation for dead runs.

Each function makes one thing, changes it where it is not what it should be, or leaves it alone, and says which.
Prefect is imported when they are called, since its address has to be in the environment before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from configs.errors import UserError

POOLS = {
    "cpu": "Runs on a worker without a GPU.",
    "gpu": "Runs on a worker with GPUs.",
}
ZOMBIES = "selfloop: runs without a heartbeat are crashed"
SILENCE_SECONDS = 540
"""Three of Prefect's default heartbeats of 180 s: tighter, and healthy runs are marked (Prefect issue 16459)."""


@dataclass(frozen=True)
class Outcome:
    """What was done about one thing: "made", "changed" or "kept", with what it is now."""

    thing: str
    verb: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.verb:<8}{self.thing}{f': {self.detail}' if self.detail else ''}"


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


def ensure_zombie_automation(client: Any) -> Outcome:
    wanted = _zombie_rule()
    found = client.read_automations_by_name(ZOMBIES)
    if not found:
        client.create_automation(wanted)
        return Outcome("automation for dead runs", "made", f"crashed after {SILENCE_SECONDS} s of silence")
    if _substance(found[0]) == _substance(wanted):
        return Outcome("automation for dead runs", "kept")
    client.update_automation(found[0].id, wanted)
    return Outcome("automation for dead runs", "changed", f"crashed after {SILENCE_SECONDS} s of silence")


def _zombie_rule() -> Any:
    """After a heartbeat, some event of the same run must follow; any will do, the one that ends it included."""
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

    trigger = EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        for_each={"prefect.resource.id"},
        after={"prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.*"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=SILENCE_SECONDS),
    )
    message = f"No heartbeat for {SILENCE_SECONDS} s: its process is gone. The same run again goes on from the store."
    action = ChangeFlowRunState(state=StateType.CRASHED, message=message)
    # All fields are named: an update sends only those.
    return AutomationCore(
        name=ZOMBIES, description="Made by selfloop bootstrap.", enabled=True, trigger=trigger, actions=[action]
    )


def _substance(automation: Any) -> dict[str, Any]:
    """What an automation does, without the ids that the server adds."""
    return automation.model_dump(
        mode="json",
        include={
            "enabled": True,
            "actions": True,
            "trigger": {"match", "for_each", "after", "expect", "posture", "threshold", "within"},
        },
    )
