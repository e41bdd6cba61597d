"""How a judge uses its scores: can it be read, does it tell samples apart at all, does it follow length?

Histogram entropy / ln B and the share of the commonest class: a judge that answers nearly the same to everything
teaches nothing. Bounded scales are binned as the judge's kind says. Scores without bounds have no classes of their own:
their mode share is that of the commonest value (to six digits), and their histogram has ten equal bins from the 5th to
the 95th percentile, so that outliers do not squeeze the rest into one bin.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence

from tasks.core.records import Label, Verdict
from tasks.core.step import Summary
from tasks.judge.kind import Scale
from tasks.monitor.formulas import divide, normalised_entropy, shares, spearman
from tasks.monitor.group import RoundGroup
from tasks.monitor.histograms import Histogram
from tasks.monitor.means import Means, known

NUM_FREE_BINS = 10


class JudgeScores:
    """Collects the scores of one judge; holds each score and length as a number.

    Args:
        scale: None for scores without bounds.
    """

    def __init__(self, judge: str, scale: Scale | None) -> None:
        self._judge, self._scale = judge, scale
        self._num_asked = self._num_read = 0
        self._sum = 0.0
        self._scores, self._lengths = array("d"), array("q")
        self._means = Means()

    def add(self, group: RoundGroup, verdicts: Sequence[Verdict], scores: Sequence[float | None]) -> None:
        """Count one problem. A truncated sample is shown to no judge, and says nothing about one; nor does a missing
        answer, or a sample that the judge has no opinion of."""
        self._num_asked += sum(map(_was_asked, verdicts))
        self._num_read += sum(verdict.score is not None for verdict in verdicts)
        self._sum += sum(verdict.score for verdict in verdicts if verdict.score is not None)
        scored = [
            (score, len(sample.text)) for sample, score in zip(group.samples, scores, strict=True) if score is not None
        ]
        self._scores.extend(score for score, _ in scored)
        self._lengths.extend(length for _, length in scored)
        by_score, by_length = [score for score, _ in scored], [length for _, length in scored]
        self._means.add("judge_length_correlation", spearman(by_score, by_length))

    def numbers(self) -> Summary:
        """judge_parse_rate, judge_score_mean, judge_score_entropy, judge_mode_share, judge_length_correlation (mean
        over problems), judge_length_correlation_raw (over all samples)."""
        numbers: Summary = {
            "judge_parse_rate": divide(self._num_read, self._num_asked),
            "judge_score_mean": divide(self._sum, self._num_read),
        }
        if self._scores:
            counts = self._counts()[1]
            numbers["judge_score_entropy"] = normalised_entropy(counts)
            numbers["judge_mode_share"] = max(counts) / sum(counts) if self._scale else _commonest(self._scores)
            numbers |= self._means.numbers()
            numbers["judge_length_correlation_raw"] = spearman(self._scores, self._lengths)
        return known(numbers)

    def histogram(self) -> Histogram | None:
        """Shares of the scores by class; None where there is no score."""
        if not self._scores:
            return None
        names, counts = self._counts()
        title = f"scores of the judge {self._judge}"
        return Histogram(title=title, classes=tuple(names), series={"share": tuple(shares(counts))})

    def _counts(self) -> tuple[list[str], list[int]]:
        if self._scale is None:
            return count_free(self._scores)
        counts = [0] * self._scale.num_classes
        for score in self._scores:
            counts[self._scale.place(score)] += 1
        return self._scale.names(), counts


def _was_asked(verdict: Verdict) -> bool:
    has_no_opinion = verdict.label == Label.UNSCORED and verdict.score is None
    return verdict.label not in (Label.TRUNCATED, Label.MISSING) and not has_no_opinion


def count_free(scores: Sequence[float]) -> tuple[list[str], list[int]]:
    """Names and counts of ten equal bins from the 5th to the 95th percentile; the outer ones hold what lies outside."""
    import numpy

    values = numpy.asarray(scores, dtype=float)
    low, high = numpy.quantile(values, [0.05, 0.95])
    width = (high - low) / NUM_FREE_BINS
    places = numpy.zeros(len(values), dtype=int)
    if width > 0:
        places = numpy.clip((values - low) // width, 0, NUM_FREE_BINS - 1).astype(int)
    counts = numpy.bincount(places, minlength=NUM_FREE_BINS)
    return [f"{low + (place + 0.5) * width:.3g}" for place in range(NUM_FREE_BINS)], [int(count) for count in counts]


def _commonest(scores: Sequence[float]) -> float:
    return max(Counter(f"{score:.6g}" for score in scores).values()) / len(scores)
