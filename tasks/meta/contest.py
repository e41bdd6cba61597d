"""Which judgements are compared, what the meta-judge is asked, and the pair that comes out. Pure.

"Meta-Rewarding Language Models", arXiv 2407.19594: of each problem the sample whose judgements have the largest score
variance; all pairs of its judgements, both orders, score lines removed; best against worst by Elo.

Where this differs from the paper:
1. Only judgements that could be read take part.
2. Winners that are long are not dropped.
3. A pair is trained on whole: the score lines are removed for the comparison alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import pvariance
from typing import Any

from infra.engines.questions import Missing, Request
from tasks.core.records import Judgement, Pair, Problem, judgement_id, written
from tasks.judge.kinds.pairwise import ordered_pairs
from tasks.judge.kinds.questions import ask_user, to_messages
from tasks.judge.kinds.reading import read_winner, strip_matches

NAME = "meta"
"""What comparisons of judgements carry as their judge."""
SAME_RATING = 1e-6
"""Ratings that are nearer than this are equal."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Judgements of one sample that are compared with each other; two or more, all of them readable."""

    problem: Problem
    judgements: tuple[Judgement, ...]

    @property
    def players(self) -> list[str]:
        """Names of the judgements, in their order."""
        return [judgement_id(row) for row in self.judgements]


def most_disputed(problem: Problem, judgements: Iterable[Judgement]) -> Contest | None:
    """The sample whose judgements have the largest score variance, the first of equals; None where all agree."""
    rows_by_sample: dict[str, list[Judgement]] = {}
    for row in judgements:
        if row.score is not None:
            rows_by_sample.setdefault(row.sample_id, []).append(row)
    best: Contest | None = None
    largest = 0.0
    for rows in rows_by_sample.values():
        variance = pvariance([row.score for row in rows if row.score is not None])
        if variance > largest:
            largest, best = variance, Contest(problem, tuple(rows))
    return best


def meta_requests(template: str, pattern: str, contests: Iterable[Contest]) -> list[Request]:
    """Every pair of judgements in both orders, contest by contest.

    The template gets prompt, messages, asked (what the judge was asked), first and second (judgements without the
    lines that a match of `pattern` touches).
    """
    return [
        Request(f"{judgement_id(first)} {judgement_id(second)}", _ask(template, pattern, contest, first, second))
        for contest in contests
        for first, second in ordered_pairs(contest.judgements)
    ]


def read_meta(
    contests: Iterable[Contest], pattern: str, questions: Sequence[Any], answers: Sequence[Any]
) -> list[Judgement]:
    """One row a comparison: score 1 where the judgement shown first wins. Names are those of `judgement_id`."""
    pairs = [pair for contest in contests for pair in ordered_pairs(contest.judgements)]
    rows = []
    for (first, second), question, (answer,) in zip(pairs, questions, answers, strict=True):
        names = (NAME, first.problem_id, judgement_id(first), 0, to_messages(question.messages))
        if isinstance(answer, Missing):
            rows.append(Judgement(*names, "", None, judgement_id(second), answer.words, answer.reason))
        else:
            score, note = read_winner(answer, pattern)
            rows.append(Judgement(*names, answer.text, score, judgement_id(second), note))
    return rows


def judge_pair(contest: Contest, ratings: Mapping[str, float]) -> Pair | str:
    """Best against worst judgement; or why there is no pair: equal_rating, equal_score.

    Of equals the one that was drawn first is taken.
    """
    best = max(contest.judgements, key=lambda row: (ratings[judgement_id(row)], -row.index))
    worst = min(contest.judgements, key=lambda row: (ratings[judgement_id(row)], row.index))
    if ratings[judgement_id(best)] - ratings[judgement_id(worst)] < SAME_RATING:
        return "equal_rating"
    if best.score == worst.score:
        return "equal_score"
    return Pair(
        contest.problem.id, best.messages, written(best.text), written(worst.text), judgement_id(best),
        judgement_id(worst), role="judge",
    )  # fmt: skip


def _ask(template: str, pattern: str, contest: Contest, first: Judgement, second: Judgement) -> Any:
    return ask_user(
        template,
        contest.problem,
        asked=first.messages[-1].content,
        first=strip_matches(first.text, pattern),
        second=strip_matches(second.text, pattern),
    )
