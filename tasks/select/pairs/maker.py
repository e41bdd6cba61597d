"""Pairs of one round, made of the samples that passed the filters. Called by `rows/tables.py`.

A sample that passes every filter and ends in no pair is dropped as not_paired; a problem without a pair is counted
under its reason, and so is every pair that an option of its section drops.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from configs.schema.pair import Mixture, PairSection
from tasks.core.records import DropReason, Pair
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.mixture import Quota, make_quotas
from tasks.select.pairs.options import Chances
from tasks.select.pairs.section import Made, SectionMaker
from tasks.select.selection import Selected, kept_of


class PairMaker:
    """Makes the pairs of one problem after the other.

    Args:
        kept: opens what the filters left of each problem; read once where the length penalty is searched for, once
            where one soft label holds for all pairs, and once where a mixture has shares.
        config: the pair section, one kind or a mixture, with its judges' names and the round's values (`defaults.py`).
        chances: what the pairs of each kind carry; default: nothing.
        num_rows: rows wanted, for a mixture that repeats pairs.

    Raises:
        NoDataError: two judges agree too little for the soft label that the recipe asks for.
    """

    record: type = Pair

    def __init__(
        self,
        kept: Callable[[], Iterator[Group]],
        config: PairSection,
        draw: Draw,
        chances: Sequence[Chances | None] | None = None,
        num_rows: int | None = None,
    ) -> None:
        sections = config.makers()
        told = zip(sections, chances or [None] * len(sections), strict=True)
        self._makers = [SectionMaker(kept, section, draw, one) for section, one in told]
        self._quotas = [Quota()] * len(self._makers)
        self._places = [0] * len(self._makers)
        self._is_mixture = isinstance(config, Mixture)
        if isinstance(config, Mixture) and config.has_shares:
            self._quotas = make_quotas(config, self._count(kept), draw, num_rows)
        self._no_pair: Counter[NoPair] = Counter()
        self._dropped: Counter[NoPair] = Counter()
        self._num_gold = 0
        self._chosen: Counter[str] = Counter()

    def make(self, group: Sequence[Selected]) -> tuple[list[Pair], list[Selected]]:
        """The problem's pairs, and the fates of its samples."""
        made = [maker.make(kept_of(group)) for maker in self._makers]
        pairs = [pair for index, one in enumerate(made) for pair in self._take(index, one)]
        if (reason := made[0].reason) is not None and not any(one.pairs for one in made):
            self._no_pair[reason] += 1
        self._dropped.update(reason for one in made for reason in one.dropped)
        self._num_gold += sum(pair.chosen_id.startswith("gold/") for pair in pairs)
        origins = {one.sample.id: one.sample.origin for one in group}
        self._chosen.update(origins[pair.chosen_id] for pair in pairs if pair.chosen_id in origins)
        used = {sample_id for pair in pairs for sample_id in pair.sample_ids}
        fates = [one if one.sample.id in used else one.refused(DropReason.NOT_PAIRED) for one in group]
        return pairs, fates

    def numbers(self) -> dict[str, float | int | None]:
        """num_no_pair_REASON and num_dropped_pairs_REASON for every reason, num_gold_pairs (a worked solution is
        chosen), num_chosen_ORIGIN for every `Sample.origin` of a chosen sample; num_pairs_made_SET and
        num_pairs_taken_SET of a mixture, sets counted from 0; length_penalty and rank_consistency where they were
        looked for."""
        numbers: dict[str, float | int | None] = {f"num_no_pair_{reason}": self._no_pair[reason] for reason in NoPair}
        numbers |= {f"num_dropped_pairs_{reason}": self._dropped[reason] for reason in NoPair if reason.is_of_pairs}
        numbers["num_gold_pairs"] = self._num_gold
        numbers |= {f"num_chosen_{origin}": number for origin, number in sorted(self._chosen.items())}
        for index, (maker, place) in enumerate(zip(self._makers, self._places, strict=True)):
            ending = f"_set_{index}" if self._is_mixture else ""
            numbers |= {f"{name}{ending}": number for name, number in maker.numbers.items()}
            if self._is_mixture:
                taken = sum(self._quotas[index].copies(number) for number in range(place))
                numbers |= {f"num_pairs_made{ending}": place, f"num_pairs_taken{ending}": taken}
        return numbers

    def _count(self, kept: Callable[[], Iterator[Group]]) -> list[int]:
        """How many pairs each set has in the round."""
        counts = [0] * len(self._makers)
        for group in kept():
            for index, maker in enumerate(self._makers):
                counts[index] += len(maker.make(group).pairs)
        return counts

    def _take(self, index: int, made: Made) -> Iterator[Pair]:
        """What the mixture takes of a problem's pairs."""
        for pair in made.pairs:
            yield from [pair] * self._quotas[index].copies(self._places[index])
            self._places[index] += 1
