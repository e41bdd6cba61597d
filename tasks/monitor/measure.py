"""All measures of a round together: they eat one problem at a time, and give flat metrics and histograms.

Called by `run.py`. To add a measure: a file like `texts.py`, and a line in `Monitor`; describe its metrics in
docs/metrics.md, which a test holds to these names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from configs.schema.judges.kinds import Judge
from configs.schema.select import Select
from tasks.core.records import Label
from tasks.core.step import Summary
from tasks.judge.kinds.registry import kind_of, scale_of
from tasks.monitor.difficulty import Difficulty, PassRate
from tasks.monitor.exploit import Exploitation
from tasks.monitor.explore import Exploration
from tasks.monitor.group import RoundGroup, Stopping
from tasks.monitor.histograms import Histogram
from tasks.monitor.judge_gold import GoldAgreement, SelfPreference
from tasks.monitor.judge_scores import JudgeScores
from tasks.monitor.orders import JudgementColumns, Orders
from tasks.monitor.pseudo_labels import PseudoLabels
from tasks.monitor.scale import cutoff_of, scores_of
from tasks.monitor.texts import Texts


class JudgeWatch:
    """Everything that is measured of one judge.

    Args:
        is_first: of the recipe's judges.
        seed: of the order of equal scores.
        all_drawn: whether nothing stopped the draws of a problem.
    """

    def __init__(
        self, judge: Judge, is_first: bool, select: Sequence[Select], seed: int, all_drawn: bool = True
    ) -> None:
        self.judge = judge
        self._cutoff = cutoff_of(judge, is_first, select)
        self._scores = JudgeScores(judge.name, scale_of(judge))
        self._exploitation, self._gold = Exploitation(seed, all_drawn), GoldAgreement()
        self._labels, self._orders = PseudoLabels(), Orders()
        self._is_vote = judge.rule is not None  # no defect, where all votes agree: it has no mode share
        is_own = [(asked.role, asked.state) for asked in judge.passes[:1]] == [("policy", "round_start")]
        self._preference = SelfPreference() if is_own else None

    def add(self, group: RoundGroup) -> None:
        """Count one problem."""
        verdicts = group.verdicts[self.judge.name]
        scores = scores_of(self.judge, verdicts)
        self._scores.add(group, verdicts, scores)
        if kind_of(self.judge).better != "higher":
            return
        if group.unaided().samples:
            self._add_unaided(group.unaided())

    def _add_unaided(self, group: RoundGroup) -> None:
        """How well the judge tells the model's own draws apart: a text that was written with help is no such draw."""
        verdicts = group.verdicts[self.judge.name]
        scores = scores_of(self.judge, verdicts)
        yes = [self._cutoff.says(verdict, score) for verdict, score in zip(verdicts, scores, strict=True)]
        self._exploitation.add(group, scores, yes)
        self._gold.add(group, scores, yes)
        if self._is_vote:
            self._labels.add(group, verdicts)
        if self._preference is not None:
            self._preference.add(group, scores)

    def add_judgements(self, judgements: Iterable[JudgementColumns]) -> None:
        """Count what a judging model wrote."""
        self._orders.add_all(judgements)

    def numbers(self) -> Summary:
        """The metrics of this judge; where it wrote texts, its parse rate is that of the texts."""
        preference = self._preference.numbers() if self._preference else {}
        return {
            **self._exploitation.numbers(),
            **self._score_numbers(),
            **self._orders.numbers(),
            **self._gold.numbers(),
            **preference,
            **self._labels.numbers(),
        }

    def _score_numbers(self) -> Summary:
        numbers = self._scores.numbers()
        return {name: number for name, number in numbers.items() if not self._is_vote or "mode" not in name}

    def histograms(self) -> dict[str, Histogram]:
        """Histograms of this judge by name."""
        named = {f"score_{self.judge.name}": self._scores.histogram(), "vote_share": self._labels.histogram()}
        return {name: histogram for name, histogram in named.items() if histogram is not None}


class Monitor:
    """Collects the metrics of a round.

    Args:
        judges, select: the recipe's.
        seed: of the order of equal scores.
        reference: round 1's pass rates by problem, and `first_shares` its kept samples by difficulty; None in round 1.
        stopping: what stopped the draws of problems; None: nothing did.
    """

    def __init__(
        self,
        judges: Sequence[Judge],
        select: Sequence[Select],
        seed: int,
        reference: Mapping[str, float] | None = None,
        first_shares: Sequence[float] | None = None,
        stopping: Stopping | None = None,
    ) -> None:
        self.judges = [
            JudgeWatch(judge, place == 0, select, seed, stopping is None)
            for place, judge in enumerate(judges)
            if kind_of(judge).better is not None
        ]
        self._first = judges[0].name
        self._exploration, self._texts = Exploration(stopping), Texts()
        self._difficulty = Difficulty(reference, first_shares)
        self._labels: Counter[str] = Counter()

    def add(self, group: RoundGroup) -> PassRate | None:
        """Count one problem; returns its pass rate, or None where gold is not known."""
        self._exploration.add(group)
        self._texts.add(group)
        self._labels.update(verdict.label for verdict in group.verdicts[self._first])
        for judge in self.judges:
            judge.add(group)
        return self._difficulty.add(group)

    def numbers(self) -> Summary:
        """All metrics; those of judges after the first that scores have `NAME_` before them."""
        numbers = {**self._exploration.numbers(), **self._difficulty.numbers(), **self._texts.numbers()}
        if self._labels:
            numbers["verifier_error_rate"] = self._labels[Label.VERIFIER_ERROR] / self._labels.total()
        for place, judge in enumerate(self.judges):
            prefix = f"{judge.judge.name}_" if place else ""
            numbers |= {prefix + name: value for name, value in judge.numbers().items()}
        return numbers

    def histograms(self) -> dict[str, Histogram]:
        """difficulty, length, vote_share, score_JUDGE: those that have something in them."""
        named = {"difficulty": self._difficulty.histogram(), "length": self._texts.histogram()}
        found = {name: histogram for name, histogram in named.items() if histogram is not None}
        for judge in self.judges:
            found |= {name: histogram for name, histogram in judge.histograms().items() if name not in found}
        return found
