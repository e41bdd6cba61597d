"""The pairs of one section: what its kind makes of a problem, less what its options refuse, with their soft labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from configs.schema.pair import BestVsWorst
from configs.schema.pair import Pair as PairConfig
from tasks.core.records import Pair
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.gold import gold_pairs
from tasks.select.pairs.length_penalty import search_penalty
from tasks.select.pairs.options import Chances, filter_pairs
from tasks.select.pairs.registry import KINDS
from tasks.select.pairs.soft_label import consistency, mean_consistency


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one problem.

    Attributes:
        reason: why it has no pair; None where it has one.
        dropped: why pairs that the kind made are not among them, one each.
    """

    pairs: Sequence[Pair] = ()
    reason: NoPair | None = None
    dropped: Sequence[NoPair] = ()


class SectionMaker:
    """Makes the pairs of one section, problem by problem; the same of one problem however often it is asked.

    Attributes:
        numbers: length_penalty and rank_consistency, where they were looked for.
    """

    def __init__(
        self, kept: Callable[[], Iterator[Group]], config: PairConfig, draw: Draw, chances: Chances | None
    ) -> None:
        self._draw, self._chances = draw, chances
        self.numbers: dict[str, float | int | None] = {}
        if isinstance(config, BestVsWorst) and config.length_penalty == "search":
            self.numbers["length_penalty"] = penalty = search_penalty(kept(), config)
            config = config.model_copy(update={"length_penalty": penalty})
        self._config, self._soft_label = config, config.soft_label
        self._shared_label: float | None = None
        if self._soft_label and self._soft_label.average == "avg":
            self._shared_label = mean_consistency(kept(), self._soft_label)
            self.numbers["rank_consistency"] = self._shared_label

    def make(self, group: Group) -> Made:
        """The pairs of one problem, of which the filters left these candidates."""
        if not group:
            return Made(reason=NoPair.NO_SAMPLES)
        made = KINDS[self._config.kind](group, self._config, self._draw)
        if isinstance(made, NoPair) and self._config.gold_when_none:
            instead = gold_pairs(group, self._config, self._draw)
            made = made if isinstance(instead, NoPair) else instead
        if isinstance(made, NoPair):
            return Made(reason=made)
        left = list(filter_pairs(made, group, self._config, self._chances))
        pairs = [pair for pair in left if isinstance(pair, Pair)]
        dropped = [reason for reason in left if isinstance(reason, NoPair)]
        if not pairs:
            return Made(reason=dropped[0], dropped=dropped)
        return replace(self._trust(pairs, group) if self._soft_label else Made(pairs), dropped=dropped)

    def _trust(self, pairs: list[Pair], group: Group) -> Made:
        """The pairs with their soft label."""
        assert self._soft_label is not None
        is_shared = self._soft_label.average == "avg"
        label = self._shared_label if is_shared else consistency(group, self._soft_label)
        if label is None:
            return Made(reason=NoPair.NOT_RANKED)
        if label <= 0.5:
            return Made(reason=NoPair.INCONSISTENT)
        return Made([replace(pair, soft_label=label) for pair in pairs])
