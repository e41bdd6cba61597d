"""Pairs of one round, made of the samples that passed the filters. Called by `rows/tables.py`.

A sample that passes every filter and ends in no pair is dropped as not_paired; a problem without a pair is counted
under its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from configs.schema.pair import BestVsWorst
from configs.schema.pair import Pair as PairConfig
from tasks.core.records import DropReason, Pair, spell
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.length_penalty import search_penalty
from tasks.select.pairs.registry import KINDS
from tasks.select.pairs.soft_label import consistency, mean_consistency
from tasks.select.selection import Selected, kept_of


class PairMaker:
    """Makes the pairs of one problem after the other.

    Args:
        kept: opens what the filters left of each problem; read once where the length penalty is searched for, and once
            where one soft label holds for all pairs.
        config: the pair section with its judge's name and the round's values (`defaults.py`).

    Raises:
        NoDataError: two judges agree too little for the soft label that the recipe asks for.
    """

    record: type = Pair

    def __init__(self, kept: Callable[[], Iterator[Group]], config: PairConfig, draw: Draw) -> None:
        self._draw = draw
        self._numbers: dict[str, float | int | None] = {}
        self._no_pair: Counter[NoPair] = Counter()
        if isinstance(config, BestVsWorst) and config.length_penalty == "search":
            self._numbers["length_penalty"] = penalty = search_penalty(kept(), config)
            config = config.model_copy(update={"length_penalty": penalty})
        self._config, self._soft_label = config, config.soft_label
        self._shared_label: float | None = None
        if self._soft_label and self._soft_label.average == "avg":
            self._shared_label = mean_consistency(kept(), self._soft_label)
            self._numbers["rank_consistency"] = self._shared_label

    def make(self, group: Sequence[Selected]) -> tuple[list[Pair], list[Selected]]:
        """The problem's pairs, and the fates of its samples."""
        pairs = self._pairs(kept_of(group))
        if isinstance(pairs, NoPair):
            self._no_pair[pairs] += 1
            pairs = []
        used = {sample_id for pair in pairs for sample_id in (pair.chosen_id, pair.rejected_id)}
        fates = [one if one.sample.id in used else one.refused(DropReason.NOT_PAIRED) for one in group]
        return pairs, fates

    def numbers(self) -> dict[str, float | int | None]:
        """num_no_pair_REASON for every reason; length_penalty and rank_consistency where they were looked for."""
        return {**{f"num_no_pair_{reason}": self._no_pair[reason] for reason in NoPair}, **self._numbers}

    def _pairs(self, group: Group) -> list[Pair] | NoPair:
        if not group:
            return NoPair.NO_SAMPLES
        made = KINDS[self._config.kind](group, self._config, self._draw)
        if isinstance(made, NoPair):
            return made
        pairs = [pair for pair in made if spell(pair.chosen).strip() != spell(pair.rejected).strip()]
        if not pairs:
            return NoPair.SAME_TEXT
        return self._trust(pairs, group) if self._soft_label else pairs

    def _trust(self, pairs: list[Pair], group: Group) -> list[Pair] | NoPair:
        """The pairs with their soft label."""
        assert self._soft_label is not None
        is_shared = self._soft_label.average == "avg"
        label = self._shared_label if is_shared else consistency(group, self._soft_label)
        if label is None:
            return NoPair.NOT_RANKED
        return [replace(pair, soft_label=label) for pair in pairs] if label > 0.5 else NoPair.INCONSISTENT
