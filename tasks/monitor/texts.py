"""Length and repetition: of all samples, of the kept ones, and of chosen against rejected texts."""

from __future__ import annotations

from collections import Counter

from tasks.core.records import Pair, spell
from tasks.core.step import Summary
from tasks.monitor.formulas import divide, shares
from tasks.monitor.group import RoundGroup
from tasks.monitor.histograms import Histogram
from tasks.monitor.means import Means, known


class Texts:
    """Counts lengths and repeats of samples, one problem at a time."""

    def __init__(self) -> None:
        self._lengths: Counter[int] = Counter()
        self._kept_lengths: Counter[int] = Counter()
        self._kept_right = self._kept_known = 0
        self._num_repeats = self._num_kept_repeats = 0

    def add(self, group: RoundGroup) -> None:
        """Count one problem."""
        texts = [sample.text.strip() for sample in group.samples]
        kept = [text for text, is_kept in zip(texts, group.kept, strict=True) if is_kept]
        self._num_repeats += len(texts) - len(set(texts))
        self._num_kept_repeats += len(kept) - len(set(kept))
        for place, (sample, is_kept) in enumerate(zip(group.samples, group.kept, strict=True)):
            self._lengths[sample.num_tokens] += 1
            if is_kept:
                self._kept_lengths[sample.num_tokens] += 1
                if group.correct is not None:
                    self._kept_known += 1
                    self._kept_right += group.correct[place]

    def numbers(self) -> Summary:
        """duplicate_rate, duplicate_rate_kept, length_mean, length_kept, kept_precision."""
        numbers: Summary = {
            "duplicate_rate": divide(self._num_repeats, self._lengths.total()),
            "duplicate_rate_kept": divide(self._num_kept_repeats, self._kept_lengths.total()),
            "length_mean": _mean(self._lengths),
            "length_kept": _mean(self._kept_lengths),
            "kept_precision": divide(self._kept_right, self._kept_known),
        }
        return known(numbers)

    def histogram(self) -> Histogram | None:
        """Shares of samples by length, in bins that double; None without samples."""
        if not self._lengths:
            return None
        num_bins = max(self._lengths).bit_length() + 1
        sizes = [[0] * num_bins, [0] * num_bins]
        for counts, lengths in zip(sizes, (self._lengths, self._kept_lengths), strict=True):
            for length, number in lengths.items():
                counts[length.bit_length()] += number
        names = tuple(f"to {2**place - 1}" for place in range(num_bins))
        series = {"all samples": tuple(shares(sizes[0])), "kept": tuple(shares(sizes[1]))}
        return Histogram(title="samples by length in tokens", classes=names, series=series)


class PairLengths:
    """Mean lengths of chosen and rejected texts, in characters."""

    def __init__(self) -> None:
        self._means = Means()

    def add(self, pair: Pair) -> None:
        """Count one pair of samples."""
        chosen, rejected = len(spell(pair.chosen)), len(spell(pair.rejected))
        self._means.add("length_chosen", chosen)
        self._means.add("length_rejected", rejected)
        self._means.add("length_gap_pairs", chosen - rejected)

    def numbers(self) -> Summary:
        """length_chosen, length_rejected, length_gap_pairs; none without pairs."""
        return self._means.numbers()


def _mean(counts: Counter[int]) -> float | None:
    return divide(sum(value * number for value, number in counts.items()), counts.total())
