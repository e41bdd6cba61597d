"""How a number goes over the waves of a segment: what guards of a segment look at beside single values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

VOTE_RISE, PROBE_FALL = 0.1, 0.02
"""SRT's collapse: the vote agrees more by this, while the probe is right less often by that"""
DEAF, DEAFENED = 0.05, 0.95
"""a verifier that says one word to everything: one recall below the first, the other above the second"""

Course = Sequence[Mapping[str, float | None]]
"""numbers of each wave so far, by name"""


def lasting(course: Course, name: str, window: int, *, is_high: bool) -> float | None:
    """The value that a number did not fall below (is_high), or rise above, in the last `window` waves; None where one
    of them has none, or there are fewer."""
    values = [wave.get(name) for wave in course[-window:]]
    there = [value for value in values if value is not None]
    if len(there) < window:
        return None
    return min(there) if is_high else max(there)


def share_of_first(course: Course, name: str) -> float | None:
    """The last value over the first that there is: entropy below a tenth of its first value is a warning."""
    there = [value for wave in course if (value := wave.get(name)) is not None]
    return there[-1] / there[0] if there and there[0] else None


def has_collapsed(course: Course) -> bool:
    """Whether the vote's share rose by a tenth while the probe's accuracy fell by two points, since the first wave that
    has both."""
    both = [
        (vote, probe)
        for wave in course
        if (vote := wave.get("vote_share")) is not None and (probe := wave.get("probe_accuracy")) is not None
    ]
    if not both:
        return False
    (first_vote, first_probe), (vote, probe) = both[0], both[-1]
    return vote - first_vote >= VOTE_RISE - 1e-9 and first_probe - probe >= PROBE_FALL - 1e-9


def says_one_word(wave: Mapping[str, float | None]) -> bool:
    """Whether the policy's verdicts are the same of right and wrong attempts."""
    recalls = wave.get("verifier_recall_right"), wave.get("verifier_recall_wrong")
    there = [recall for recall in recalls if recall is not None]
    return len(there) == 2 and min(there) < DEAF and max(there) > DEAFENED
