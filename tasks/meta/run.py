"""The meta stage joined to a judge's published judgements and to the model that compares them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from configs.schema.drawing import Sampling
from configs.schema.judges.opinions import MetaJudge, OpinionJudge
from tasks.core.asking import Asking
from tasks.core.records import Judgement, Pair, Problem
from tasks.core.step import Summary
from tasks.meta.contest import NAME, Contest, judge_pair, meta_requests, most_disputed, read_meta
from tasks.meta.elo import rate


def find_contests(judgements: Iterable[Judgement], problems: Mapping[str, Problem]) -> Iterator[Contest]:
    """One contest a problem, of problems whose judgements differ; one problem's judgements in memory."""
    for problem_id, rows in groupby(judgements, key=lambda row: row.problem_id):
        contest = most_disputed(problems[problem_id], rows)
        if contest is not None:
            yield contest


def meta_asking(judge: OpinionJudge, meta: MetaJudge, template: str, seed: int) -> Asking:
    """How the meta-judge asks about contests."""
    return Asking(
        NAME,
        "text",
        lambda contests: meta_requests(template, judge.pattern, contests),
        lambda contests, questions, answers: read_meta(contests, meta.pattern, questions, answers),
        Sampling(temperature=meta.temperature, top_p=meta.top_p, max_tokens=meta.max_tokens),
        seed,
    )


class MetaPairs:
    """Pairs of judgements, and the numbers of the step.

    Args:
        weights: position weights over all comparisons of the round; None where none could be read.
    """

    def __init__(self, weights: tuple[float, float] | None, ridge: float) -> None:
        self._weights, self._ridge = weights, ridge
        self._counts: Counter[str] = Counter()

    def make(self, contests: Iterable[Contest], comparisons: Iterable[Judgement]) -> Iterator[Pair]:
        """One pair a contest at most.

        Args:
            comparisons: rows of all contests, those of a problem together and in the order of the contests.
        """
        rows_by_problem = groupby(comparisons, key=lambda row: row.problem_id)
        for contest, (problem_id, rows) in zip(contests, rows_by_problem, strict=True):
            assert problem_id == contest.problem.id, "comparisons lie in the order of their contests"
            pair = self._pair(contest, list(rows))
            self._counts["num_contests"] += 1
            if isinstance(pair, Pair):
                self._counts["num_pairs"] += 1
                yield pair
            else:
                self._counts[f"num_{pair}"] += 1

    def numbers(self) -> Summary:
        """num_contests, num_pairs, num_equal_rating, num_equal_score, num_comparisons, num_unread_comparisons;
        first_wins_share: share of the read comparisons that the judgement shown first won, None without any."""
        names = ("contests", "pairs", "equal_rating", "equal_score", "comparisons", "unread_comparisons")
        counts: Summary = {f"num_{name}": self._counts[f"num_{name}"] for name in names}
        return {**counts, "first_wins_share": self._weights[1] if self._weights else None}

    def _pair(self, contest: Contest, rows: list[Judgement]) -> Pair | str:
        self._counts["num_comparisons"] += len(rows)
        self._counts["num_unread_comparisons"] += sum(row.score is None for row in rows)
        if self._weights is None:
            return "equal_rating"
        return judge_pair(contest, rate(contest.players, rows, self._weights, self._ridge))
