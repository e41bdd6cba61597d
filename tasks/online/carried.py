"""What goes on from wave to wave, and from a segment to the next, beside weights, optimizer and schedule."""

from __future__ import annotations

from pydantic import JsonValue

from tasks.core.refs import Ref

CARRIED_FILE = "carried.json"


class Carried(Ref):
    """Where online training stands.

    Attributes:
        root: round in which this unbroken run of segments began. Seeds come from it and from `wave`: three segments of
            one wave draw what one segment of three draws, and a segment after a refused candidate draws anew.
        wave: waves of the run so far.
        step: optimizer steps of the run so far.
        position: problems drawn so far, in the order of the run.
        curriculum, baselines: what curricula and baselines remember.
    """

    root: int
    wave: int = 0
    step: int = 0
    position: int = 0
    curriculum: dict[str, JsonValue] = {}  # noqa: RUF012
    baselines: dict[str, JsonValue] = {}  # noqa: RUF012
