"""What becomes of runs whose process is gone: automations that mark them, and one that continues them.

Made by bootstrap, in Prefect's server. What a run that continues one does is in `flows/run/continued.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from configs.errors import UserError
from flows.services.automations import Outcome, automation, deployed_runs, ensure_automation, tagged
from flows.services.deployments import CONTINUED_TAG, TAG
from infra.deploy.settings import LEAST_SILENCE_SECONDS

ZOMBIES = "selfloop: runs without a heartbeat are crashed"
UNBORN = "selfloop: deployed runs that never begin are crashed"
CONTINUES = "selfloop: crashed runs are continued"
SILENCE_VARIABLE, SILENCE_SECONDS = "SELFLOOP_SILENCE_SECONDS", 100
"""Three heartbeats of the stack's workers (`infra/deploy/services.py`), and some more: a death is known within two
minutes. With less than three, runs whose server was away for a moment are marked (Prefect issue 16459); one that is
marked and lives goes on, and the run that was to continue it waits for its lease."""


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


def _zombie_rule(seconds: int) -> Any:
    """After a heartbeat, some event of the same run must follow; any will do, the one that ends it included."""
    return automation(ZOMBIES, _silence_after({"prefect.flow-run.heartbeat"}, seconds), _mark_crashed(seconds))


def _unborn_rule(seconds: int) -> Any:
    """The same for a run that a worker took, until its first heartbeat; of deployments alone, whose runs have them."""
    starts = {f"prefect.flow-run.{state}" for state in ("Pending", "Submitting", "InfrastructurePending", "Running")}
    return automation(UNBORN, _silence_after(starts, seconds, **tagged(TAG)), _mark_crashed(seconds))


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
