"""Judges that score given texts: implicit, importance, reward_model."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ProblemsError, RecipeError
from configs.schema.judges.kinds import ImplicitJudge, ImportanceJudge, RewardModelJudge
from configs.schema.problems import AdditionSource
from infra.engines.questions import (
    Rated,
    Rating,
    Score,
    Scoring,
)
from tasks.core.joined import Group
from tasks.core.records import Judgement, Message, Problem, Sample, Verdict
from tasks.judge.ask import solution_groups
from tasks.judge.kind import Evidence
from tasks.judge.kinds.implicit import implicit_judgements, implicit_verdicts
from tasks.judge.kinds.importance import distance, importance_judgements, importance_verdicts
from tasks.judge.kinds.questions import score_samples
from tasks.judge.kinds.reward_model import reduce_scores, reward_judgements, reward_questions, reward_verdicts
from tests.build.records import make_problem, make_sample

GROUP = Group(make_problem(), (make_sample(text="ab"), make_sample(text="c", index=1)))
CHAT = (("user", "question p"),)
IMPORTANCE = ImportanceJudge(trusted=AdditionSource(digits=(1,), num_problems=2))


def said(own: list[Judgement], **further: list[Judgement]) -> Evidence:
    """What was answered in a judge's first pass and in further ones."""
    return Evidence(judgements={"": own, **further})


def test_the_implicit_reward_is_a_difference_of_sums() -> None:
    judge = ImplicitJudge()
    questions = score_samples(judge, "", [GROUP])
    assert questions == [Scoring("p/0", CHAT, "ab"), Scoring("p/1", CHAT, "c")]
    policy = implicit_judgements(judge, [GROUP], questions, [Score("p/0", -20.0, 3), Score("p/1", -25.0, 2)])
    reference = implicit_judgements(judge, [GROUP], questions, [Score("p/0", -22.0, 3), Score("p/1", -24.0, 2)])
    verdicts = implicit_verdicts(judge, GROUP, said(policy, reference=reference))
    assert [(verdict.label, verdict.score) for verdict in verdicts] == [("unscored", 2.0), ("unscored", -1.0)]


def test_per_token_divides_each_by_its_tokens() -> None:
    judge = ImplicitJudge(per_token=True)
    questions = score_samples(judge, "", [GROUP])
    policy, reference = (
        implicit_judgements(judge, [GROUP], questions, [Score("", logprob, 4), Score("", -3.0, 3)])
        for logprob in (-20.0, -22.0)
    )
    verdicts = implicit_verdicts(judge, GROUP, said(policy, reference=reference))
    assert [verdict.score for verdict in verdicts] == [0.5, 0.0]


def test_what_was_given_to_the_model_is_not_scored() -> None:
    sample = Sample("p/0", "p", 0, "step one\nstep two", "stop", 5, None, "m", prefix="step one\n")
    (question,) = score_samples(ImplicitJudge(), "", [Group(make_problem(), (sample,))])
    assert (question.prefix, question.completion) == ("step one\n", "step two")


def test_distances_by_hand() -> None:
    distances = [distance(0.6, loss) for loss in (0.2, 0.3, 0.6, 0.9, 1.8, 6.0)]
    assert distances == pytest.approx([2, 2, 1, 1.5, 3, 5])
    assert (distance(0.6, 0.0), distance(0.0, 0.6)) == (2.0, 5.0)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_distance_lies_between_1_and_5(trusted: float, loss: float) -> None:
    assert 1 <= distance(trusted, loss) <= 5


def test_losses_are_means_over_tokens() -> None:
    questions = score_samples(ImplicitJudge(), "", [GROUP])
    rows = importance_judgements(IMPORTANCE, [GROUP], questions, [Score("", -1.8, 3), Score("", -1.8, 1)])
    assert [row.score for row in rows] == pytest.approx([0.6, 1.8])
    trusted_problem = Problem("t", (Message("user", "1+1="),), "2", "1+1=2")
    trusted = list(solution_groups([trusted_problem], []))
    losses = importance_judgements(IMPORTANCE, trusted, [Scoring("gold/t", (), "")], [Score("", -6.0, 10)])
    verdicts = importance_verdicts(IMPORTANCE, GROUP, said(rows, trusted=losses))
    assert [verdict.score for verdict in verdicts] == pytest.approx([1.0, 3.0])


def test_trusted_problems_need_solutions_and_are_not_held_out() -> None:
    solved = Problem("t", (Message("user", "1+1="),), "2", "2")
    with pytest.raises(ProblemsError, match="trusted problem p has no worked solution"):
        list(solution_groups([make_problem()], []))
    with pytest.raises(ProblemsError, match="trusted problem t is in the select or the report set too"):
        list(solution_groups([solved], [Problem("other", (Message("user", " 1+1= "),))]))
    (group,) = solution_groups([solved], [make_problem()])
    assert (group.samples[0].id, group.samples[0].text, group.samples[0].by) == ("gold/t", "2", "solution")


def rate(judge: RewardModelJudge, *scores: tuple[float, ...]) -> list[Verdict]:
    questions = reward_questions(judge, "", [GROUP])
    rows = reward_judgements(judge, [GROUP], questions, [Rated("", steps) for steps in scores])
    return reward_verdicts(judge, GROUP, said(rows))


def test_steps_are_reduced_and_mapped() -> None:
    assert reward_questions(RewardModelJudge(), "", [GROUP])[0] == Rating("p/0", CHAT, "ab", "\n")
    steps = (0.9, 0.4, 0.8)
    found = {how: reduce_scores(steps, how) for how in ("min", "mean", "last", "product")}
    assert found == pytest.approx({"min": 0.4, "mean": 0.7, "last": 0.8, "product": 0.288})
    verdicts = rate(RewardModelJudge(map_to=(-1, 1)), steps, (1.0, 1.0))
    assert [verdict.score for verdict in verdicts] == pytest.approx([-0.2, 1.0])


def test_a_sequence_classifiers_score_stands_as_it_is() -> None:
    assert [verdict.score for verdict in rate(RewardModelJudge(), (3.5,), (-2.0,))] == [3.5, -2.0]
    with pytest.raises(RecipeError, match=r"map_to carries \[0, 1\] to \[-1, 1\], and the reward model gave 3.5"):
        rate(RewardModelJudge(map_to=(-1, 1)), (3.5,), (0.5,))


def test_a_sample_without_a_step_or_a_number_has_no_score() -> None:
    assert [(verdict.label, verdict.note) for verdict in rate(RewardModelJudge(), (), (0.5, math.nan))] == [
        ("unparseable", "the reward model found no step"),
        ("unparseable", "the reward model gave no number: the score is nan"),
    ]
