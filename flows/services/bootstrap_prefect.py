"""The part of bootstrap that concerns Prefect: work pools, the automations for dead runs.

Each function makes one thing, changes it where it is not what it should be, or leaves it alone, and says which.
Prefect is imported when they are called, since its address has to be in the environment before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from configs.errors import UserError
from flows.services.deployments import CONTINUED_TAG, TAG
from infra.deploy.settings import LEAST_SILENCE_SECONDS

POOLS = {
    "cpu": "Runs on a worker without a GPU.",
    "gpu": "Runs on a worker with GPUs.",
}
ZOMBIES = "selfloop: runs without a heartbeat are crashed"
UNBORN = "selfloop: deployed runs that never begin are crashed"
CONTINUES = "selfloop: crashed runs are continued"
SILENCE_VARIABLE, SILENCE_SECONDS = "SELFLOOP_SILENCE_SECONDS", 100
"""Three heartbeats of the stack's workers (`infra/deploy/services.py`), and some more: a death is known within two
minutes. With less than three, runs whose server was away for a moment are marked (Prefect issue 16459); one that is
marked and lives goes on, and the run that was to continue it waits for its lease."""


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


def ensure_automations(client: Any, silence: str) -> Iterator[Outcome]:
    """What happens to runs whose process is gone: they are marked, and continued by a new run.

    Args:
        silence: seconds, as text, after which a run counts as dead; nothing: what was set before, or the default.

    Raises:
        UserError: that is no number of seconds, or too small for Prefect's heartbeats.
    """
    seconds = _silence(client, silence)
    silent = f"crashed after {seconds} s of silence"
    yield ensure_automation(client, _zombie_rule(seconds), "automation for dead runs", silent)
    yield ensure_automation(client, _unborn_rule(seconds), "automation for runs that never begin", silent)
    yield ensure_automation(client, _continue_rule(), "automation that continues", "a new run after each crash")


def _silence(client: Any, asked: str) -> int:
    if asked.strip():
        if not asked.strip().isdecimal() or int(asked) < LEAST_SILENCE_SECONDS:
            fix = f"write seconds, {LEAST_SILENCE_SECONDS} or more: runs say every 30 s that they live"
            raise UserError(f"{SILENCE_VARIABLE} cannot be {asked!r}", fix)
        return int(asked)
    found = client.read_automations_by_name(ZOMBIES)
    return int(found[0].trigger.within.total_seconds()) if found else SILENCE_SECONDS


def ensure_automation(client: Any, wanted: Any, thing: str, detail: str) -> Outcome:
    """One automation, known by its name."""
    found = client.read_automations_by_name(wanted.name)
    if not found:
        client.create_automation(wanted)
        return Outcome(thing, "made", detail)
    if _substance(found[0]) == _substance(wanted):
        return Outcome(thing, "kept")
    client.update_automation(found[0].id, wanted)
    return Outcome(thing, "changed", detail)


def _zombie_rule(seconds: int) -> Any:
    """After a heartbeat, some event of the same run must follow; any will do, the one that ends it included."""
    return automation(ZOMBIES, _silence_after({"prefect.flow-run.heartbeat"}, seconds), _mark_crashed(seconds))


def _unborn_rule(seconds: int) -> Any:
    """The same for a run that a worker took, until its first heartbeat; of deployments alone, whose runs have them."""
    starts = {f"prefect.flow-run.{state}" for state in ("Pending", "Submitting", "InfrastructurePending", "Running")}
    return automation(UNBORN, _silence_after(starts, seconds, **_tagged(TAG)), _mark_crashed(seconds))


def _silence_after(events: set[str], seconds: int, **which: Any) -> Any:
    from prefect.events.schemas.automations import EventTrigger, Posture

    return EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        for_each={"prefect.resource.id"},
        after=events,
        expect={"prefect.flow-run.*"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=seconds),
        **which,
    )


def _mark_crashed(seconds: int) -> Any:
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState

    message = f"No sign of life for {seconds} s: its process is gone. The same run again goes on from the store."
    return ChangeFlowRunState(state=StateType.CRASHED, message=message)


def _tagged(tag: str) -> dict[str, Any]:
    return {"match_related": {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}}


def _continue_rule() -> Any:
    """A crashed run of a deployment is followed by a run of the same deployment, which is told the crashed one's
    id, and which attempt it is (`flows/run/continued.py`)."""
    from prefect.events.actions import RunDeployment

    attempt = "{{ (flow_run.parameters.attempt | default(0, true)) + 1 }}"
    told = {
        "continues": {"__prefect_kind": "jinja", "template": "{{ flow_run.id }}"},
        "attempt": {"__prefect_kind": "json", "value": {"__prefect_kind": "jinja", "template": attempt}},
    }
    trigger = deployed_runs(CONTINUED_TAG, {"prefect.flow-run.Crashed"})
    return automation(CONTINUES, trigger, RunDeployment(source="inferred", parameters=told))


def deployed_runs(tag: str, events: set[str]) -> Any:
    """Each of these events of a run with the tag; rounds within a run have none, and do not count."""
    from prefect.events.schemas.automations import EventTrigger, Posture

    return EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        for_each={"prefect.resource.id"},
        expect=events,
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
        **_tagged(tag),
    )


def automation(name: str, trigger: Any, *actions: Any) -> Any:
    from prefect.events.schemas.automations import AutomationCore

    # All fields are named: an update sends only those.
    return AutomationCore(
        name=name, description="Made by selfloop bootstrap.", enabled=True, trigger=trigger, actions=list(actions)
    )


def _substance(automation: Any) -> dict[str, Any]:
    """What an automation does, without the ids that the server adds."""
    return automation.model_dump(
        mode="json",
        include={
            "enabled": True,
            "actions": True,
            "trigger": {"match", "match_related", "for_each", "after", "expect", "posture", "threshold", "within"},
        },
    )
