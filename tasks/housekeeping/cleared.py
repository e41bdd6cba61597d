"""Rounds whose steps were cleared away: `EXPERIMENT/cleared/round-003.json`, written before the first file goes.

The entries of such rounds stay, and with them every number; the loop goes on behind the last one
(`flows/run/resume.py`).
"""

from __future__ import annotations

from infra.store.base import Store
from tasks.core.refs import Ref


class Cleared(Ref):
    """What was decided about a round's steps.

    Attributes:
        digest: identifies the round's model, whose weights may be gone.
        steps: prefixes of the steps that are removed.
    """

    round: int
    digest: str | None
    steps: tuple[str, ...]
    by: str
    at: str


def write_cleared(store: Store, experiment: str, cleared: Cleared) -> None:
    """Publish what is about to be removed."""
    store.put(f"{experiment}/cleared/round-{cleared.round:03d}.json", cleared.model_dump_json(indent=1).encode())


def last_cleared_round(store: Store, experiment: str) -> int | None:
    """The highest round that lost steps; None if none did."""
    names = [key.rpartition("/")[2] for key in store.keys(f"{experiment}/cleared/")]
    return max((int(name.removeprefix("round-").removesuffix(".json")) for name in names), default=None)
