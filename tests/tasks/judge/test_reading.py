"""What is read out of a judge's text, and what is not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.judges.opinions import PairwiseJudge, RubricJudge
from infra.engines.questions import Completion, Scoring
from tasks.judge.kinds.questions import choice_scorings, literal_beginning
from tasks.judge.kinds.reading import Reading, expect, read_score, read_winner, strip_matches

SCORE, WINNER = RubricJudge().pattern, PairwiseJudge().pattern


def written(text: str, finish_reason: str = "stop") -> Completion:
    return Completion("p/0", 0, text, finish_reason, 9, -1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good.\nScore: 4", Reading(4.0)),
        ("Score: 2.5", Reading(2.5)),
        ("Score:\n3", Reading(3.0)),
        ("Score: 1\nNo, it is better.\nScore: 4", Reading(4.0)),
        ("Score: 7", Reading(None, "out of range: 7")),
        ("Score: -1", Reading(None, "out of range: -1")),
        ("Score: 3\nScore: 99", Reading(None, "out of range: 99")),
        ("It deserves four points", Reading(None, "no verdict found by the pattern")),
        ("", Reading(None, "no verdict found by the pattern")),
        ("**Score:** 4", Reading(4.0)),
        ("**Score: 4**", Reading(4.0)),
        ("**Score**: 4", Reading(4.0)),
        ("score: 4", Reading(4.0)),
        ("SCORE: `4`", Reading(4.0)),
        ("### Score:\n\n**4**", Reading(4.0)),
        ("Score: [4]", Reading(4.0)),
        ("Score: <4>", Reading(4.0)),
        ('"Score": "4"', Reading(None, "no verdict found by the pattern")),
        ("Score: 4.", Reading(4.0)),
        ("Score: 4/5", Reading(4.0)),
        ("Score: 4 out of 5", Reading(4.0)),
        ("Score: 4 (out of 5 points)", Reading(4.0)),
        ("Score: _4_", Reading(4.0)),
        ("Total score: 4", Reading(4.0)),
        ("Subscore: 2", Reading(None, "no verdict found by the pattern")),
        ("Score: 4\nUnderscore: 2", Reading(4.0)),
        ("Score: 4/10", Reading(None, "a score of another scale: '4/10'")),
        ("Score: 4 out of 10", Reading(None, "a score of another scale: '4 out of 10'")),
        ("Score: **4** / 10", Reading(None, "a score of another scale: '4** / 10'")),
        ("Score: 4 (out of 10)", Reading(None, "a score of another scale: '4 (out of 10)'")),
        ("Score: 4 points out of 10", Reading(None, "a score of another scale: '4 points out of 10'")),
        ("Score: 4,5", Reading(None, "a part of a number: '4,5'")),
        ("Score: 4-5", Reading(None, "a part of a number: '4-5'")),
        ("Score: 4 \u2013 5", Reading(None, "a part of a number: '4 \u2013 5'")),
        ("Score: 4%", Reading(None, "a part of a number: '4%'")),
        ("Score: 1.2.3", Reading(None, "a part of a number: '1.2.3'")),
        ("Score: 1_000", Reading(None, "a part of a number: '1_000'")),
        ("Score: 4th", Reading(None, "a part of a word: 'Score: 4th'")),
        ("Score: 1e1", Reading(None, "a part of a word: 'Score: 1e1'")),
        ("Score: four", Reading(None, "no verdict found by the pattern")),
        ("Score: " + "9" * 5000, Reading(None, "out of range: " + "9" * 40)),
    ],
)
def test_the_last_score_in_range_is_read(text: str, expected: Reading) -> None:
    assert read_score(written(text), SCORE, 0, 5) == expected


def test_a_judgement_that_was_cut_off_is_not_read() -> None:
    note = "the judgement ended at max_tokens"
    assert read_score(written("Score: 4", "length"), SCORE, 0, 5) == Reading(None, note)
    assert read_winner(written("Winner: A", "length"), WINNER) == Reading(None, note)


@pytest.mark.parametrize("text", ["nan", "inf", "many", "1_000x"])
def test_a_group_that_is_no_number_in_range_is_no_score(text: str) -> None:
    assert read_score(written(f"Score: {text}"), "Score: (.+)", 0, 5).score is None


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Winner: A", 1.0),
        ("Winner: B", 0.0),
        ("Winner: A. No:\nWinner: B", 0.0),
        ("Winner: C", None),
        ("A", None),
        ("Winner: Answer B", 0.0),
        ("Winner: Answer A", 1.0),
        ("Winner: **B**", 0.0),
        ("**Winner:** A", 1.0),
        ("**Winner**: A", 1.0),
        ("winner: b", 0.0),
        ("winner: a", 1.0),
        ("WINNER: Response B.", 0.0),
        ("Winner: response_b", 0.0),
        ("Winner: The Assistant A", 1.0),
        ("Winner: **Option B**", 0.0),
        ("Winner: judgement A", 1.0),
        ("Winner: [B]", 0.0),
        ("Winner: <A>", 1.0),
        ("Winner: _A_", 1.0),
        ("Winner: 'B'", 0.0),
        ("Winner:\nA", 1.0),
        ("Winner: A is better", 1.0),
        ("Winner: A because it is right", 1.0),
        ("Winner: A Explanation: it is right", 1.0),
        ("Winner: B, though A is shorter", 0.0),
        ("Winner: A's answer", 1.0),
        ("Winner: A\ntie-break: none", 1.0),
        ("Winner: Answer", None),
        ("Winner: Assistant", None),
        ("Winner: Alice", None),
        ("Winner: Bob", None),
        ("Winner: Both", None),
        ("Winner: Neither", None),
        ("Winner: Neither A nor B", None),
        ("Winner: tie", None),
        ("Winner: A tie", None),
        ("Winner: a tie", None),
        ("Winner: a clear draw", None),
        ("Winner: A and B", None),
        ("Winner: Answer A and Answer B", None),
        ("Winner: A or B", None),
        ("Winner: A/B", None),
        ("Winner: **A** = **B**", None),
        ("Winner: B and A", None),
        ("Winner: A\nOn reflection:\nWinner: Neither", None),
        ("Breadwinner: A", None),
        ("Winner: 1", None),
        ("Winner: \u00c4", None),
        ("Winner: AB", None),
        ("Winner: B2", None),
    ],
)
def test_winners(text: str, score: float | None) -> None:
    assert read_winner(written(text), WINNER).score == score


@pytest.mark.parametrize("text", ["Winner: Answer B", "Winner: Alice", "Winner: ABBA", "Winner: B2"])
def test_half_a_word_is_no_verdict_under_a_pattern_of_ones_own_either(text: str) -> None:
    assert read_winner(written(text), r"Winner:\s*([AB])").score is None


def test_lines_with_a_score_are_taken_out() -> None:
    assert strip_matches("Fine work.\nScore: 4\nThanks.", SCORE) == "Fine work.\nThanks."
    assert strip_matches("I say Score: 2 for now.\nBetter: \nScore:\n 4\nEnd", SCORE) == "Better: \nEnd"
    assert strip_matches("no score", SCORE) == "no score"


@given(st.text(alphabet="Score: 123\nab", max_size=60))
def test_no_score_is_left(text: str) -> None:
    assert read_score(written(strip_matches(text, "Score: ?([0-9])")), "Score: ?([0-9])", 0, 9).score is None


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (SCORE, "Score:"),
        (WINNER, "Winner:"),
        ("Score: *([0-9.]+)", "Score:"),
        ("(?i)score: ([0-9])", "score:"),
        ("^Score ([0-9])", "Score"),
        ("Scores?: ([0-9])", "Score"),
        ("([0-9])", ""),
    ],
)
def test_the_literal_beginning_of_a_pattern(pattern: str, literal: str) -> None:
    assert literal_beginning(pattern) == literal


def test_choices_stand_after_the_beginning_of_the_pattern() -> None:
    chat = (("user", "?"),)
    assert choice_scorings("p/0", chat, SCORE, ["0", "1"]) == [
        Scoring("p/0 0", chat, " 0", "Score:", False),
        Scoring("p/0 1", chat, " 1", "Score:", False),
    ]
    assert choice_scorings("p/0", chat, "([0-9])", ["7"]) == [Scoring("p/0 7", chat, "7", "", False)]


def test_the_end_is_scored_where_one_choice_begins_another() -> None:
    scorings = choice_scorings("p/0", (), SCORE, [str(number) for number in range(11)])
    assert [scoring.with_end for scoring in scorings] == [True] * 11


def test_expectation_by_hand() -> None:
    logprobs = [math.log(share) for share in (0.1, 0.1, 0.2)]  # normalised: 1/4, 1/4, 1/2
    assert expect([0, 1, 2], logprobs) == pytest.approx(1.25)
    assert expect([1, 2], [-2000.0, -2000.0]) == 1.5
    assert expect([1, 2], [-math.inf, -math.inf]) is None


@given(st.lists(st.floats(-50, 0), min_size=6, max_size=6), st.floats(-100, 100))
def test_an_expectation_lies_within_the_scale_and_ignores_a_shift(logprobs: list[float], shift: float) -> None:
    found = expect(range(6), logprobs)
    assert found is not None and 0 <= found <= 5
    assert expect(range(6), [logprob + shift for logprob in logprobs]) == pytest.approx(found)
