"""What a segment hands to the next beside weights and optimizer: where it is, and what baselines and curricula know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from configs.errors import UserError
from tasks.online.course import Course
from tasks.online.credit.baseline import Remembered
from tasks.online.curriculum import PassRate
from tasks.online.schedule import Position

CARRIED_FILE = "carried.json"


@dataclass(frozen=True, slots=True)
class Carried:
    """The state of a run of segments; a first segment begins with this default.

    Attributes:
        position: steps and waves of the experiment so far.
        next_problem: place in the order of problems at which the next wave begins.
        pass_rates: by problem, where a curriculum asks for them.
        root: round in which this unbroken run of segments began. Seeds come from it and from the number of the wave:
            three segments of one wave draw what one segment of three draws, and a segment after a refused candidate
            draws anew.
        course: first and latest values of numbers that guards compare.
    """

    position: Position = field(default_factory=Position)
    next_problem: int = 0
    remembered: Remembered = field(default_factory=Remembered)
    pass_rates: Mapping[str, PassRate] = field(default_factory=dict)
    root: int = 0
    course: Course = field(default_factory=Course)


def write_carried(carried: Carried) -> str:
    """As JSON, the same bytes for the same state."""
    return json.dumps(asdict(carried), sort_keys=True, indent=1) + "\n"


def read_carried(text: str, where: str) -> Carried:
    """What `write_carried` wrote.

    Args:
        where: the file's name, for the message.

    Raises:
        UserError: it is something else.
    """
    try:
        tree: dict[str, Any] = json.loads(text)
        remembered = tree["remembered"]
        sums = {name: (float(total), int(count)) for name, (total, count) in remembered["sums"].items()}
        return Carried(
            Position(**tree["position"]),
            int(tree["next_problem"]),
            Remembered(float(remembered["average"]), sums),
            {problem: PassRate(**rate) for problem, rate in tree["pass_rates"].items()},
            int(tree["root"]),
            Course(**tree["course"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{where} is no state of a segment: {type(error).__name__}: {error}",
            "run the segment before again, or write train.start_from: base, which carries nothing",
        ) from error
