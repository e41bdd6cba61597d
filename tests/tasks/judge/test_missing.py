"""A question without an answer makes a verdict of its own label, with the reason: never a zero, never wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.kinds import ImplicitJudge, ImportanceJudge, Judge, LikelihoodJudge, RewardModelJudge
from configs.schema.judges.opinions import PairwiseJudge, RubricJudge
from infra.engines.questions import (
    Completion,
    Missing,
    Rated,
    Score,
)
from tasks.core.joined import Group
from tasks.core.records import FinishReason, Judgement, Label, Message, Problem, Sample, Verdict
from tasks.judge.kind import Evidence
from tasks.judge.kinds.registry import kind_of
from tasks.judge.summary import JudgeSummary
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.monitor.group import RoundGroup
from tasks.monitor.judge_scores import JudgeScores
from tasks.monitor.orders import JudgementColumns, Orders
from tasks.select.filters.basic import without_score
from tests.build.records import make_sample

PROBLEM = Problem("p", (Message("user", "1+1="),), "2")
SAMPLES = [make_sample(text=text, index=index) for index, text in enumerate(("2", "3", "4"))]
GROUP = Group(PROBLEM, SAMPLES)
GONE = "filtered"


def gone(question: Any, index: int = 0) -> Missing:
    return Missing(question.id, GONE, "the server withheld it", index)


def written(question: Any, text: str) -> tuple[Completion | Missing, ...]:
    return tuple(Completion(question.id, draw, text, "stop", 1, None) for draw in question.draws)


def judged(judge: Judge, answers: Any, name: str = "") -> tuple[list[Judgement], list[Verdict]]:
    kind = kind_of(judge)
    questions = kind.questions(judge, "{{ prompt }}", [GROUP])
    rows = kind.judgements(judge, [GROUP], questions, answers(questions))
    return rows, kind.verdicts(judge, GROUP, Evidence(judgements={name: rows}))


def check_second_is_missing(verdicts: Sequence[Verdict]) -> None:
    assert [verdict.label for verdict in verdicts] == [Label.UNSCORED, Label.MISSING, Label.UNSCORED]
    assert verdicts[1].score is None and "filtered: the server withheld it" in str(verdicts[1].note)
    assert without_score(verdicts[1]) == "missing"


def test_rubric_in_text() -> None:
    judge = RubricJudge(repeats=2)
    rows, verdicts = judged(
        judge,
        lambda asked: [
            (gone(question), gone(question, 1)) if place == 1 else written(question, "Score: 4")
            for place, question in enumerate(asked)
        ],
    )
    check_second_is_missing(verdicts)
    assert [(row.index, row.score, row.missing) for row in rows if row.sample_id == SAMPLES[1].id] == [
        (0, None, GONE), (1, None, GONE)
    ]  # fmt: skip


def test_rubric_takes_the_mean_of_the_judgements_there_are() -> None:
    rows, verdicts = judged(
        RubricJudge(repeats=2), lambda asked: [(written(one, "Score: 4")[0], gone(one, 1)) for one in asked]
    )
    assert [verdict.score for verdict in verdicts] == [4.0, 4.0, 4.0]
    summary = JudgeSummary(["rubric"])
    list(summary.watch_judgements("rubric", rows))
    summary.count(verdicts)
    assert (summary.numbers()["num_judgements"], summary.numbers()["num_unread_judgements"]) == (3, 0)


def test_an_unreadable_judgement_beside_a_missing_one_is_unparseable() -> None:
    _, verdicts = judged(
        RubricJudge(repeats=2), lambda asked: [(written(one, "well done")[0], gone(one, 1)) for one in asked]
    )
    assert {verdict.label for verdict in verdicts} == {Label.UNPARSEABLE}


@pytest.mark.parametrize("place", range(6))
def test_rubric_by_choices_needs_all_of_them(place: int) -> None:
    _, verdicts = judged(
        RubricJudge(read="choices"),
        lambda asked: [
            gone(one) if number == 6 + place else Score(one.id, -1.0, 1) for number, one in enumerate(asked)
        ],
    )
    check_second_is_missing(verdicts)


def test_pairwise_counts_what_could_be_compared() -> None:
    lost = SAMPLES[1].id
    _, verdicts = judged(
        PairwiseJudge(),
        lambda asked: [(gone(one),) if lost in one.id.split() else written(one, "Winner: A") for one in asked],
    )
    check_second_is_missing(verdicts)
    _, verdicts = judged(
        PairwiseJudge(),
        lambda asked: [written(one, "Winner: A") if place else (gone(one),) for place, one in enumerate(asked)],
    )
    assert [verdict.label for verdict in verdicts] == [Label.UNSCORED] * 3
    assert sum(verdict.score or 0 for verdict in verdicts) == 3, "a pair without an opinion is half a win for each"


def test_pairwise_by_choices() -> None:
    lost = SAMPLES[1].id
    _, verdicts = judged(
        PairwiseJudge(read="choices"),
        lambda asked: [
            gone(one) if lost in one.id.split() and one.id.endswith("B") else Score(one.id, -float(place % 2), 1)
            for place, one in enumerate(asked)
        ],
    )
    check_second_is_missing(verdicts)


def test_likelihood_and_implicit_need_their_models() -> None:
    judge: Any = LikelihoodJudge()
    _, verdicts = judged(
        judge,
        lambda asked: [gone(asked[1]) if place == 1 else Score(one.id, -1.0, 1) for place, one in enumerate(asked)],
    )
    check_second_is_missing(verdicts)
    judge = ImplicitJudge(reference="base")
    kind = kind_of(judge)
    asked = kind.questions(judge, "", [GROUP])
    whole = kind.judgements(judge, [GROUP], asked, [Score(one.id, -1.0, 1) for one in asked])
    part = kind.judgements(
        judge, [GROUP], asked, [gone(one) if place == 1 else Score(one.id, -3.0, 1) for place, one in enumerate(asked)]
    )
    verdicts = kind.verdicts(judge, GROUP, Evidence(judgements={"": whole, "reference": part}))
    check_second_is_missing(verdicts)
    assert verdicts[0].score == 2.0


def test_importance_needs_the_sample_and_something_trusted() -> None:
    judge = ImportanceJudge(trusted={"kind": "addition"})
    kind = kind_of(judge)
    asked = kind.questions(judge, "", [GROUP])
    own = kind.judgements(
        judge, [GROUP], asked, [gone(one) if place == 1 else Score(one.id, -1.0, 1) for place, one in enumerate(asked)]
    )
    trusted = [Judgement("importance", "t", f"gold/{n}", 0, (), "", score) for n, score in enumerate((2.0, None))]
    check_second_is_missing(kind.verdicts(judge, GROUP, Evidence(judgements={"": own, "trusted": trusted})))
    lost = [Judgement("importance", "t", "gold/0", 0, (), "", None, note="too_long: x", missing="too_long")]
    verdicts = kind.verdicts(judge, GROUP, Evidence(judgements={"": own, "trusted": lost}))
    assert {verdict.label for verdict in verdicts} == {Label.MISSING}


def test_a_reward_model_that_cannot_read_a_sample() -> None:
    _, verdicts = judged(
        RewardModelJudge(role="prm"),
        lambda asked: [gone(one) if place == 1 else Rated(one.id, (0.5, 1.0)) for place, one in enumerate(asked)],
    )
    check_second_is_missing(verdicts)


def test_a_sample_without_a_text_is_shown_to_no_judge() -> None:
    lost = Sample("p/9", "p", 9, "", FinishReason.MISSING, 0, None, "m")
    judge = AnswerJudge.model_validate({"verifier": {"kind": "number"}})
    first, second = judge_samples([lost, SAMPLES[0]], [judge], World({"p": PROBLEM}))
    assert (first.label, first.score, first.note) == ("missing", None, "there is no text: the request has no answer")
    assert second.label == "correct"


def test_what_is_missing_says_nothing_about_how_well_a_judge_can_be_read() -> None:
    orders = Orders()
    orders.add_all([JudgementColumns("a", None, 0, 1.0, None), JudgementColumns("b", None, 0, None, GONE)])
    assert orders.numbers()["judge_parse_rate"] == 1.0
    scores = JudgeScores("rubric", None)
    verdicts = [Verdict("a", "p", "rubric", "unscored", 1.0), Verdict("b", "p", "rubric", "missing")]
    scores.add(
        RoundGroup(PROBLEM, SAMPLES[:2], {"rubric": verdicts}, correct=None, kept=[True, True]), verdicts, [1.0, None]
    )
    assert scores.numbers()["judge_parse_rate"] == 1.0
