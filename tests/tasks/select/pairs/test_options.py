"""What a pair section asks of its pairs besides: which stay, which are turned round, and why the others go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.pair import BestVsWorst, GoldVsSample, RightVsWrong
from configs.schema.pair import Pair as PairConfig
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair, Problem, spell
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.options import Chances, filter_pairs
from tasks.select.pairs.section import Made, SectionMaker
from tests.build.candidates import make_candidate, scored_group, with_scores
from tests.build.records import make_problem
from tests.tasks.select.pairs.make import indices, made_of, pairs_of


def make(group: Group, config: PairConfig, chances: Chances | None = None) -> Made:
    return SectionMaker(lambda: iter([group]), config, Draw(0, 1), chances).make(group)


def graded(answers: Sequence[Any], gold: str | None = "4", problem: Problem | None = None) -> Group:
    """Samples that give these grades; right is the gold one."""
    return [
        make_candidate(
            "p", index, Label.CORRECT if str(answer) == gold else Label.WRONG,
            answer=str(answer), problem=problem or make_problem(gold=gold), text=f"{index}: {answer}",
        )
        for index, answer in enumerate(answers)
    ]  # fmt: skip


def pair_of(scores: dict[str, tuple[float | None, float | None]], **config: Any) -> Pair | NoPair:
    """What is left of the pair of two samples with these scores, by judge; the first is the chosen one."""
    group = with_scores(scored_group([1.0, 0.0]), scores)
    pair = made_of(group, BestVsWorst(judge="rubric"))
    (left,) = filter_pairs(pair, group, BestVsWorst(judge="rubric", **config), None)
    return left


def test_all_pairs_by_score() -> None:
    group = scored_group([2, 2, 1, 0, 0])
    every = BestVsWorst(rule="all", per_problem=None, judge="rubric")
    assert indices(pairs_of(group, every)) == [(0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4)]
    draws = scored_group([3, 3, 2, 0, 0, 0])  # two good, one plain, three bad
    assert len(made_of(draws, every)) == 11
    assert len(made_of(draws, BestVsWorst(rule="all", judge="rubric"))) == 10
    assert indices(pairs_of(group, every.model_copy(update={"min_margin": 2.0}))) == [(0, 3), (0, 4), (1, 3), (1, 4)]
    assert pairs_of(group, every.model_copy(update={"min_margin": 2.5})) == NoPair.SMALL_MARGIN
    assert pairs_of(scored_group([1, 1]), every) == NoPair.ALL_EQUAL
    assert pairs_of(scored_group([1, None]), every) == NoPair.TOO_FEW
    by_length = every.model_copy(update={"length_penalty": 0.1})
    assert indices(pairs_of(scored_group([1, 1], [5, 3]), by_length)) == [(1, 0)]


def test_pairs_among_correct_samples() -> None:
    """CREST (arXiv 2411.06387): of four with f = 5, 3, 3, 0 the pairs among right ones are 5."""
    group = [
        replace(one, verdicts={"answer": make_candidate(index=place).verdicts["answer"], **one.verdicts})
        for place, one in enumerate(scored_group([5, 3, 3, 0]))
    ]
    wrong = make_candidate(index=4, label=Label.WRONG)
    group.append(replace(wrong, verdicts={**wrong.verdicts, "rubric": replace(wrong.verdicts["answer"], score=-9.0)}))
    config = BestVsWorst(rule="all", judge="rubric", among="correct")
    assert indices(pairs_of(group, config)) == [(0, 1), (0, 2), (0, 3), (1, 3), (2, 3)]
    assert len(made_of(group, config.model_copy(update={"among": "all"}))) == 9
    assert indices(pairs_of(group, BestVsWorst(judge="rubric", among="correct"))) == [(0, 3)]


@given(st.lists(st.integers(0, 3), min_size=2, max_size=8), st.integers(1, 12), st.integers(0, 9))
def test_drawn_pairs_are_different_ones_and_the_same_each_time(scores: list[int], most: int, seed: int) -> None:
    config = BestVsWorst(rule="all", per_problem=most, judge="rubric")
    made = pairs_of(scored_group(scores), config, seed=seed)
    total = sum(one > other for one in scores for other in scores)
    if not total:
        assert made == NoPair.ALL_EQUAL
        return
    found = indices(made)
    assert isinstance(found, list) and len(set(found)) == len(found) == min(most, total)
    assert all(scores[i] > scores[j] for i, j in found) and found == sorted(found)
    assert made == pairs_of(scored_group(scores), config, seed=seed)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((4, 2), (0.1, 0.3), NoPair.DISAGREE),
        ((4, 2), (0.3, 0.1), None),
        ((4, 2), (0.3, None), NoPair.NOT_SCORED),
        ((None, 2), (0.3, 0.1), NoPair.NOT_SCORED),
        ((4, 4), (0.3, 0.1), NoPair.DISAGREE),
        ((2, 4), (0.1, 0.3), NoPair.DISAGREE),
    ],
)
def test_judges_that_must_agree(first: Any, second: Any, expected: NoPair | None) -> None:
    left = pair_of({"a": first, "b": second}, agree=("a", "b"))
    assert left == expected if expected else isinstance(left, Pair)


@pytest.mark.parametrize(
    ("judged", "asked", "agrees"), [(0.8, 0.6, True), (0.8, 0.3, False), (0.45, 0.3, True), (0.5, 0.6, False)]
)
def test_agreement_of_scir(judged: float, asked: float, agrees: bool) -> None:
    """SCIR (arXiv 2502.08922): p_D and p_G, chances that the first is better, lie on one side of a half."""
    group = with_scores(scored_group([judged, 1 - judged]), {"implicit": [asked, 1 - asked]})
    made = make(group, BestVsWorst(judge="rubric", agree=("rubric", "implicit")))
    assert bool(made.pairs) == agrees
    if agrees:
        assert indices(list(made.pairs)) == [(0, 1) if judged > 0.5 else (1, 0)]


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.60, 0.40), "kept"),
        ((0.56, 0.50), NoPair.UNSURE),
        ((0.95, 0.64), "kept"),
        ((0.94, 0.64), NoPair.UNSURE),
        ((0.44, 0.56), "swapped"),
        ((0.30, 0.62), "swapped"),
        ((0.55, 0.40), NoPair.UNSURE),
        ((0.64, 0.95), "swapped"),
        ((0.9, None), NoPair.NOT_SCORED),
    ],
)
def test_confidence_of_ser(scores: Any, expected: str) -> None:
    left = pair_of({"sure": scores}, confident={"judge": "sure"})
    if isinstance(expected, NoPair):
        assert left == expected
        return
    assert isinstance(left, Pair)
    ids = ("p/0", "p/1") if expected == "kept" else ("p/1", "p/0")
    assert (left.chosen_id, left.rejected_id, left.margin) == (*ids, 1.0 if expected == "kept" else -1.0)
    assert spell(left.chosen)[0] == ids[0][-1]
    alone = pair_of({"sure": scores}, confident={"judge": "sure", "swap": False})
    assert isinstance(alone, Pair) if expected == "kept" else alone == NoPair.UNSURE


def test_confidence_without_a_margin_has_one_way() -> None:
    sure = {"judge": "sure", "margin": None}
    assert pair_of({"sure": (0.95, 0.5)}, confident=sure) == NoPair.UNSURE
    assert isinstance(pair_of({"sure": (0.6, 0.4)}, confident=sure), Pair)


@pytest.mark.parametrize("judge", ["rubric", None])
def test_confidence_of_the_pairs_own_judge(judge: str | None) -> None:
    made = make(scored_group([0.6, 0.4]), BestVsWorst(judge="rubric", confident={"judge": judge}))
    assert indices(list(made.pairs)) == [(0, 1)]


def test_the_grades_of_self_rationalization() -> None:
    """Gold 4, grades (4, 3, 4, 5, 2, 4): 3 x 3 pairs; two apart only the one that said 2, 3 pairs."""
    group = graded([4, 3, 4, 5, 2, 4])
    assert len(make(group, RightVsWrong()).pairs) == 9
    near = make(group, RightVsWrong(min_gap=1))
    assert len(near.pairs) == 9
    made = make(group, RightVsWrong(min_gap=2))
    assert indices(list(made.pairs)) == [(0, 4), (2, 4), (5, 4)]
    assert list(made.dropped) == [NoPair.SMALL_GAP] * 6
    far = make(group, RightVsWrong(min_gap=3))
    assert (far.pairs, far.reason) == ((), NoPair.SMALL_GAP)


@pytest.mark.parametrize(
    ("answers", "gold", "gap", "expected"),
    [
        (("4", "2"), None, 2, None),  # nothing is gold: the chosen one's
        (("4", "3"), None, 2, NoPair.SMALL_GAP),
        (("5", "3"), "4", 2, NoPair.SMALL_GAP),  # both wrong: from the gold answer
        (("5", "2"), "4", 2, None),
        (("4", "none"), "4", 1, NoPair.NO_NUMBER),
        (("4", None), "4", 1, NoPair.NO_NUMBER),
        (("1/2", "0.75"), "1/2", 0.25, None),
        (("0.3", "0.1"), "0.3", 0.2, None),
        (("yes", "no"), "yes", 1, NoPair.NO_NUMBER),
    ],
)
def test_answers_a_distance_apart(answers: Any, gold: str | None, gap: float, expected: NoPair | None) -> None:
    problem = make_problem(gold=gold)
    group = [
        make_candidate("p", place, Label.CORRECT if answer == gold else Label.WRONG, score=1.0 - place,
                       answer=answer, problem=problem)
        for place, answer in enumerate(answers)
    ]  # fmt: skip
    made = make(group, BestVsWorst(judge="answer", min_gap=gap))
    assert made.reason == expected


def test_pairs_with_one_answer_go() -> None:
    """Of 100 questions, 30 with equal answers, 70 pairs are left (Self-Reinforcement, arXiv 2405.04086)."""
    config = BestVsWorst(judge="answer", distinct_answers=True)
    made = [make(_two("7", "7" if number < 30 else "8"), config) for number in range(100)]
    assert sum(len(one.pairs) for one in made) == 70
    assert {one.reason for one in made} == {None, NoPair.SAME_ANSWER}
    for one, other in ((None, "7"), (None, None), ("7", "7.5")):
        assert len(make(_two(one, other), config).pairs) == 1
    for one, other in (("0.5", "1/2"), ("7", "7.0"), ("5 km", "5000 m")):
        assert make(_two(one, other), config).reason in (NoPair.SAME_ANSWER, None)


def _two(one: str | None, other: str | None) -> Group:
    return [make_candidate(index=place, score=1.0 - place, answer=said) for place, said in enumerate((one, other))]


def test_a_worked_solution_has_the_problems_answer() -> None:
    problem = make_problem(gold="1,200", solution="so 1200")
    config = GoldVsSample(distinct_answers=True)
    same = [make_candidate(answer="1200", problem=problem)]
    assert make(same, config).reason == NoPair.SAME_ANSWER
    other = [make_candidate(label=Label.WRONG, answer="1", problem=problem)]
    assert len(make(other, config).pairs) == 1
    unread = [make_candidate(label=Label.UNPARSEABLE, score=None, problem=make_problem(gold=None, solution="x"))]
    assert len(make(unread, config).pairs) == 1


def test_quality_of_anyprefer() -> None:
    """Qualities (.9, .4, .7, .2, .8) and a limit of .6 keep 3."""
    wanted = {"min_quality": {"judge": "pair", "at_least": 0.6}}
    left = [pair_of({"pair": (quality, 0.0)}, **wanted) for quality in (0.9, 0.4, 0.7, 0.2, 0.8)]
    assert sum(isinstance(one, Pair) for one in left) == 3
    assert [one for one in left if isinstance(one, NoPair)] == [NoPair.LOW_QUALITY] * 2
    both = {"min_quality": {"judge": "pair", "at_least": 0.6, "of": "both"}}
    assert pair_of({"pair": (0.9, 0.5)}, **both) == NoPair.LOW_QUALITY
    assert isinstance(pair_of({"pair": (0.9, 0.6)}, **both), Pair)
    assert pair_of({"pair": (0.9, None)}, **both) == pair_of({"pair": (None, 1)}, **wanted) == NoPair.NOT_SCORED


def test_solutions_stand_in_where_nothing_is_right() -> None:
    """Self-Refine Instruction-Tuning (arXiv 2405.00402): three questions."""
    problem = make_problem(gold="4", solution="so 4")
    config = RightVsWrong(per_problem=1, gold_when_none=True)
    some = graded([4, 4, 4, 1, 2], problem=problem)
    assert len(make(some, RightVsWrong(per_problem=None, gold_when_none=True)).pairs) == 6
    assert len(make(some, config).pairs) == 1
    none = graded([1, 2], problem=problem)
    (pair,) = make(none, config).pairs
    assert (pair.chosen_id, spell(pair.chosen)) == ("gold/p", "so 4") and pair.rejected_id in ("p/0", "p/1")
    assert (pair.margin, pair.chosen_ends) == (None, True)
    assert len(make(none, RightVsWrong(gold_when_none=True)).pairs) == 2
    assert make(graded([4, 4], problem=problem), config).reason == NoPair.ONE_SIDED
    assert make(graded([1, 2]), config).reason == NoPair.ONE_SIDED, "there is no worked solution"
    unread = [make_candidate("p", 0, Label.UNPARSEABLE, None, problem=problem)]
    assert make(unread, config).reason == NoPair.ONE_SIDED
    assert make(none, RightVsWrong()).reason == NoPair.ONE_SIDED


def test_solutions_stand_in_for_other_kinds_of_pairs_too() -> None:
    problem = make_problem(gold="4", solution="so 4")
    group: list[Candidate] = [
        replace(one, verdicts={**one.verdicts, "taste": replace(one.verdicts["answer"], label="unscored", score=1.0)})
        for one in graded([1, 2], problem=problem)
    ]
    made = make(group, BestVsWorst(judge="taste", gold_when_none=True))
    assert [pair.chosen_id for pair in made.pairs] == ["gold/p"]
    strict = make(group, BestVsWorst(judge="taste", gold_when_none=True, agree=("answer",)))
    assert (strict.pairs, strict.reason) == ((), NoPair.NOT_SCORED)


def test_pairs_carry_win_rates() -> None:
    group = with_scores(scored_group([1.0, 0.5, 0.0, -0.5, -1.0]), {"wins": [0.7, 0.6, 0.5, 0.4, 0.3]})
    config = BestVsWorst(judge="wins")
    (pair,) = make(group, config, Chances("wins", "rubric")).pairs
    assert (pair.p_chosen, pair.p_rejected, pair.p_over) == (0.7, 0.3, pytest.approx(0.880797, abs=1e-6))
    (pair,) = make(group, config, Chances("wins")).pairs
    assert (pair.p_chosen, pair.p_rejected, pair.p_over) == (0.7, 0.3, None)
    (plain,) = make(group, config).pairs
    assert (plain.p_chosen, plain.p_rejected, plain.p_over) == (None, None, None)
    lost = with_scores(scored_group([1.0, 0.0]), {"wins": [0.7, None]})
    assert make(lost, BestVsWorst(judge="rubric"), Chances("wins", "rubric")).reason == NoPair.NOT_SCORED


def test_win_rates_go_with_their_sides() -> None:
    group = with_scores(scored_group([0.6, 0.4]), {"wins": [0.2, 0.8], "sure": [0.1, 0.9]})
    config = BestVsWorst(judge="rubric", confident={"judge": "sure"})
    (pair,) = make(group, config, Chances("wins", "sure")).pairs
    assert (pair.chosen_id, pair.p_chosen, pair.p_rejected) == ("p/1", 0.8, 0.2)
    assert pair.p_over == pytest.approx(0.689974, abs=1e-6)


def test_every_dropped_pair_has_its_reason() -> None:
    group = graded([4, 3, 4, 5, 2, 4])
    config = RightVsWrong(per_problem=None, min_gap=2, min_quality={"judge": "answer", "at_least": 2})
    made = make(group, config)
    assert made.pairs == () and len(made.dropped) == 9
    assert set(made.dropped) == {NoPair.SMALL_GAP, NoPair.LOW_QUALITY}
