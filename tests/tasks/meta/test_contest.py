"""Which judgements meet, what is asked about them, and which pair comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.schema.judges.opinions import MetaJudge, RubricJudge
from infra.engines.questions import Completion
from tasks.core.prompts import read_prompt
from tasks.core.records import Judgement, Pair, written
from tasks.judge.kinds.pairwise import ordered_pairs
from tasks.meta.contest import Contest, judge_pair, meta_requests, most_disputed, read_meta
from tasks.meta.elo import position_weights
from tasks.meta.run import MetaPairs, find_contests
from tests.build.records import ask, make_judgement, make_problem

TEMPLATE = read_prompt("meta", Path())
SCORE, WINNER = RubricJudge().pattern, MetaJudge().pattern


def judged(score: float | None, index: int, sample: str = "p/0", text: str | None = None) -> Judgement:
    text = text or f"r{index}\nScore: {score}"
    return make_judgement(sample, score, index=index, messages=ask(f"Grade {sample}"), text=text)


def meet(contest: Contest, verdicts: dict[tuple[int, int], str]) -> list[Judgement]:
    """Comparisons where the meta-judge writes these texts, by the indices of the judgements shown."""
    requests = meta_requests(TEMPLATE, SCORE, [contest])
    shown = [(first.index, second.index) for first, second in ordered_pairs(contest.judgements)]
    answers = [(Completion("", 0, verdicts.get(pair, "no idea"), "stop", 3, None),) for pair in shown]
    return read_meta([contest], WINNER, requests, answers)


def test_the_sample_whose_judgements_differ_most_is_taken() -> None:
    rows = [judged(4, 0), judged(5, 1), judged(1, 0, "p/1"), judged(None, 1, "p/1"), judged(5, 2, "p/1")]
    contest = most_disputed(make_problem(), rows)
    assert contest is not None and contest.players == ["p/1#0", "p/1#2"]


def test_where_all_agree_there_is_no_contest() -> None:
    rows = [judged(5, 0), judged(5, 1), judged(2, 0, "p/1"), judged(None, 1, "p/1")]
    assert most_disputed(make_problem(), rows) is None
    rows += [judged(1, 0, "q/0"), judged(2, 1, "q/0")]
    (contest,) = find_contests(rows, {"p": make_problem(), "q": make_problem("q")})
    assert contest.players == ["q/0#0", "q/0#1"]


def test_scores_are_hidden_from_the_meta_judge() -> None:
    contest = Contest(make_problem(), (judged(1, 0, text="Bad.\nScore: 1"), judged(5, 1, text="Score: 5\nGood.")))
    requests = meta_requests(TEMPLATE, SCORE, [contest])
    assert [request.id for request in requests] == ["p/0#0 p/0#1", "p/0#1 p/0#0"]
    text = requests[0].messages[0][1]
    assert "Score" not in text and "<judgement_a>\nBad.\n</judgement_a>" in text
    assert "<judgement_b>\nGood.\n</judgement_b>" in text and "<task>\nGrade p/0\n</task>" in text


def test_the_best_judgement_is_chosen_whole() -> None:
    contest = Contest(make_problem(), (judged(1, 0), judged(5, 1), judged(3, 2)))
    pair = judge_pair(contest, {"p/0#0": 900.0, "p/0#1": 1200.0, "p/0#2": 900.0})
    sides = written("r1\nScore: 5"), written("r0\nScore: 1")
    assert pair == Pair("p", ask("Grade p/0"), *sides, "p/0#1", "p/0#0", role="judge")


def test_equal_ratings_and_equal_scores_give_no_pair() -> None:
    contest = Contest(make_problem(), (judged(4, 0), judged(5, 1), judged(4, 2)))
    assert judge_pair(contest, dict.fromkeys(contest.players, 1000.0)) == "equal_rating"
    assert judge_pair(contest, {"p/0#0": 1200.0, "p/0#1": 1000.0, "p/0#2": 800.0}) == "equal_score"


def test_consistent_comparisons_become_a_pair_and_inconsistent_ones_do_not() -> None:
    clear, biased = (
        Contest(make_problem(name), (judged(1, 0, f"{name}/0"), judged(5, 1, f"{name}/0"))) for name in "pq"
    )
    rows = meet(clear, {(0, 1): "Winner: B", (1, 0): "Winner: A"})
    rows += meet(biased, {(0, 1): "Winner: A", (1, 0): "Winner: A"})
    weights = position_weights(rows)
    assert weights == pytest.approx((0.25, 0.75))
    pairs = MetaPairs(weights, ridge=1e-3)
    (pair,) = pairs.make([clear, biased], rows)
    assert (pair.chosen_id, pair.rejected_id) == ("p/0#1", "p/0#0")
    assert pairs.numbers() == {
        "num_contests": 2,
        "num_pairs": 1,
        "num_equal_rating": 1,
        "num_equal_score": 0,
        "num_comparisons": 4,
        "num_unread_comparisons": 0,
        "first_wins_share": 0.75,
    }


def test_a_meta_judge_that_cannot_be_read_makes_no_pairs() -> None:
    contest = Contest(make_problem(), (judged(1, 0), judged(5, 1)))
    rows = meet(contest, {})
    pairs = MetaPairs(position_weights(rows), ridge=1e-3)
    assert list(pairs.make([contest], rows)) == []
    numbers = pairs.numbers()
    assert (numbers["num_unread_comparisons"], numbers["first_wins_share"]) == (2, None)
