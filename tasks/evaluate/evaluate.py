"""From judged samples to one result an item, and from those to the numbers of a round.

Called by the evaluate task; the report and `compare` read the numbers by the names that `summarize` gives. Pure and
streamed: one item is held at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest

from configs.schema.evaluate import Evaluate
from tasks.core.joined import Candidate, Group
from tasks.core.records import ItemResult, Label, Problem
from tasks.evaluate.statistics import pass_at_k, wilson_interval


def item_results(
    suite: str, problems: Iterable[Problem], greedy: Iterable[Candidate], draws: Iterable[Group] = ()
) -> Iterator[ItemResult]:
    """One result a problem, in the order of the problems.

    Args:
        suite: select | report.
        greedy: one sample a problem, in the order of the problems; each with the verdict of one judge.
        draws: samples for pass@k with the verdicts of one judge; empty where it is off.

    Raises:
        ValueError: samples and problems do not belong together.
    """
    labels = {group.problem.id: [one.verdict(None).label for one in group.candidates] for group in draws}
    for problem, first in zip_longest(problems, greedy):
        if problem is None or first is None or first.problem.id != problem.id:
            raise ValueError(f"not one greedy sample a problem, in order: {first} stands where {problem} does")
        sample, verdict, drawn = first.sample, first.verdict(None), labels.pop(problem.id, [])
        yield ItemResult(
            suite, problem.id, verdict.label, sample.text, verdict.answer, problem.gold, sample.num_tokens,
            num_draws=len(drawn), num_correct=drawn.count(Label.CORRECT), tags=problem.tags,
        )  # fmt: skip
    if labels:
        raise ValueError(f"draws of {', '.join(labels)} belong to no problem of the suite")


@dataclass(frozen=True)
class Extras:
    """What a recipe wants to know besides greedy accuracy: the k of pass@k, the k of best-of-k, and a tag."""

    pass_at: tuple[int, ...] = ()
    best_of: tuple[int, ...] = ()
    tag: str | None = None


def extras_of(evaluate: Evaluate) -> Extras:
    """The same from the recipe's section."""
    best_of = evaluate.best_of.k if evaluate.best_of else ()
    return Extras(evaluate.pass_at.k if evaluate.pass_at else (), best_of, evaluate.by_tag)


def summarize(items: Iterable[ItemResult], extras: Extras = Extras()) -> dict[str, float | int]:
    """Flat numbers of each suite, named `SUITE_NAME`, such as select_accuracy. Rates are in [0, 1].

    accuracy (with _low and _high, its 95 % Wilson interval), num_problems, num_correct, truncated_rate,
    unparseable_rate, verifier_error_rate, missing_rate, mean_tokens: of the greedy samples. pass_at_K, best_of_K and
    majority_at_K: means over the problems. accuracy_TAG_VALUE: of the problems with that value. Every problem is in
    every denominator, whatever became of its sample. A suite without items is left out.

    Raises:
        ValueError: the problems of a suite have different numbers of draws, or fewer than the largest k.
    """
    suites: dict[str, _Totals] = {}
    for item in items:
        suites.setdefault(item.suite, _Totals(extras)).add(item)
    return {f"{suite}_{name}": value for suite, totals in suites.items() for name, value in totals.numbers().items()}


@dataclass
class _Totals:
    """Sums over the items of one suite."""

    extras: Extras
    num_problems: int = 0
    num_tokens: int = 0
    num_draws: int | None = None
    labels: dict[str, int] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    by_value: dict[str, list[int]] = field(default_factory=dict)

    def add(self, item: ItemResult) -> None:
        if self.num_draws not in (None, item.num_draws):
            raise ValueError(f"problem {item.problem_id} has {item.num_draws} draws, others have {self.num_draws}")
        self.num_draws = item.num_draws
        self.num_problems += 1
        self.num_tokens += item.num_tokens
        self.labels[item.label] = self.labels.get(item.label, 0) + 1
        for k in self.extras.pass_at:
            self._count(f"pass_at_{k}", pass_at_k(item.num_draws, item.num_correct, k))
        for k, best, majority in zip(self.extras.best_of, item.best_of, item.majority, strict=bool(item.best_of)):
            self._count(f"best_of_{k}", best)
            self._count(f"majority_at_{k}", majority)
        for tag in item.tags if self.extras.tag else ():
            name, _, value = tag.partition("=")
            if name == self.extras.tag:
                self.by_value.setdefault(value, []).append(item.is_correct)

    def _count(self, name: str, value: float) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + value

    def numbers(self) -> dict[str, float | int]:
        num_correct = self.labels.get(Label.CORRECT, 0)
        low, high = wilson_interval(num_correct, self.num_problems)
        return {
            "accuracy": num_correct / self.num_problems,
            "accuracy_low": low,
            "accuracy_high": high,
            "num_problems": self.num_problems,
            "num_correct": num_correct,
            "truncated_rate": self._rate(Label.TRUNCATED),
            "unparseable_rate": self._rate(Label.UNPARSEABLE),
            "verifier_error_rate": self._rate(Label.VERIFIER_ERROR),
            "missing_rate": self._rate(Label.MISSING),
            "mean_tokens": self.num_tokens / self.num_problems,
            **{name: total / self.num_problems for name, total in self.sums.items()},
            **{f"accuracy_{self.extras.tag}_{value}": sum(hits) / len(hits) for value, hits in self.by_value.items()},
        }

    def _rate(self, label: Label) -> float:
        return self.labels.get(label, 0) / self.num_problems
