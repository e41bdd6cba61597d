"""Self-consistency: votes over extracted answers, and the extraction of each verifier."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import RecipeError
from configs.schema.judges.by_rule import VoteJudge
from configs.schema.judges.kinds import Judge
from configs.schema.verifiers.kinds import ChoiceVerifier, ExactVerifier, NumberVerifier, PythonVerifier, RegexVerifier
from tasks.core.records import Verdict
from tasks.judge.kinds.vote import count_votes
from tasks.judge.verdicts import judge_samples
from tasks.judge.verifiers import choice, exact, number
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.registry import Item, build_extractor
from tasks.judge.world import World
from tests.build.records import make_problem, make_sample

TRUNCATED = "TRUNCATED"


@dataclass
class Given:
    value: Finding | None = None
    failure: str | None = None


def vote(answers: Sequence[str | None], judge: VoteJudge | None = None) -> list[Verdict]:
    """Verdicts on samples with these answers; None: no answer."""
    samples = [make_sample(text="x", index=index, is_truncated=text == TRUNCATED) for index, text in enumerate(answers)]
    found = (Given(Finding(answer)) for answer in answers if answer != TRUNCATED)

    def verify(judge: Judge, items: Iterable[Item]) -> Generator[Given, None, None]:
        return (next(found) for _ in items)

    return list(judge_samples(samples, [judge or VoteJudge()], World({"p": make_problem()}, verify=verify)))


def test_the_majority_is_called_correct() -> None:
    verdicts = vote(["8", "8", "8", "7", "9", "8", "8", "10"])
    assert [verdict.label for verdict in verdicts].count("correct") == 5
    assert {verdict.answer: verdict.score for verdict in verdicts} == {"8": 0.625, "7": 0.125, "9": 0.125, "10": 0.125}
    assert {verdict.label for verdict in verdicts if verdict.answer != "8"} == {"wrong"}


def test_the_other_samples_alone_may_count() -> None:
    """Consistency alignment: answers to four paraphrases."""
    others, answers = VoteJudge(with_self=False), ["A", "A", "B", "A"]
    assert [verdict.score for verdict in vote(answers)] == [0.75, 0.75, 0.25, 0.75]
    verdicts = vote(answers, others)
    assert [verdict.score for verdict in verdicts] == pytest.approx([2 / 3, 2 / 3, 0, 2 / 3])
    assert [verdict.label for verdict in verdicts] == ["correct", "correct", "wrong", "correct"]
    unread = vote(["A", None, TRUNCATED], others)
    assert [verdict.score for verdict in unread] == [0, None, None]
    (alone,) = vote(["A"], others)
    assert (alone.score, alone.label, alone.note) == (None, "unscored", "the problem has no other sample")


def test_the_grade_that_most_judgements_give() -> None:
    """Self-Rationalization: grades (4, 3, 4, 5, 2, 4), where 4 is right: the majority is 4, and half of them say so."""
    verdicts = vote(["4", "3", "4", "5", "2", "4"])
    assert {verdict.answer for verdict in verdicts if verdict.label == "correct"} == {"4"}
    assert [verdict.score for verdict in verdicts if verdict.answer == "4"] == [0.5] * 3


def test_votes_are_counted_by_what_answers_mean() -> None:
    verdicts = vote(["0.5", "50%", "0.5", "7", "7", "5 km", "5000 m"])
    assert [verdict.label for verdict in verdicts].count("correct") == 3
    assert {verdict.answer: verdict.score for verdict in verdicts} == {"0.5": 3 / 7, "7": 2 / 7, "5 km": 2 / 7}


def test_a_tie_for_the_top_calls_nothing() -> None:
    verdicts = vote(["8", "8", "7", "7", "5"])
    assert [(verdict.label, verdict.score, verdict.note) for verdict in verdicts] == [
        *[("unscored", 0.4, "tie for the top")] * 4,
        ("unscored", 0.2, "tie for the top"),
    ]


def test_samples_without_an_answer_stay_in_the_denominator_and_never_win() -> None:
    verdicts = vote([None, None, None, "4", TRUNCATED])
    assert [(verdict.label, verdict.score) for verdict in verdicts] == [
        *[("unparseable", None)] * 3,
        ("correct", 0.2),
        ("truncated", None),
    ]


def test_a_problem_without_any_answer_has_no_scores() -> None:
    assert [(verdict.label, verdict.score) for verdict in vote([None, TRUNCATED])] == [
        ("unparseable", None),
        ("truncated", None),
    ]


def test_an_extraction_that_hangs_is_a_verifier_error_and_no_vote() -> None:
    samples = [make_sample(text="x", index=index) for index in range(2)]
    verdicts = count_votes("vote", samples, [Given(failure="timeout"), Given(Finding("3"))], 2)
    assert [(verdict.label, verdict.score, verdict.note) for verdict in verdicts] == [
        ("verifier_error", None, "timeout"),
        ("correct", 0.5, None),
    ]


@given(st.lists(st.sampled_from(["1", "2", "3", None, TRUNCATED]), min_size=1, max_size=12))
def test_shares_add_up_and_one_answer_at_most_is_called_correct(answers: list[str | None]) -> None:
    verdicts = vote(answers)
    shares = {verdict.answer: verdict.score for verdict in verdicts if verdict.score is not None}
    voted = sum(answer not in (None, TRUNCATED) for answer in answers)
    assert sum(shares.values()) == pytest.approx(voted / len(answers))
    assert len({verdict.answer for verdict in verdicts if verdict.label == "correct"}) <= 1
    assert all((verdict.score is None) == (verdict.answer is None) for verdict in verdicts)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so 1,000", "1000"),
        ("1000.0", "1000"),
        ("1e3", "1000"),
        ("it is 1/2", "0.5"),
        ("50%", "50%"),
        ("$3.50", "3.5 $"),
        ("none", None),
    ],
)
def test_equal_numbers_look_equal(text: str, answer: str | None) -> None:
    assert number.extract(text, NumberVerifier()) == answer


def test_texts_and_choices_are_found_without_gold() -> None:
    assert exact.extract(" Paris\n", ExactVerifier()) == "Paris"
    assert exact.extract("PARIS", ExactVerifier(ignore_case=True)) == "paris"
    assert exact.extract("  ", ExactVerifier()) is None
    assert {
        exact.extract(text, ExactVerifier()) for text in ("yes", r"\text{yes}", r"$\boxed{\text{yes}}$", "**yes**")
    } == {"yes"}
    assert exact.extract("city: Rome", ExactVerifier(pattern="city: (.+)")) == "Rome"
    assert choice.extract("the answer is (b)", ChoiceVerifier()) == "B"
    assert choice.extract("who knows", ChoiceVerifier()) is None


def test_an_extractor_needs_no_gold() -> None:
    find = build_extractor(NumberVerifier())
    assert find((make_problem(gold=None), make_sample(text="so 007"))) == Finding("7")


@pytest.mark.parametrize("verifier", [RegexVerifier(accept="x"), PythonVerifier(function="a.py:f")])
def test_verifiers_that_find_no_answer_are_refused(verifier: RegexVerifier | PythonVerifier) -> None:
    with pytest.raises(RecipeError, match=f"the verifier {verifier.kind} finds no answers"):
        build_extractor(verifier)


def test_a_share_may_be_of_the_samples_with_an_answer() -> None:
    answers = ["12", "12", "7", None, TRUNCATED]
    assert vote(answers)[0].score == pytest.approx(0.4)
    found = vote(answers, VoteJudge(denominator="parseable"))
    assert [verdict.score for verdict in found] == [pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(1 / 3),
                                                    None, None]  # fmt: skip
    alone = vote(["12", None], VoteJudge(denominator="parseable", with_self=False))
    assert alone[0].score is None and alone[0].note == "the problem has no other sample"
    assert vote([None, None], VoteJudge(denominator="parseable"))[0].label == "unparseable"
