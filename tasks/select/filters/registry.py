"""All selection components by their `kind`. To add one: a file like `unique.py`, a config class, an entry here."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Select
from tasks.select import both_outcomes, correct, drop_truncated, judged, length, threshold, unique
from tasks.select.filters import best_share, cap, distinct_equations, length_gap
from tasks.select.filters.filter import Component, RoundComponent

COMPONENTS: dict[str, Component] = {
    "correct": correct.keep,
    "judged": judged.keep,
    "threshold": threshold.keep,
    "both_outcomes": both_outcomes.keep,
    "cap": cap.keep,
    "unique": unique.keep,
    "distinct_equations": distinct_equations.keep,
    "length": length.keep,
    "drop_truncated": drop_truncated.keep,
}
"""these look at one problem at a time"""

ROUND_COMPONENTS: dict[str, RoundComponent] = {"length_gap": length_gap.learn, "best_share": best_share.learn}
"""these look at all problems of a round first"""

VERSIONS: dict[str, int] = dict.fromkeys([*COMPONENTS, *ROUND_COMPONENTS], 1)
"""A component whose choices change gets the next number, `| {"cap": 2}`: steps that used it are computed again."""


def component_versions(components: Sequence[Select]) -> dict[str, int | str]:
    """Versions of the code that these components use, for step keys."""
    return {component.kind: VERSIONS[component.kind] for component in components}
