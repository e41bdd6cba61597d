"""The other kinds of pairs: by their papers' worked numbers, and by property."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from configs.schema import pair
from configs.schema.pair import GoldVsSample, MostVsLeastVoted, RightVsWrong, ShortestBestLongestWorst
from tasks.core.joined import Candidate
from tasks.core.records import Label, Pair, spell, written
from tasks.select.filters.filter import Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.registry import KINDS, VERSIONS, pair_versions
from tests.build.candidates import make_candidate, scored_group
from tests.build.records import make_problem, make_sample, make_verdict
from tests.tasks.select.pairs.make import indices, pairs_of

CLASSES: tuple[Any, ...] = get_args(get_args(pair.Pair)[0])
SCORES, LENGTHS = (4.33, 4.0, 3.67, 2.0, 1.33), (900, 400, 300, 500, 800)


@pytest.mark.parametrize(("rho", "expected"), [(0.0, (0, 4)), (0.1, (0, 4)), (0.4, (2, 4))])
def test_length_control_of_meta_rewarding(rho: float, expected: tuple[int, int]) -> None:
    made = pairs_of(scored_group(SCORES, LENGTHS), ShortestBestLongestWorst(rho=(rho,)))
    assert indices(made) == [expected]


def test_rho_goes_by_round() -> None:
    config, group = ShortestBestLongestWorst(rho=(0.0, 0.4)), scored_group(SCORES, LENGTHS)
    assert [indices(pairs_of(group, config, round)) for round in (1, 2, 3)] == [[(0, 4)], [(2, 4)], [(2, 4)]]


def test_length_control_looks_at_scores_variance_and_order_after_length() -> None:
    config = ShortestBestLongestWorst(rho=(0.3,))
    assert indices(pairs_of(scored_group((4.8, 5.0, 1.0, 1.2), (9, 9, 9, 9)), config)) == [(1, 2)]
    tied = scored_group((5.0, 5.0, 1.0, 1.0), (9, 9, 9, 9), (0.3, 0.2, 0.5, 0.4))
    assert indices(pairs_of(tied, config)) == [(1, 3)]
    assert indices(pairs_of(scored_group((5.0, 5.0, 1.0, 1.0), (9, 9, 9, 9)), config)) == [(0, 2)]
    assert pairs_of(scored_group((3.0, 3.0), (5, 9)), config) is NoPair.ALL_EQUAL
    assert pairs_of(scored_group((3.0, None), (5, 9)), config) is NoPair.TOO_FEW


@given(
    st.lists(st.tuples(st.integers(0, 10).map(float), st.integers(1, 30)), min_size=2, max_size=8),
    st.floats(0, 0.49),
)
def test_length_control_chooses_a_better_sample(samples: list[tuple[float, int]], rho: float) -> None:
    scores, lengths = zip(*samples, strict=True)
    made = indices(pairs_of(scored_group(scores, lengths), ShortestBestLongestWorst(rho=(rho,))))
    if isinstance(made, NoPair):
        assert made is NoPair.ALL_EQUAL and len(set(scores)) == 1
        return
    ((chosen, rejected),) = made
    low, high = min(scores), max(scores)
    assert scores[chosen] > scores[rejected]
    assert scores[chosen] >= (1 - rho) * high + rho * low - 1e-6
    assert scores[rejected] <= (1 - rho) * low + rho * high + 1e-6


def voted(*answers: str | None, num_samples: int | None = None) -> Group:
    """Samples with these answers, and the shares of votes that the judge `vote` gives."""
    votes, group = Counter(answers), []
    for index, answer in enumerate(answers):
        sample = make_sample(index=index)
        score = None if answer is None else votes[answer] / (num_samples or len(answers))
        group.append(
            Candidate(sample, {"vote": make_verdict(sample, judge="vote", score=score, answer=answer)}, make_problem())
        )
    return group


def one_pair(made: list[Pair] | NoPair) -> Pair:
    assert isinstance(made, list), made
    (pair,) = made
    return pair


def test_vote_weights_of_scpo() -> None:
    made = one_pair(pairs_of(voted(*"aaaaabcd"), MostVsLeastVoted()))
    assert (made.weight, made.margin) == (0.5, 0.5)
    made = one_pair(pairs_of(voted(*"aaaabbb", None), MostVsLeastVoted()))
    assert made.weight == 0.125
    assert one_pair(pairs_of(voted(*"aaaaabcd"), MostVsLeastVoted(weighted=False))).weight == 1


def test_the_threshold_of_scpo_goes_by_round() -> None:
    four, five, six = voted(*"aaaabcde"), voted(*"aaaaabcd"), voted(*"aaaaaabc")
    config, low = MostVsLeastVoted(min_share=(0.5, 0.7)), NoPair.LOW_SHARE
    assert [isinstance(pairs_of(group, config, 1), list) for group in (four, five, six)] == [True] * 3
    assert [pairs_of(group, config, 2) is low for group in (four, five, six)] == [True, True, False]
    assert pairs_of(four, MostVsLeastVoted(min_share=(0.6,))) is low  # .6 of 8 are 4.8 votes
    assert isinstance(pairs_of(five, MostVsLeastVoted(min_share=(0.6,))), list)


def test_votes_without_a_pair() -> None:
    assert pairs_of(voted(*"aabb"), MostVsLeastVoted(min_share=(0.1,))) is NoPair.TIED
    assert pairs_of(voted(*"aabbc"), MostVsLeastVoted(min_share=(0.1,))) is NoPair.TIED
    assert pairs_of(voted(*"aaaa"), MostVsLeastVoted()) is NoPair.ALL_EQUAL
    assert pairs_of(voted("a", "a", None, None), MostVsLeastVoted()) is NoPair.ALL_EQUAL
    assert pairs_of(voted("a", None), MostVsLeastVoted()) is NoPair.TOO_FEW


def test_voters_of_a_place_are_drawn_by_the_seed() -> None:
    group, config = voted(*"aaaaabcd"), MostVsLeastVoted()
    drawn = [indices(pairs_of(group, config, seed=seed)) for seed in range(60)]
    assert drawn == [indices(pairs_of(group, config, seed=seed)) for seed in range(60)]
    assert {chosen for pairs in drawn for chosen, _ in pairs} == {0, 1, 2, 3, 4}
    assert {rejected for pairs in drawn for _, rejected in pairs} == {5, 6, 7}


def right_and_wrong(num_right: int, num_wrong: int, others: Sequence[Label] = ()) -> Group:
    labels = [Label.CORRECT] * num_right + [Label.WRONG] * num_wrong + list(others)
    return [make_candidate(index=index, label=label, score=0.5) for index, label in enumerate(labels)]


def test_five_right_and_eleven_wrong_make_55_pairs() -> None:
    made = indices(pairs_of(right_and_wrong(5, 11, [Label.TRUNCATED]), RightVsWrong(per_problem=None)))
    assert made == [(i, j) for i in range(5) for j in range(5, 16)]
    assert len(indices(pairs_of(right_and_wrong(3, 2), RightVsWrong()))) == 6


@given(st.integers(0, 6), st.integers(0, 6), st.none() | st.integers(1, 12), st.integers())
def test_right_vs_wrong_draws_distinct_combinations(
    num_right: int, num_wrong: int, per_problem: int | None, seed: int
) -> None:
    group = right_and_wrong(num_right, num_wrong, [Label.UNPARSEABLE])
    made = indices(pairs_of(group, RightVsWrong(per_problem=per_problem), seed=seed))
    if not num_right * num_wrong:
        assert made is NoPair.ONE_SIDED
        return
    assert len(made) == len(set(made)) == min(num_right * num_wrong, per_problem or 99)
    assert made == sorted(made)
    assert all(chosen < num_right <= rejected < num_right + num_wrong for chosen, rejected in made)


def test_right_vs_wrong_gives_every_combination_the_same_chance() -> None:
    group, counts = right_and_wrong(2, 2), Counter[Any]()
    for seed in range(2000):
        counts.update(indices(pairs_of(group, RightVsWrong(per_problem=1), seed=seed)))
    # 500 expected each; five standard deviations of a binomial(2000, 1/4) are 97
    assert len(counts) == 4 and all(abs(count - 500) < 5 * sqrt(2000 * 3 / 16) for count in counts.values())


def test_margins_come_from_scores_where_both_have_one() -> None:
    right, wrong = make_candidate(index=0, score=1.0), make_candidate(index=1, label=Label.WRONG, score=0.25)
    assert one_pair(pairs_of([right, wrong], RightVsWrong())).margin == 0.75
    unscored = make_candidate(index=1, label=Label.WRONG, score=None)
    assert one_pair(pairs_of([right, unscored], RightVsWrong())).margin is None


def test_spin_prefers_the_worked_solution_to_the_first_sample() -> None:
    problem = make_problem(solution="gold text")
    group = [make_candidate(index=index, problem=problem) for index in (2, 3)]
    made = one_pair(pairs_of(group, GoldVsSample()))
    assert made == Pair("p", problem.messages, written("gold text"), written("text 2"), "gold/p", "p/2")
    assert pairs_of([make_candidate()], GoldVsSample()) is NoPair.NO_SOLUTION
    assert len(pairs_of(group, GoldVsSample(per_problem=2))) == 2
    assert pairs_of(group, GoldVsSample(per_problem=3)) is NoPair.TOO_FEW


SIMILAR = {"a": 0.91, "b": 0.40, "c": 0.75, "c ": 0.75, "d": 0.62, "e": 0.20, "f": 0.88, "g": 0.55}


def near_and_far(scores: dict[str, float | None]) -> Group:
    problem = make_problem(solution="gold text")
    return [
        make_candidate(index=index, text=text, score=score, problem=problem, label=Label.UNSCORED)
        for index, (text, score) in enumerate(scores.items())
    ]


def far_texts(config: GoldVsSample, scores: dict[str, float | None], round: int = 1) -> list[str] | NoPair:
    made = pairs_of(near_and_far(scores), config, round)
    return made if isinstance(made, NoPair) else [spell(one.rejected) for one in made]


def test_self_contrast_cuts_off_the_most_similar() -> None:
    """Eight samples, seven different texts: place min(6, 6), the threshold .91, so that a falls and six stay."""
    config = GoldVsSample(judge="answer", lowest_share=0.75, per_problem=6)
    assert far_texts(config, SIMILAR) == ["b", "c", "d", "e", "f", "g"]
    assert far_texts(config.model_copy(update={"per_problem": 7}), SIMILAR) is NoPair.TOO_FEW
    many = {str(place): place / 32 for place in range(32)}
    assert far_texts(config.model_copy(update={"per_problem": 24}), many) == [str(place) for place in range(24)]
    assert far_texts(config.model_copy(update={"per_problem": 25}), many) is NoPair.TOO_FEW


def test_equal_similarities_at_the_threshold_fall_all_out() -> None:
    config = GoldVsSample(judge="answer", lowest_share=0.5, per_problem=1)
    assert far_texts(config, {"a": 0.2, "b": 0.8, "c": 0.8, "d": 0.8}) == ["a"]
    assert far_texts(config, {"a": 0.8, "b": 0.8}) is NoPair.TOO_FEW
    assert far_texts(config, {"a": 0.8}) is NoPair.TOO_FEW


def test_empty_and_unscored_texts_are_not_drawn_and_a_share_of_1_cuts_nothing() -> None:
    scores = {"a": 0.9, " ": 0.1, "b": None, "c": 0.5}
    config = GoldVsSample(judge="answer", per_problem=2)
    assert far_texts(config, scores) == ["a", "c"]
    assert far_texts(config.model_copy(update={"lowest_share": 0.75}), scores) is NoPair.TOO_FEW


def test_negatives_are_drawn_by_seed_and_share_one_weight() -> None:
    config = GoldVsSample(judge="answer", lowest_share=0.75, per_problem=2, weight="per_problem")
    drawn = {tuple(far_texts(config, SIMILAR, round)) for round in range(20)}
    assert len(drawn) > 5 and all(len(set(pair)) == 2 and "a" not in pair for pair in drawn)
    assert far_texts(config, SIMILAR, 3) == far_texts(config, SIMILAR, 3)
    made = pairs_of(near_and_far(SIMILAR), config)
    assert not isinstance(made, NoPair) and [one.weight for one in made] == [0.5, 0.5]


def test_the_registry_holds_the_kinds_of_the_schema() -> None:
    assert {kind.model_fields["kind"].default for kind in CLASSES} == set(KINDS)


@pytest.mark.parametrize("kind", CLASSES)
def test_another_version_of_what_a_section_uses_is_another_version_of_select(
    kind: type[BaseModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, soft = kind(), kind.model_validate({"soft_label": {"judges": ["a", "b"]}})
    name = kind.model_fields["kind"].default
    before = pair_versions(plain), pair_versions(soft)
    assert [versions.keys() for versions in before] == [{f"pair.{name}"}, {f"pair.{name}", "pair.soft_label"}]
    monkeypatch.setitem(VERSIONS, name, 7)
    assert (pair_versions(plain), pair_versions(soft)) == ({f"pair.{name}": 7}, {**before[1], f"pair.{name}": 7})
    monkeypatch.setitem(VERSIONS, "soft_label", 9)
    assert pair_versions(plain) == {f"pair.{name}": 7}
    assert pair_versions(soft) == {f"pair.{name}": 7, "pair.soft_label": 9}
    assert pair_versions(None) == {}
