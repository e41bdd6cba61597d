"""Votes of others: crossed labels of twins, ties, missing answers, and which problems come in pairs."""

from __future__ import annotations

import pytest

from configs.errors import ProblemsError
from configs.schema.judges.by_rule import VoteJudge
from configs.schema.online.rewards import JudgeTerm
from tasks.core.records import Label, Message, Problem, Verdict
from tasks.judge.kinds.vote import count_votes
from tasks.judge.verifiers.finding import Finding
from tasks.judge.verifiers.outcomes import Outcome
from tasks.online.electorate import agreement, elected, majorities
from tasks.online.rewards.judge import judge_value
from tasks.online.starts import first_of_pairs, twins_of
from tests.tasks.online.test_segment_parts import sample


def votes(problem: str, *answers: str | None) -> list[Verdict]:
    """What a vote judge says of a problem's samples with these answers."""
    samples = [sample(f"{problem}/{place}", problem_id=problem, index=place) for place in range(len(answers))]
    found = [Outcome(Finding(answer)) for answer in answers]
    return count_votes("vote", samples, found, len(samples))


def rewards(verdicts: list[Verdict]) -> list[float | None]:
    return [judge_value(JudgeTerm(), verdict, by_rule=VoteJudge().rule is not None) for verdict in verdicts]


def test_twins_label_each_other() -> None:
    """Co-rewarding: x (5, 5, 3, 5) and x' (5, 3, 3, 3)."""
    one, other = votes("x", "5", "5", "3", "5"), votes("y", "5", "3", "3", "3")
    own = majorities([*one, *other])
    assert own == {"x": "5", "y": "3"}
    crossed = {"x": own["y"], "y": own["x"]}
    assert rewards(elected(one, crossed)) == [0, 0, 1, 0]
    assert rewards(elected(other, crossed)) == [1, 0, 0, 0]
    assert agreement(own, crossed, ["x", "y", "x"]) == 0.0 and agreement(own, own, ["x", "z"]) == 0.5


def test_answers_are_equal_by_value_and_what_has_none_is_no_vote() -> None:
    told = elected(votes("x", "40 cm^2", None, "2"), {"x": "40"})
    assert [one.label for one in told] == [Label.CORRECT, Label.UNPARSEABLE, Label.WRONG]
    assert rewards(told) == [1, 0, 0]


def test_a_tie_elects_nothing() -> None:
    assert majorities(votes("y", "5", "3")) == {} and majorities(votes("y", None, None)) == {}
    told = elected(votes("x", "5", "3", None), {})
    assert rewards(told) == [None, None, 0] and told[0].label == Label.UNSCORED


def problem(name: str, twin: str | None) -> Problem:
    return Problem(name, (Message("user", name),), tags=(f"twin={twin}",) if twin else ())


def test_pairs_come_in_the_order_of_their_first() -> None:
    problems = [problem(*pair) for pair in (("a", "x"), ("b", "y"), ("c", None), ("x", "a"), ("y", "b"))]
    twins = twins_of(problems)
    assert twins == {"a": "x", "b": "y", "x": "a", "y": "b"}
    assert [one.id for one in first_of_pairs(problems, twins)] == ["a", "b"]
    assert [one.id for one in first_of_pairs(problems[1:], twins)] == ["b"], "half a pair is none"


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        ([("a", "x")], "its twin x is not in the train set"), ([("a", "b"), ("b", "c"), ("c", "b")], "problem a"),
        ([("a", "a")], "problem a"), ([("a", None)], "no problem of the train set has a tag twin"),
    ],
)  # fmt: skip
def test_twins_name_each_other(pairs: list[tuple[str, str | None]], what: str) -> None:
    with pytest.raises(ProblemsError, match=what):
        twins_of([problem(*pair) for pair in pairs])
