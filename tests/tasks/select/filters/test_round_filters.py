"""Filters that look at all problems of a round before they refuse."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from configs.schema.select import BestShare, LengthGap, Select, TopK
from configs.schema.select_chains import BalanceSides
from tasks.core.records import DropReason, Label
from tasks.select.filters.filter import Draw, Group
from tasks.select.filters.registry import FILTERS
from tests.build.candidates import make_candidate
from tests.build.records import make_problem

SHORT, OUTSIDE = DropReason.TOO_SHORT, DropReason.OUTSIDE_SHARE


def refuse(groups: list[Group], config: Select, seed: int = 0) -> list[list[str | None]]:
    draw = Draw(seed, 1)
    keep = FILTERS[config.kind].prepare(groups, config, draw)
    return [list(keep(group, config, draw)) for group in groups]


def by_length(problem_id: str, *lengths: int, tags: tuple[str, ...] = ()) -> Group:
    problem = make_problem(problem_id, tags=tags)
    return [
        make_candidate(problem_id, index, text="x" * length, problem=problem) for index, length in enumerate(lengths)
    ]


def by_score(problem_id: str, *scores: float | None) -> Group:
    return [
        make_candidate(problem_id, index, Label.UNPARSEABLE if score is None else Label.UNSCORED, score)
        for index, score in enumerate(scores)
    ]


def test_length_gap_keeps_what_is_near_the_longest() -> None:
    # lengths (20, 20, 19, 7, 20, 12), theta 5: 15 and longer
    expected = [[None, None, None, SHORT, None, SHORT]]
    assert refuse([by_length("p", 20, 20, 19, 7, 20, 12)], LengthGap(theta=5)) == expected


def test_length_gap_compares_problems_of_equal_difficulty() -> None:
    groups = [
        by_length("p", 20, 8, tags=("digits=3", "carry=1")),
        by_length("q", 8, 3, tags=("digits=2",)),
        by_length("r", 10, tags=("digits=3",)),
        by_length("s", 5),
    ]
    assert refuse(groups, LengthGap(theta=5, tag="digits")) == [[None, SHORT], [None, None], [SHORT], [None]]
    assert refuse(groups, LengthGap(theta=5)) == [[None, SHORT], [SHORT, SHORT], [SHORT], [SHORT]]
    assert refuse(groups, LengthGap(theta=15, tag="digits")) == [[None, None], [None, None], [None], [None]]


def test_best_share_keeps_the_smallest_distances() -> None:
    # distances of IWSI: 2 2 1 1.5 3 5
    groups = [by_score("p", 2, 2, 1), by_score("q", 1.5, 3, 5)]
    best = refuse(groups, BestShare(share=1 / 3, lowest=True))
    assert best == [[OUTSIDE, OUTSIDE, None], [None, OUTSIDE, OUTSIDE]]
    assert refuse(groups, BestShare(share=2 / 3, lowest=True)) == [[None, None, None], [None, OUTSIDE, OUTSIDE]]
    assert refuse(groups, BestShare(share=1, lowest=True)) == [[None] * 3] * 2
    assert refuse(groups, BestShare(share=1 / 3)) == [[OUTSIDE] * 3, [OUTSIDE, None, None]]
    half = [reason for reasons in refuse(groups, BestShare(share=0.5, lowest=True)) for reason in reasons]
    assert half.count(None) == 3 and half[2:4] == [None, None]


def test_best_share_drops_what_has_no_score_and_does_not_count_it() -> None:
    groups = [by_score("p", 5, None, 4), by_score("q", None), by_score("r", 3, 2)]
    unparseable = DropReason.UNPARSEABLE
    assert refuse(groups, BestShare(share=0.5)) == [[None, unparseable, None], [unparseable], [OUTSIDE, OUTSIDE]]
    assert refuse([by_score("p", None)], BestShare()) == [[unparseable]]


scores = st.lists(st.lists(st.none() | st.sampled_from([0.0, 1.0, 2.0]), max_size=5), max_size=6)


@given(scores, st.floats(0.01, 1), st.booleans(), st.integers(0, 5), st.randoms())
def test_best_share_keeps_its_share_in_any_order_of_problems(
    scores: list[list[float | None]], share: float, lowest: bool, seed: int, random: object
) -> None:
    groups = [by_score(f"p{number}", *values) for number, values in enumerate(scores)]

    def kept(groups: list[Group]) -> dict[str, float]:
        refusals = refuse(groups, BestShare(share=share, lowest=lowest), seed)
        return {
            one.sample.id: one.verdict(None).score or 0.0
            for group, reasons in zip(groups, refusals, strict=True)
            for one, reason in zip(group, reasons, strict=True)
            if reason is None
        }

    chosen = kept(groups)
    scored = sorted((score for values in scores for score in values if score is not None), reverse=not lowest)
    assert len(chosen) == math.ceil(share * len(scored) - 1e-9)
    assert sorted(chosen.values(), reverse=not lowest) == scored[: len(chosen)]
    random.shuffle(groups)  # type: ignore[attr-defined]
    assert kept(groups) == chosen


def test_equal_scores_do_not_favour_the_first_problem() -> None:
    groups = [by_score(f"p{number}", 1.0) for number in range(40)]
    first_half = sum(reasons == [None] for reasons in refuse(groups, BestShare(share=0.5))[:20])
    assert 3 <= first_half <= 17  # 10 expected; 20 if the first won
    assert refuse(groups, BestShare(share=0.5), seed=0) != refuse(groups, BestShare(share=0.5), seed=1)


TOP, UNREAD = DropReason.OUTSIDE_TOP, DropReason.UNPARSEABLE


def test_top_k_of_each_problem_and_of_the_round() -> None:
    groups = [by_score("p", 0.2, 0.9, 0.9, None), by_score("q", 0.5, 0.1), by_score("r", None)]
    assert refuse(groups, TopK()) == [[TOP, None, TOP, UNREAD], [None, TOP], [UNREAD]]
    assert refuse(groups, TopK(k=2)) == [[TOP, None, None, UNREAD], [None, None], [UNREAD]]
    assert refuse(groups, TopK(k=9)) == [[None, None, None, UNREAD], [None, None], [UNREAD]]
    assert refuse(groups, TopK(highest=False)) == [[None, TOP, TOP, UNREAD], [TOP, None], [UNREAD]]
    assert refuse(groups, TopK(per="round")) == [[TOP, None, TOP, UNREAD], [TOP, TOP], [UNREAD]]
    assert refuse(groups, TopK(per="round", k=3)) == [[TOP, None, None, UNREAD], [None, TOP], [UNREAD]]
    assert refuse(groups, TopK(per="round", k=2, highest=False)) == [[None, TOP, TOP, UNREAD], [TOP, None], [UNREAD]]


@given(st.lists(st.lists(st.none() | st.floats(-9, 9), max_size=5), max_size=5), st.integers(1, 6), st.booleans())
def test_nothing_kept_scores_worse_than_what_is_dropped(
    scores: list[list[float | None]], k: int, highest: bool
) -> None:
    groups = [by_score(f"p{place}", *of_one) for place, of_one in enumerate(scores)]
    found = refuse(groups, TopK(per="round", k=k, highest=highest))
    fates = [(score, reason) for of_one, said in zip(scores, found, strict=True)
             for score, reason in zip(of_one, said, strict=True)]  # fmt: skip
    sign = 1 if highest else -1
    known = [(sign * score, reason) for score, reason in fates if score is not None]
    kept = [score for score, reason in known if reason is None]
    dropped = [score for score, reason in known if reason == TOP]
    assert (None, None) not in fates and len(kept) == min(k, len(known)) == len(known) - len(dropped)
    assert not kept or not dropped or min(kept) >= max(dropped)


def test_sides_by_gold_answer_and_by_draw() -> None:
    """Of judgements of items, 40 whose gold is yes and 25 whose gold is no leave 25 + 25; a third gold cuts all."""
    golds = ["yes"] * 40 + ["no"] * 25
    groups = [
        [make_candidate(f"p{place}", problem=make_problem(f"p{place}", gold=gold))] for place, gold in enumerate(golds)
    ]
    kept = [group[0].problem.gold for group, said in zip(groups, refuse(groups, BalanceSides(by="gold")), strict=True)
            if said == [None]]  # fmt: skip
    assert (kept.count("yes"), kept.count("no")) == (25, 25)
    more = [*groups, [make_candidate("q", problem=make_problem("q", gold="perhaps"))]]
    assert sum(said == [None] for said in refuse(more, BalanceSides(by="gold"))) == 3
    alone = [*groups, [make_candidate("q", problem=make_problem("q", gold=None))]]
    fates = refuse(alone, BalanceSides(by="gold"))
    assert fates[-1] == [DropReason.UNBALANCED] and sum(said == [None] for said in fates) == 50
    draws = [[make_candidate(index=place, draw="hot" if place < 2 else "") for place in range(6)]]
    assert refuse(draws, BalanceSides(by="draw", over="problem"))[0].count(None) == 4
    assert refuse(draws, BalanceSides(by="draw", ratio=1.5))[0].count(None) == 5
    assert refuse([], BalanceSides(by="gold")) == []
