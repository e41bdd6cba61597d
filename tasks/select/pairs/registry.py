"""All kinds of pairs. To add one: a file like `gold_vs_sample.py`, a config class, an entry here."""

from __future__ import annotations

from configs.schema.pair import Pair
from tasks.select.pairs import (
    best_vs_worst,
    gold_vs_sample,
    most_vs_least_voted,
    revision,
    right_vs_wrong,
    shortest_best_longest_worst,
    siblings,
    stop_or_go,
)
from tasks.select.pairs.choice import MakePairs

KINDS: dict[str, MakePairs] = {
    "best_vs_worst": best_vs_worst.make,
    "shortest_best_longest_worst": shortest_best_longest_worst.make,
    "most_vs_least_voted": most_vs_least_voted.make,
    "right_vs_wrong": right_vs_wrong.make,
    "gold_vs_sample": gold_vs_sample.make,
    "revision": revision.make,
    "siblings": siblings.make,
    "stop_or_go": stop_or_go.make,
}

VERSIONS: dict[str, int] = dict.fromkeys([*KINDS, "soft_label"], 1)
"""A kind whose pairs change gets the next number, `| {"right_vs_wrong": 2}`."""


def pair_versions(pair: Pair | None) -> dict[str, int | str]:
    """Versions of the code that a pair section uses, for step keys."""
    if pair is None:
        return {}
    used = [pair.kind, *(["soft_label"] if pair.soft_label else [])]
    return {f"pair.{name}": VERSIONS[name] for name in used}
