"""Which limits of a recipe's guards a round's metrics pass, and what follows. Pure; called before training and by the
decide task. What a metric means: docs/metrics.md.

A metric that a round does not have passes no limit, and neither does one that is not a number: a guard acts on what was
measured, never on a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from configs.schema.guard import Guard, Reaction
from tasks.core.refs import Ref

STRENGTH: tuple[Reaction, ...] = ("warn", "keep_incumbent", "roll_back", "stop")
"""reactions, the weakest first"""
_FOLLOWS = {
    "warn": "a warning",
    "keep_incumbent": "the candidate is refused",
    "roll_back": "the champion becomes the incumbent again",
    "stop": "the experiment ends",
}


class PassedLimit(Ref):
    """A guard that spoke.

    Attributes:
        value: what the metric was.
        words: the same as a sentence, with the limit and what follows.
    """

    guard: Guard
    value: float
    words: str


def check_guards(guards: Sequence[Guard], metrics: Mapping[str, object]) -> list[PassedLimit]:
    """The guards whose limit is passed, in the recipe's order.

    Args:
        metrics: a round's metrics by name, such as a step's summary; words and missing values are passed over.
    """
    passed = []
    for guard in guards:
        value = metrics.get(guard.metric) if guard.action != "end_segment" else None  # that spoke in the segment
        if isinstance(value, (int, float)) and not isinstance(value, bool) and is_passed(guard, value):
            passed.append(PassedLimit(guard=guard, value=value, words=explain(guard, value)))
    return passed


def is_passed(guard: Guard, value: float) -> bool:
    """Whether a value lies beyond the guard's limit; the limit itself is allowed."""
    if guard.above is not None:
        return value > guard.above
    return guard.below is not None and value < guard.below


def strongest(passed: Iterable[PassedLimit]) -> Reaction | None:
    """What to do where several guards spoke: stop, else roll back, else keep the incumbent, else warn."""
    return max((limit.guard.action for limit in passed), key=STRENGTH.index, default=None)


def explain(guard: Guard, value: float) -> str:
    """A passed limit in words: `judge_mode_share is 0.99, above the guard's limit 0.95: the experiment ends`."""
    side, limit = ("above", guard.above) if guard.above is not None else ("below", guard.below)
    return f"{guard.metric} is {value:.4g}, {side} the guard's limit {limit:g}: {_FOLLOWS[guard.action]}"
