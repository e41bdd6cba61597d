"""Telling people what became of a deployed run: its end, a guard's stop, a question, a crash.

Prefect's server sends the messages, by an automation that bootstrap makes from SELFLOOP_NOTIFY. So a receiver that does
not answer costs a line in the server's log, and never a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from configs.errors import UserError
from flows.services.automations import Outcome, automation, deployed_runs, ensure_automation
from flows.services.deployments import TAG

VARIABLE, NONE = "SELFLOOP_NOTIFY", "none"
TOLD = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Crashed", "Suspended")}
"""A guard's stop is a run that failed with its reason, a question to a person one that is suspended."""
SUBJECT = "{{ deployment.name }}: {{ flow_run.state.name }}"
BODY = "{{ flow_run.state.message }}\n{{ flow_run|ui_url }}"


def ensure_notifications(client: Any, addresses: str) -> Iterator[Outcome]:
    """One automation for each address; those of addresses that are not named any more are removed.

    Args:
        addresses: separated by spaces; "none": all are removed; nothing: what there is stays. An address is
            https://hooks.slack.com/...: Slack; another http(s) address: a POST of {"subject": ..., "body": ...}; else
            one as Apprise reads it, such as mailtos://USER:PASSWORD@HOST?to=YOU.

    Raises:
        UserError: an address is none.
    """
    if not addresses.strip():
        return
    named = [] if addresses.strip() == NONE else addresses.split()
    wanted = {f"selfloop: tell {_place(address)}": address for address in named}
    for name, address in wanted.items():
        yield from _ensure(client, name, address)
    for found in client.read_automations():
        if found.name.startswith("selfloop: tell ") and found.name not in wanted:
            client.delete_automation(found.id)
            yield Outcome(found.name, "removed")


def _ensure(client: Any, name: str, address: str) -> Iterator[Outcome]:
    from prefect.events.actions import SendNotification

    block, document = _block(address), name.replace("selfloop: tell ", "selfloop-").replace(".", "-").replace(":", "-")
    known = _find(client, block, document)
    if known != block:
        block.save(document, overwrite=True)
        yield Outcome(f"address of {_place(address)}", "changed" if known else "made")
    saved = type(block).load(document)
    action = SendNotification(block_document_id=saved._block_document_id, subject=SUBJECT, body=BODY)
    yield ensure_automation(client, automation(name, deployed_runs(TAG, TOLD), action), name, "ends and questions")


def _find(client: Any, block: Any, document: str) -> Any:
    try:
        return type(block).load(document)
    except ValueError:  # there is none, or none of this type
        return None


def _block(address: str) -> Any:
    from prefect.blocks.notifications import CustomWebhookNotificationBlock, SlackWebhook

    if address.startswith(("http://", "https://")) and not _place(address).startswith("hooks.slack"):
        content = {"subject": "{{subject}}", "body": "{{body}}"}
        return CustomWebhookNotificationBlock(name="selfloop", url=address, json_data=content)
    # Prefect has a block for each of some services, and all of them hand their address to Apprise as it is.
    return SlackWebhook(url=SecretStr(address))


def _place(address: str) -> str:
    """Host of an address, which is no secret."""
    try:
        host = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    if "://" not in address or not host:
        fix = "write https://HOST/..., or an address as Apprise reads it: mailtos://USER:PASSWORD@HOST?to=YOU"
        raise UserError(f"{VARIABLE} holds something that is no address", fix)
    return host
