"""Judge `pairwise`: a model compares a problem's samples two by two. "Process-based Self-Rewarding Language Models",
arXiv 2503.03746. Pure.

score_i = number of samples that i beats.

Where this differs from the paper:
1. Each pair is shown in both orders. A pair counts as won if both orders name the same winner; where they disagree, or
   one can't be read, each side gets half a win.
2. With `read: choices` the likelier of A and B wins, and nothing is written.
3. A sample of which no comparison could be read is unparseable and has no score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, TypeVar

from configs.schema.judges.opinions import PairwiseJudge
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Scoring,
)
from tasks.core.joined import Group
from tasks.core.records import Judgement, Label, Message, Problem, Sample, Verdict
from tasks.judge.kind import SHARES, Evidence, JudgeKind, missing_judgement, verdict_without_score
from tasks.judge.kinds.questions import ask_user, choice_scorings, to_messages
from tasks.judge.kinds.reading import Reading, first_missing, read_winner

CHOICES = ("A", "B")
Item = TypeVar("Item")


def ordered_pairs(items: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Every pair in both orders, the two orders of a pair beside each other: n (n - 1) comparisons of n items."""
    return [order for first, second in combinations(items, 2) for order in ((first, second), (second, first))]


def comparison_requests(
    judge: PairwiseJudge, template: str, problem: Problem, samples: Sequence[Sample]
) -> list[Request]:
    """One request a comparison, in the order of `ordered_pairs`; for a judge that reads text.

    The template gets prompt, messages, first and second (the texts of the samples).
    """
    return [
        Request(f"{first.id} {second.id}", _ask(template, problem, first, second))
        for first, second in ordered_pairs(samples)
    ]


def comparison_scorings(
    judge: PairwiseJudge, template: str, problem: Problem, samples: Sequence[Sample]
) -> list[Scoring]:
    """For each comparison the two choices, A then B; for a judge that reads choices."""
    return [
        scoring
        for first, second in ordered_pairs(samples)
        for scoring in choice_scorings(
            f"{first.id} {second.id}", _ask(template, problem, first, second), judge.pattern, CHOICES
        )
    ]


def read_comparisons(
    judge: PairwiseJudge, samples: Sequence[Sample], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """What was answered to the comparisons of one problem: one row a comparison, score 1 where the first wins.

    Args:
        questions: as `comparison_requests` or `comparison_scorings` made them.
        answers: for a request the tuple of its one Completion, for a scoring its Score, or Missing in the place of
            either; in the order of the questions.
    """
    if judge.read == "choices":
        asked = questions[::2]
        found = [first_missing(both) or both for both in zip(answers[::2], answers[1::2], strict=True)]
    else:
        asked, found = questions, [answer for (answer,) in answers]
    return [
        _comparison(judge, first, second, to_messages(question.messages), answer)
        for (first, second), question, answer in zip(ordered_pairs(samples), asked, found, strict=True)
    ]


def _comparison(
    judge: PairwiseJudge, first: Sample, second: Sample, messages: tuple[Message, ...], answer: Any
) -> Judgement:
    """What was answered once.

    Args:
        answer: the Completion, or the Scores of the two choices, or a Missing.
    """
    if isinstance(answer, Missing):
        return missing_judgement(judge.name, first, messages, answer, second.id)
    if isinstance(answer, Completion):
        reading, text = read_winner(answer, judge.pattern), answer.text
    else:
        reading, text = _likelier(*(score.logprob for score in answer)), ""
    return Judgement(judge.name, first.problem_id, first.id, 0, messages, text, reading.score, second.id, reading.note)


def wins(samples: Sequence[Sample], judgements: Iterable[Judgement]) -> dict[str, float]:
    """How many of the others each sample beats, by sample id; half a win each where a pair has no clear winner."""
    winners: dict[frozenset[str], list[str | None]] = {}
    for row in judgements:
        assert row.other_id is not None
        winner = None if row.score is None else row.sample_id if row.score > 0.5 else row.other_id
        winners.setdefault(frozenset((row.sample_id, row.other_id)), []).append(winner)
    beaten = {sample.id: 0.0 for sample in samples}
    for pair, named in winners.items():
        winner = named[0]
        if winner is not None and len(named) == 2 and named[1] == winner:
            beaten[winner] += 1.0
        else:
            for sample_id in pair:
                beaten[sample_id] += 0.5
    return beaten


def pairwise_questions(judge: PairwiseJudge, template: str, groups: Sequence[Group]) -> list[Request] | list[Scoring]:
    """The comparisons of every group, group by group."""
    if judge.read == "text":
        return [row for g in groups for row in comparison_requests(judge, template, g.problem, g.whole_samples)]
    return [row for g in groups for row in comparison_scorings(judge, template, g.problem, g.whole_samples)]


def pairwise_judgements(
    judge: PairwiseJudge, groups: Sequence[Group], questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """What was answered, group by group."""
    rows: list[Judgement] = []
    begin = 0
    for group in groups:
        count = len(group.whole_samples)
        end = begin + count * (count - 1) * (2 if judge.read == "choices" else 1)
        rows += read_comparisons(judge, group.whole_samples, questions[begin:end], answers[begin:end])
        begin = end
    return rows


def pairwise_verdicts(judge: PairwiseJudge, group: Group, evidence: Evidence) -> list[Verdict]:
    """The samples that each one beats; the only sample of a problem beats none."""
    samples, judgements = group.whole_samples, evidence.judgements[""]
    beaten = wins(samples, judgements)
    is_read = {name for row in judgements if row.score is not None for name in (row.sample_id, row.other_id)}
    verdicts = []
    for sample in samples:
        if len(samples) > 1 and sample.id not in is_read:
            own = [row for row in judgements if sample.id in (row.sample_id, row.other_id)]
            verdicts.append(verdict_without_score(judge.name, sample, own, "no comparison could be read"))
        else:
            score = beaten[sample.id]
            verdicts.append(Verdict(sample.id, sample.problem_id, judge.name, str(Label.UNSCORED), score))
    return verdicts


def _ask(template: str, problem: Problem, first: Sample, second: Sample) -> Any:
    return ask_user(template, problem, first=first.text, second=second.text)


def _likelier(first: float, second: float) -> Reading:
    if first == second:
        return Reading(None, "both choices are equally likely")
    return Reading(1.0 if first > second else 0.0)


KIND = JudgeKind(
    version=3,
    verdicts=pairwise_verdicts,
    questions=pairwise_questions,
    judgements=pairwise_judgements,
    gives_opinions=True,
    num_judgements=lambda judge, number: number * (number - 1),
    scale=lambda judge: SHARES,
)
