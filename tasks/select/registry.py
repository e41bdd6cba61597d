"""All selection components by their `kind`. To add one: a file like `unique.py`, a config class, an entry here."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.select import Select
from tasks.select import cap, correct, drop_truncated, length, threshold, unique
from tasks.select.candidate import Component

COMPONENTS: dict[str, Component] = {
    "correct": correct.keep,
    "threshold": threshold.keep,
    "cap": cap.keep,
    "unique": unique.keep,
    "length": length.keep,
    "drop_truncated": drop_truncated.keep,
}

VERSIONS: dict[str, int] = {"correct": 1, "threshold": 1, "cap": 1, "unique": 1, "length": 1, "drop_truncated": 1}
"""A component whose choices change gets the next number: steps that used it are computed again."""


def component_versions(components: Sequence[Select]) -> dict[str, int | str]:
    """Versions of the code that these components use, for step keys."""
    return {component.kind: VERSIONS[component.kind] for component in components}
