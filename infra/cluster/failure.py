"""Why an errand on several nodes failed: their processes miss each other, so that one that ends has the others fail."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Sequence
from pathlib import Path

from configs import errors
from configs.errors import DeviceMemoryError, EngineEndedError, UserError
from infra.cluster.transport import ActorTransport
from infra.engines.errand import Message
from infra.engines.one_shot import ENDS_SECONDS
from infra.process.child import Inbox

CAUSES = (EngineEndedError.__name__, DeviceMemoryError.__name__)
"""errors that others follow from, the first of all first: a process was killed, or its memory was too small"""
LOOK_SECONDS = 0.5


def cause_of(
    others: Sequence[ActorTransport], inbox: Inbox, failed: ActorTransport, error: Message
) -> tuple[ActorTransport, Message | None]:
    """The home that the others fail for, and the error that it told; None: its node is lost.

    Args:
        others: homes that were at work when one failed. It is waited until all of them have said how they ended, have
            been heard of since, or are known to be lost.
    """
    since = time.monotonic() + ENDS_SECONDS
    told = {failed: error}
    ended: set[ActorTransport] = set()
    while any(one not in told and one not in ended and one.heard < since for one in others):
        with contextlib.suppress(queue.Empty):
            home, message = inbox.get(timeout=LOOK_SECONDS)
            assert isinstance(home, ActorTransport)
            if message is None:
                ended.add(home)
                if home not in told and home.lost_machine() is not None:
                    return home, None
            elif message["kind"] == "error":
                told.setdefault(home, message)
    for name in CAUSES:
        for home, message in told.items():
            if message["name"] == name:
                return home, message
    return failed, error


def as_here(error: Message, there: str, work_dir: Path, log: Path) -> UserError:
    """An error as a node told it. The logs that it names lie here too, and here they are looked for.

    Args:
        there: the node's folder whose logs lie in `work_dir`; empty: it had none yet.
        log: named where the error names none.
    """
    kind: type[UserError] = getattr(errors, error["name"])
    told, fix = error["message"], error["fix"] or ""
    if there:
        told, fix = (text.replace(there, str(work_dir)) for text in (told, fix))
    named = "" if str(work_dir) in told + fix else f"\n  log: {log}"
    return kind(told + named, fix or None)


def ended(message: str) -> EngineEndedError:
    """The error of work that has no machine any more."""
    fix = (
        "add a node to the cluster, and run the same command again, which goes on from here; where nodes come later, "
        "say how long that takes: SELFLOOP_CLUSTER_SECONDS"
    )
    return EngineEndedError(message, fix)
