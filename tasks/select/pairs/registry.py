"""All kinds of pairs: each is called as a file of this folder. To add one: such a file, and a class of settings."""

from __future__ import annotations

from configs.schema.kinds import load_kinds
from configs.schema.pair import Pair, PairSection
from configs.schema.pair_options import PairOptions
from tasks.select.pairs.choice import MakePairs

KINDS: dict[str, MakePairs] = load_kinds(Pair, "tasks.select.pairs", "make")

VERSIONS: dict[str, int] = dict.fromkeys([*KINDS, *PairOptions.model_fields, "mixture"], 1)
"""A kind whose pairs change gets the next number, `| {"right_vs_wrong": 2}`."""


def pair_versions(pair: PairSection | None) -> dict[str, int | str]:
    """Versions of the code that a pair section uses, for step keys."""
    if pair is None:
        return {}
    makers = pair.makers()
    options = [name for name in PairOptions.model_fields if any(getattr(maker, name) for maker in makers)]
    return {f"pair.{name}": VERSIONS[name] for name in (pair.kind, *(maker.kind for maker in makers), *options)}
