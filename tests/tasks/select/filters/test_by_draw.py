"""Draws of a problem looked at together: the likelihood filter of SSO (arXiv 2410.17131), step by step."""

from __future__ import annotations

from collections.abc import Mapping

from configs.schema.pair import BestVsWorst
from configs.schema.select import Select
from configs.schema.select_draws import AboveMean, Order
from tasks.core.joined import Candidate
from tasks.core.records import DropReason
from tasks.select.filters.filter import Draw, Group
from tasks.select.selection import Selection
from tests.build.records import make_problem, make_sample, make_scored
from tests.tasks.select.pairs.make import indices, pairs_of

LIKELIHOODS = ("good", "plain", "bad")
ROWS = {
    "a": ((-0.5, -0.8, -1.4), (-0.6, -0.9, -1.5)),
    "b": ((-0.7, -0.9, -1.2), (-0.7, -0.95, -1.2)),
    "c": ((-0.6, -1.5, -2.0), (-0.6, -1.4, -2.1)),
    "d": ((-0.9, -0.8, -1.0), (-0.6, -0.9, -1.3)),
    "e": ((-0.5, -0.7, -1.6), (-0.5, -0.8, -1.7)),
}
"""m_p, m_o, m_n of the chosen; m_n, m_o, m_p of the rejected: means of log-probabilities under each chat"""
STEPS: tuple[Select, ...] = (
    Order(by_draw={"good": ("good", "plain", "bad"), "bad": ("bad", "plain", "good")}),
    AboveMean(by_draw={"good": "plain", "bad": "plain"}),
    AboveMean(by_draw={"good": "good_lead", "bad": "bad_lead"}, strict=True),
)


def drawn(name: str, index: int, draw: str, scores: Mapping[str, float | None]) -> Candidate:
    sample = make_sample(name, index, f"{draw} {name}", draw=draw)
    return Candidate(sample, {judge: make_scored(sample, score, judge) for judge, score in scores.items()},
                     make_problem(name))  # fmt: skip


def problem(name: str) -> Group:
    """Both sides of a row, and the draw that nothing is said of."""
    (cp, co, cn), (rn, ro, rp) = ROWS[name]
    chosen = {"good": cp, "plain": co, "bad": cn, "good_lead": cp - cn, "bad_lead": cn - cp, "provenance": 1.0}
    rejected = {"good": rp, "plain": ro, "bad": rn, "good_lead": rp - rn, "bad_lead": rn - rp, "provenance": 0.0}
    plain = dict.fromkeys((*LIKELIHOODS, "good_lead", "bad_lead"), -1.0) | {"provenance": None}
    return [drawn(name, 0, "good", chosen), drawn(name, 1, "bad", rejected), drawn(name, 2, "", plain)]


def left(steps: tuple[Select, ...], groups: list[Group]) -> dict[str, list[int]]:
    """Samples that are kept, by problem."""
    kept = Selection(lambda: iter(groups), steps, Draw(0, 1)).kept()
    return {group[0].problem.id: [one.sample.index for one in group if one.sample.draw] for group in kept if group}


def reasons(steps: tuple[Select, ...], groups: list[Group]) -> list[list[str | None]]:
    return [[one.reason for one in group] for group in Selection(lambda: iter(groups), steps, Draw(0, 1))]


def names(kept: dict[str, list[int]]) -> str:
    assert all(found in ([], [0, 1]) for found in kept.values()), "both sides stay, or none"
    return "".join(name for name, found in kept.items() if found)


def test_each_step_of_the_paper_looks_at_what_the_one_before_left() -> None:
    groups = [problem(name) for name in ROWS]
    assert names(left(STEPS[:1], groups)) == "abce"
    assert names(left(STEPS[:2], groups)) == "abe", "of means -.975 and -1.0125"
    assert names(left(STEPS, groups)) == "ae", "of means .833333 and .866667"
    assert names(left(STEPS[1:2], groups)) == "abde", "of all five rows the means are others"


def test_a_side_that_goes_takes_its_partner_and_says_why() -> None:
    told = [reasons(STEPS[:1], [problem("d")]), reasons(STEPS[1:2], [problem("c"), problem("a")])]
    assert told[0] == [[DropReason.DISORDERED, DropReason.NO_PARTNER, None]]
    assert told[1][0] == [DropReason.BELOW_MEAN, DropReason.BELOW_MEAN, None]
    alone = Order(by_draw={"good": ("good", "plain", "bad"), "bad": ("bad", "plain", "good")}, together=False)
    assert reasons((alone,), [problem("d")]) == [[DropReason.DISORDERED, None, None]]


def test_a_draw_that_is_not_there_is_missing() -> None:
    assert reasons(STEPS[:1], [problem("a")[:1]]) == [[DropReason.NO_PARTNER]]
    assert reasons((AboveMean(by_draw={"good": "plain"}),), [problem("a")[:1]]) == [[None]]


def test_equal_scores_do_not_fall_and_a_missing_one_is_no_zero() -> None:
    order = Order(by_draw={"good": ("good", "plain")})
    equal, unread = ({"good": -1.0, "plain": -1.0}, {"good": -1.0, "plain": None})
    assert reasons((order,), [[drawn("p", 0, "good", equal)]]) == [[DropReason.DISORDERED]]
    assert reasons((order,), [[drawn("p", 0, "good", unread)]]) == [[DropReason.UNPARSEABLE]]
    mean = AboveMean(by_draw={"good": "plain"})
    both = [[drawn("p", 0, "good", unread)], [drawn("q", 0, "good", equal)]]
    assert reasons((mean,), both) == [[DropReason.UNPARSEABLE], [None]], "the mean is that of what has a score"


def test_one_row_left_is_not_above_its_own_mean() -> None:
    assert names(left(STEPS[:2], [problem("a")])) == "a"
    assert names(left(STEPS, [problem("a")])) == ""


def test_several_samples_of_a_draw_are_missing_when_all_are_gone() -> None:
    good, bad, plain = problem("a")
    worse = problem("d")[0]
    other = Candidate(make_sample("a", 3, "x", draw="good"), worse.verdicts, good.problem)
    assert reasons(STEPS[:1], [[good, bad, plain, other]]) == [[None, None, None, DropReason.DISORDERED]]


def test_the_principle_is_the_label() -> None:
    """Draws good 2, plain 1, bad 3 in that order make 11 pairs; SSO chooses the good one of its two."""
    assert indices(pairs_of(problem("a"), BestVsWorst(judge="provenance"))) == [(0, 1)]
    scores = {"good": 2.0, "": 1.0, "bad": 0.0}
    drawn_six = [drawn("p", place, draw, {"provenance": scores[draw]})
                 for place, draw in enumerate(["good", "good", "", "bad", "bad", "bad"])]  # fmt: skip
    assert len(indices(pairs_of(drawn_six, BestVsWorst(judge="provenance", rule="all", per_problem=None)))) == 11
