"""Calling pair makers in tests."""

from __future__ import annotations

from configs.schema.pair import Pair as PairConfig
from tasks.core.records import Pair
from tasks.select.defaults import in_round, with_judge
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.registry import KINDS


def pairs_of(group: Group, config: PairConfig, round: int = 1, seed: int = 0) -> list[Pair] | NoPair:
    """What the kind makes of one problem, its section resolved as in a round."""
    config = in_round(with_judge(config, list(group[0].verdicts)), round)
    return KINDS[config.kind](group, config, Draw(seed, round))


def made_of(group: Group, config: PairConfig) -> list[Pair]:
    """As `pairs_of`, of a problem that has some."""
    made = pairs_of(group, config)
    assert not isinstance(made, NoPair), made
    return made


def indices(made: list[Pair] | NoPair) -> list[tuple[int, int]] | NoPair:
    """Index of chosen and rejected of each pair."""
    if isinstance(made, NoPair):
        return made
    return [(int(pair.chosen_id.split("/")[1]), int(pair.rejected_id.split("/")[1])) for pair in made]
