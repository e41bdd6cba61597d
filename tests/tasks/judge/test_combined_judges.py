"""Judges made of other judges: combine and win_rate; and likelihood, whose differences and ratios they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import RecipeError
from configs.schema.judges.by_rule import CombineJudge, WinRateJudge
from configs.schema.judges.kinds import LikelihoodJudge
from configs.schema.load import check_recipe, read_stored_recipe
from infra.engines.questions import Score
from tasks.core.joined import Group
from tasks.core.records import Message, Verdict
from tasks.judge.kind import Evidence
from tasks.judge.kinds.combine import combine_scores, combine_verdict
from tasks.judge.kinds.likelihood import likelihood_judgements, likelihood_questions, likelihood_verdicts
from tasks.judge.kinds.win_rate import chance_to_win, win_rate_verdicts
from tests.build.records import make_problem, make_sample, make_scored
from tests.flows.micro import micro_recipe


@pytest.mark.parametrize(
    ("how", "scores", "expected"),
    [
        ("sum", (1.0, -0.2), 0.8),
        ("mean", (1.0, 2.0, 6.0), 3.0),
        ("min", (0.9, 0.4, 0.8), 0.4),
        ("max", (0.9, 0.4, 0.8), 0.9),
        ("product", (1.0, 0.5), 0.5),
        ("difference", (-0.8, -1.4), 0.6),
        ("ratio", (-1.2, -2.0), 0.6),
        ("ratio", (-0.9, -1.0), 0.9),
        ("ratio", (-2.4, -2.0), 1.2),
        ("ratio", (-0.5, -2.5), 0.2),
        ("ratio", (0.0, -2.0), 0.0),
        ("ratio", (-2.0, 0.0), None),
        ("ratio", (0.0, 0.0), None),
        ("product", (1e200, 1e200), None),
        ("sum", (1e308, 1e308), None),
        ("difference", (1e308, -1e308), None),
    ],
)
def test_how_scores_become_one(how: Any, scores: tuple[float, ...], expected: float | None) -> None:
    """The ratios are those of Self-Evolution (arXiv 2408.12247): losses with the question to losses without."""
    assert combine_scores(scores, how) == (None if expected is None else pytest.approx(expected))
    judge = CombineJudge(of=tuple("abc"[: len(scores)]), how=how)
    made = {name: make_scored(make_sample(), score, name) for name, score in zip(judge.of, scores, strict=True)}
    verdict = combine_verdict(judge, make_sample(), made)
    assert (verdict.judge, verdict.label) == ("combine", "unscored")
    assert (verdict.score is None) == (verdict.note is not None) == (expected is None)


@pytest.mark.parametrize("how", ["sum", "mean", "min", "max", "product", "difference", "ratio"])
def test_a_part_without_a_score_leaves_none(how: Any) -> None:
    judge, sample = CombineJudge(of=("answer", "style"), how=how), make_sample(text="x")
    right = Verdict("p/0", "p", "answer", "correct", 1.0)
    lost = Verdict("p/0", "p", "style", "unparseable", note="cut off")
    missing = combine_verdict(judge, sample, {"answer": right, "style": lost})
    assert (missing.label, missing.score, missing.note) == ("unparseable", None, "no score of 'style': cut off")


def win_rates(scores: Sequence[float | None], **settings: Any) -> list[float | None]:
    samples = tuple(make_sample(index=place) for place in range(len(scores)))
    group = Group(make_problem(), samples)
    made = [make_scored(sample, score, "s") for sample, score in zip(samples, scores, strict=True)]
    verdicts = win_rate_verdicts(WinRateJudge(of="s", **settings), group, Evidence(verdicts={"s": made}))
    return [verdict.score for verdict in verdicts]


S = (1.0, 0.5, 0.0, -0.5, -1.0)
P = (0.710378, 0.609727, 0.5, 0.390273, 0.289622)


def test_win_rates_of_sppo() -> None:
    assert win_rates(S) == pytest.approx(P, abs=1e-6)
    alone = win_rates(S, with_self=False)
    assert (alone[0], alone[-1]) == (pytest.approx(0.762972, abs=1e-6), pytest.approx(0.237028, abs=1e-6))
    assert chance_to_win(1, -1) == pytest.approx(0.880797, abs=1e-6)
    assert win_rates([0.5, -0.5], scale=2) == pytest.approx([(0.5 + 0.880797) / 2, (0.5 + 0.119203) / 2], abs=1e-6)


def test_chances_of_scir() -> None:
    """Beta .1 and h 3: the DPO reward says .574443 that the first is better; orders that say .7 and .6 mean .65."""
    assert chance_to_win(3, 0, scale=0.1) == pytest.approx(0.574443, abs=1e-6)
    assert combine_scores((0.7, 0.6), "mean") == pytest.approx(0.65)


def test_win_rates_of_comparisons() -> None:
    assert win_rates((4.0, 3, 2, 1, 0), by="pairwise") == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1])
    assert win_rates((4.0, 0), by="pairwise", with_self=False) == [4, 0]  # of what is no win rate
    assert win_rates((2.0, 0.5, None, 0.5), by="pairwise")[:2] == pytest.approx([0.625, 0.25])


def test_samples_without_a_score_take_no_part() -> None:
    found = win_rates((1.0, None, -1.0))
    assert found == [pytest.approx((0.5 + 0.880797) / 2), None, pytest.approx((0.5 + 0.119203) / 2)]
    assert win_rates((3.0,)) == [0.5] and win_rates((0.0,), by="pairwise") == [0.5]
    for by in ("scores", "pairwise"):
        assert win_rates((3.0,), by=by, with_self=False) == [None]
    assert win_rates((3.0, None), with_self=False) == [None, None]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8), st.floats(0.01, 100), st.booleans())
def test_win_rates_are_chances_with_a_mean_of_a_half(scores: list[float], scale: float, with_self: bool) -> None:
    found = win_rates(scores, scale=scale, with_self=with_self)
    assert all(p is not None and 0 <= p <= 1 for p in found)
    assert sum(p or 0 for p in found) / len(found) == pytest.approx(0.5)
    assert [scores[place] for place in sorted(range(len(found)), key=lambda place: found[place] or 0)] == pytest.approx(
        sorted(scores), abs=1e-3
    )


GOOD = (Message("system", "be good"), Message("user", "question p"))
DRAWN = Group(
    make_problem(),
    (
        make_sample(text="a"),
        replace(make_sample(text="b", index=1), draw="good", messages=GOOD),
        replace(make_sample(text="c", index=2, is_truncated=True), draw="bad", messages=(Message("user", "worse"),)),
    ),
)
PLAIN, UNDER_GOOD = (("user", "question p"),), (("system", "be good"), ("user", "question p"))


@pytest.mark.parametrize(
    ("under", "chats"),
    [
        ("plain", [PLAIN, PLAIN]),
        ("none", [(("user", ""),)] * 2),
        ("as_sampled", [PLAIN, UNDER_GOOD]),
        ("draw:good", [UNDER_GOOD, UNDER_GOOD]),
        ("draw:bad", [(("user", "worse"),)] * 2),
        ("draw:other", []),
    ],
)
def test_the_chat_that_a_text_is_likely_under(under: str, chats: list[Any]) -> None:
    judge = LikelihoodJudge(under=under)
    questions = likelihood_questions(judge, "", [DRAWN])
    assert [question.messages for question in questions] == chats
    rows = likelihood_judgements(judge, [DRAWN], questions, [Score(one.id, -6.0, 4) for one in questions])
    verdicts = likelihood_verdicts(judge, DRAWN, Evidence(judgements={"": rows}))
    assert [verdict.score for verdict in verdicts] == ([-1.5, -1.5] if chats else [None, None])
    if not chats:
        assert {verdict.note for verdict in verdicts} == {"no sample of the problem was drawn as 'other'"}


def test_sums_are_not_divided() -> None:
    judge = LikelihoodJudge(per_token=False)
    questions = likelihood_questions(judge, "", [DRAWN])
    rows = likelihood_judgements(judge, [DRAWN], questions, [Score(one.id, -6.0, 4) for one in questions])
    assert [row.score for row in rows] == [-6.0, -6.0]


@pytest.mark.parametrize(
    ("judges", "words"),
    [
        ([{"kind": "combine", "of": ["answer"]}], "judge.1.of"),
        ([{"kind": "combine", "of": ["answer", "answer"]}], "of: answer, answer names a judge twice"),
        ([{"kind": "vote"}, {"kind": "vote", "name": "b"}, {"kind": "combine", "how": "ratio",
          "of": ["answer", "vote", "b"]}], "how: ratio takes two judges, and 3 are named"),
        ([{"kind": "combine", "of": ["answer", "nobody"]}], "judge.1.of: no judge called 'nobody' stands before"),
        ([{"kind": "sum", "of": ["answer", "vote"]}],
         r"judge.1.kind: there is no 'sum' any more: it is \{kind: combine, how: sum\} now"),
        ([{"kind": "win_rate"}], "judge.1.of: missing"),
        ([{"kind": "win_rate", "of": "nobody"}], "judge.1.of: no judge called 'nobody' stands before"),
        ([{"kind": "win_rate", "of": "answer", "by": "pairwise"}],
         "judge.1.by: the answer judge 'answer' compares no samples, it scores them: write by: scores"),
        ([{"kind": "pairwise"}, {"kind": "win_rate", "of": "pairwise"}],
         "judge.2.by: the pairwise judge 'pairwise' counts the samples beaten: write by: pairwise"),
        ([{"kind": "pairwise"}, {"kind": "win_rate", "of": "pairwise", "by": "pairwise", "scale": 2}],
         "scale: samples beaten are counted, not scaled"),
        ([{"kind": "win_rate", "of": "answer"}, {"kind": "win_rate", "name": "b", "of": "win_rate"}],
         "judge.2.of: 'win_rate' gives win rates already"),
        ([{"kind": "win_rate", "of": "answer", "scale": 0}], "judge.1.scale"),
        ([{"kind": "likelihood", "under": "draw:"}], "judge.1.under"),
        ([{"kind": "likelihood", "under": "hinted"}], "judge.1.under"),
        ([{"kind": "implicit", "reference": "none"}],
         "judge.1.reference: without one it is the likelihood: write kind: likelihood"),
    ],
)  # fmt: skip
def test_judges_that_cannot_be_are_explained(judges: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        check_recipe(micro_recipe(judge=[{"kind": "answer"}, *judges]))


def test_a_judge_of_best_of_k_needs_judges_of_the_recipe() -> None:
    best_of = {"num_samples": 4, "k": [4], "judge": {"kind": "combine", "of": ["answer", "nobody"]}}
    with pytest.raises(RecipeError, match=r"evaluate\.best_of\.judge\.of: no judge called 'nobody'"):
        check_recipe(micro_recipe(evaluate={"best_of": best_of}))
    gone = {**best_of, "judge": {"kind": "sum", "of": ["answer", "nobody"]}}
    with pytest.raises(RecipeError, match=r"there is no 'sum' any more"):
        check_recipe(micro_recipe(evaluate={"best_of": gone}))


def test_what_compares_samples_is_not_asked_while_one_is_revised() -> None:
    judges = [{"kind": "answer"}, {"kind": "win_rate", "of": "answer"},
              {"kind": "combine", "of": ["answer", "win_rate"]}]  # fmt: skip
    generate = {"kind": "revise", "until": [{"no_gain": "combine"}]}
    with pytest.raises(RecipeError, match="'combine' judges the samples of a problem against each other"):
        check_recipe(micro_recipe(judge=judges, generate=generate))


def test_recipes_of_old_stores_are_read_as_what_they_meant() -> None:
    tree = micro_recipe(
        judge=[
            {"kind": "answer"},
            {"kind": "implicit", "reference": "none"},
            {"kind": "implicit", "name": "mean", "reference": "none", "per_token": True},
            {"kind": "sum", "of": ["answer", "mean"]},
        ],
        phases=[{"name": "a", "rounds": 2, "set": {"judge": [{"kind": "answer"}, {"kind": "vote"},
                                                            {"kind": "sum", "of": ["answer", "vote"]}]}}],
    )  # fmt: skip
    recipe = read_stored_recipe(yaml.safe_dump(tree), "here")
    _, first, second, total = recipe.judge
    assert isinstance(first, LikelihoodJudge) and isinstance(second, LikelihoodJudge)
    assert (first.name, first.per_token) == ("implicit", False)
    assert (second.name, second.per_token) == ("mean", True)
    assert isinstance(total, CombineJudge) and (total.name, total.how) == ("sum", "sum")
    assert recipe.in_round(1).judge[2].kind == "combine"
