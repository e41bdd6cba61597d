"""Where a text comes from is its score; what is not listed has none, and a name that nothing has is refused."""

from __future__ import annotations

from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.judges.by_rule import ProvenanceJudge
from tasks.core.joined import Group
from tasks.core.records import Label
from tasks.judge.kind import Evidence
from tasks.judge.kinds.provenance import provenance_verdicts
from tasks.monitor.group import RoundGroup
from tasks.monitor.measure import JudgeWatch
from tests.build.records import make_problem, make_recipe, make_sample

SAMPLES = [
    make_sample(index=0),
    make_sample(index=1, draw="good"),
    make_sample(index=2, draw="bad", state="base"),
    make_sample(index=3, by="critic", draw="other", is_truncated=True),
    make_sample(index=4, by="critic", draw="other", part="step"),
]


@pytest.mark.parametrize(("by", "scores", "expected"), [
    ("draw", {"good": 3, "plain": 2, "bad": 1}, [2, 3, 1, None]),
    ("draw", {"good": 1, "bad": 0}, [None, 1, 0, None]),
    ("state", {"round_start": 1, "base": 0}, [1, 1, 0, 1]),
    ("role", {"policy": 0.5}, [0.5, 0.5, 0.5, None]),
    ("part", {"attempt": -1, "step": 2}, [-1, -1, -1, 2]),
])  # fmt: skip
def test_an_origin_is_a_score(by: Any, scores: dict[str, float], expected: list[float | None]) -> None:
    """Nobody judges a truncated sample."""
    found = provenance_verdicts(ProvenanceJudge(by=by, scores=scores), Group(make_problem(), SAMPLES), Evidence())
    assert [verdict.score for verdict in found] == expected
    assert {verdict.label for verdict in found} == {Label.UNSCORED}
    assert all((verdict.note is None) == (verdict.score is not None) for verdict in found)


DRAWS = {"num_samples": 1, "draws": [{"name": "plain"}, {"name": "hot", "temperature": 2.0}]}


@pytest.mark.parametrize(("sections", "message"), [
    ({"judge": [{"kind": "provenance", "scores": {"plain": 1, "hott": 0}}]},
     "judge.0.scores: no sample has the draw 'hott': write one of hot, plain"),
    ({"judge": [{"kind": "provenance", "by": "state", "scores": {"live": 1}}]},
     "no sample has the state 'live': write one of base, previous, round_start, seed"),
    ({"judge": [{"kind": "provenance", "by": "role", "scores": {"critic": 1}}]}, "no sample has the role 'critic'"),
    ({"judge": [{"kind": "provenance", "by": "part", "scores": {"critique": 1}}]}, "no sample has the part 'critique'"),
    ({"judge": [{"kind": "provenance", "scores": {}}]}, "judge.0.scores: .*at least 1 item"),
    ({"judge": [{"kind": "likelihood", "under": "draw:cold"}]}, "judge.0.under: no sample has the draw 'cold'"),
    ({"judge": [{"kind": "likelihood", "under": "draw:plain"}]}, "under: the draw 'plain' is asked the problem"),
    ({"select": [{"kind": "hint_shows", "words": ["a"], "draw": "cold"}]}, "select.0.draw: no sample has the draw"),
    ({"select": [{"kind": "above_mean", "by_draw": {"cold": "answer"}}]}, "select.0.by_draw: no sample has the draw"),
    ({"select": [{"kind": "above_mean", "by_draw": {"hot": "nobody"}}]}, "select.0.by_draw: no judge is called"),
    ({"select": [{"kind": "order", "by_draw": {"hot": ["answer", "nobody"]}}]}, "no judge is called 'nobody'"),
    ({"select": [{"kind": "order", "by_draw": {"hot": ["answer"]}}]}, "select.0.by_draw.hot: .*at least 2 items"),
])  # fmt: skip
def test_a_name_that_no_sample_has_is_refused(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make_recipe(generate=DRAWS, evaluate={"verifier": {"kind": "number"}}, **sections)


def test_guided_samples_have_a_draw_too() -> None:
    judges = [{"kind": "answer"}, {"kind": "provenance", "scores": {"hinted": 1}}]
    make_recipe(judge=judges, guide={"kind": "answer"})
    with pytest.raises(RecipeError, match="no sample has the draw 'hinted'"):
        make_recipe(judge=judges)


def test_how_often_newer_is_right_and_older_wrong() -> None:
    """Self-Reinforcement: right with .38 and .10 by themselves, so that .342 of the pairs are good ones and .062
    reversed: .846535 of those that are decided are right."""
    judge = ProvenanceJudge(scores={"plain": 1, "untuned": 0})
    watch = JudgeWatch(judge, True, (), seed=0)
    for number in range(1000):
        tuned, base = number < 380, number % 10 == 0
        samples = [make_sample(index=0), make_sample(index=1, draw="untuned")]
        verdicts = provenance_verdicts(judge, Group(make_problem(), samples), Evidence())
        told = {judge.name: verdicts}
        watch.add(RoundGroup(make_problem(), samples, told, correct=[tuned, base], kept=[True, False]))
    assert watch.numbers()["judge_pair_accuracy"] == pytest.approx(0.342 / 0.404) == pytest.approx(0.846535, abs=5e-7)


def test_what_a_judge_has_no_opinion_of_is_no_unread_answer() -> None:
    judge = ProvenanceJudge(scores={"good": 1})
    watch = JudgeWatch(judge, True, (), seed=0)
    verdicts = provenance_verdicts(judge, Group(make_problem(), SAMPLES[:3]), Evidence())
    watch.add(RoundGroup(make_problem(), SAMPLES[:3], {judge.name: verdicts}, correct=None, kept=[False] * 3))
    assert watch.numbers()["judge_parse_rate"] == 1
