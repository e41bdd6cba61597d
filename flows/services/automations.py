"""Prefect's automations, as bootstrap makes them: known by their names, changed where they are not what they should be.

Prefect is imported when a function is called, since its address has to be in the environment before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What was done about one thing: "made", "changed" or "kept", with what it is now."""

    thing: str
    verb: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.verb:<8}{self.thing}{f': {self.detail}' if self.detail else ''}"


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
        **tagged(tag),
    )


def tagged(tag: str) -> dict[str, Any]:
    """The part of a trigger that lets it see runs with a tag alone."""
    return {"match_related": {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"}}


def automation(name: str, trigger: Any, *actions: Any) -> Any:
    from prefect.events.schemas.automations import AutomationCore

    # All fields are named: an update sends only those.
    return AutomationCore(
        name=name, description="Made by selfloop bootstrap.", enabled=True, trigger=trigger, actions=list(actions)
    )


def _substance(automation: Any) -> dict[str, Any]:
    """What an automation does, without the ids that the server adds. Not as JSON, which gives sets any order."""
    return automation.model_dump(
        include={
            "enabled": True,
            "actions": True,
            "trigger": {"match", "match_related", "for_each", "after", "expect", "posture", "threshold", "within"},
        },
    )
