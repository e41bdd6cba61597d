"""Which limits of a recipe's guards a round's metrics pass, and what follows. Pure; called before training and by the
decide task. What a metric means: docs/metrics.md.

A metric that a round does not have passes no limit, and neither does one that is not a number: a guard acts on what was
measured, never on a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard

from configs.schema.guard import Guard, Limit, Reaction
from tasks.core.refs import Ref

ENDED_BY = "ended_by"
"""number of a segment: which of the guards that end one spoke, counted from 1"""

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
    ended_by = metrics.get(ENDED_BY)
    for guard in guards:
        value = metrics.get(guard.metric)
        if guard.num_waves is not None:  # that spoke in the segment, if it did
            spoke = guard.action != "end_segment" and ending(guards).index(guard) + 1 == ended_by
        else:
            spoke = all(is_passed(limit, metrics.get(limit.metric)) for limit in guard.limits)
        if spoke:
            known = float(value) if _is_number(value) else limit_of(guard)
            passed.append(PassedLimit(guard=guard, value=known, words=explain(guard, known)))
    return passed


def ending(guards: Sequence[Guard]) -> list[Guard]:
    """The guards that can end a segment, in their order: `ended_by` counts them from 1."""
    return [guard for guard in guards if guard.num_waves is not None]


def limit_of(limit: Limit) -> float:
    """The number that is not to be passed."""
    found = limit.above if limit.above is not None else limit.below
    assert found is not None, "a limit has one side"
    return found


def is_passed(limit: Limit, value: object) -> bool:
    """Whether a value lies beyond a limit; the limit itself is allowed, and so is what is no number."""
    return _is_number(value) and limit.is_passed(float(value))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def strongest(passed: Iterable[PassedLimit]) -> Reaction | None:
    """What to do where several guards spoke: stop, else roll back, else keep the incumbent, else warn."""
    return max((limit.guard.action for limit in passed), key=STRENGTH.index, default=None)


def explain(guard: Guard, value: float) -> str:
    """A passed limit in words: `judge_mode_share is 0.99, above the guard's limit 0.95: the experiment ends`."""
    side, limit = "above" if guard.above is not None else "below", limit_of(guard)
    if guard.num_waves is not None:
        return f"{in_waves(guard)}: {_FOLLOWS[guard.action]}"
    return f"{guard.metric} is {value:.4g}, {side} the guard's limit {limit:g}: {_FOLLOWS[guard.action]}"


def in_waves(guard: Guard) -> str:
    """Why a segment ended: `zero_signal_share was above 0.9 for 5 waves`."""
    limits = [
        f"{one.metric} was {'above' if one.above is not None else 'below'} {limit_of(one):g}" for one in guard.limits
    ]
    return f"{' and '.join(limits)} for {guard.num_waves} waves"
