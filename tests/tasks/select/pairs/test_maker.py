"""Pairs of a whole round: soft labels, fates of samples, and counts of what made no pair."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import scipy.stats  # noqa: F401 - loaded here, before hypothesis times a test
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import NoDataError
from configs.schema.pair import BestVsWorst, GoldVsSample, RightVsWrong
from configs.schema.pair import Pair as PairConfig
from configs.schema.pair_options import RankConsistency
from configs.schema.select import Judged
from tasks.core.records import DropReason, Label, Pair, spell
from tasks.select.defaults import in_round, with_judge
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.maker import PairMaker
from tasks.select.pairs.soft_label import consistency, mean_consistency
from tasks.select.selection import Selected, Selection
from tests.build.candidates import make_candidate, scored_group, with_scores
from tests.build.records import make_problem

RANKS, OTHER = (1, 2, 3, 4, 5), (2, 1, 3, 5, 4)


def ranked(one: Any, two: Any, problem_id: str = "p") -> Group:
    return with_scores(scored_group(one, problem_id=problem_id), {"other": two})


def rank_consistency(measure: Any = "kendall", average: Any = "avg") -> RankConsistency:
    return RankConsistency(judges=("rubric", "other"), measure=measure, average=average)


@pytest.mark.parametrize(
    ("measure", "one", "two", "expected"),
    [
        ("kendall", RANKS, OTHER, 0.8),
        ("spearman", RANKS, OTHER, 0.9),
        ("kendall", RANKS, RANKS[::-1], 0.0),
        ("spearman", RANKS, RANKS[::-1], 0.0),
        ("kendall", RANKS, RANKS, 1.0),
        ("kendall", (1, 2), (5, None), None),
        ("kendall", (1, 1, 1), (1, 2, 3), None),
        ("spearman", (1, 2, 3), (4, 4, 4), None),
        ("kendall", (1,), (1,), None),
    ],
)
def test_consistency_of_cream(measure: str, one: Any, two: Any, expected: float | None) -> None:
    found = consistency(ranked(one, two), rank_consistency(measure))
    assert found == (None if expected is None else pytest.approx(expected))


def test_winners_that_are_refinements() -> None:
    """RLRF: the winner is a refined answer in 7 of 10 prompts: a share of .7."""
    groups = [scored_group([1, 2, 3 if place < 7 else 0], problem_id=f"p{place}") for place in range(10)]
    groups = [[*group[:2], replace(group[2], sample=replace(group[2].sample, parent_id=group[0].sample.id))]
              for group in groups]  # fmt: skip
    maker = PairMaker(lambda: iter(groups), BestVsWorst(judge="rubric"), Draw(0, 1))
    for group in groups:
        maker.make([Selected(one) for one in group])
    numbers = maker.numbers()
    assert (numbers["num_chosen_revised"], numbers["num_chosen_iid"]) == (7, 3)


def test_scores_are_joined_by_sample() -> None:
    with_gaps = ranked((1, None, 2, 3, 4, None, 5), (2, 9, 1, 3, 5, 9, 4))
    assert consistency(with_gaps, rank_consistency()) == pytest.approx(0.8)


@given(st.permutations(range(5)))
def test_consistency_does_not_depend_on_the_order_of_samples(order: list[int]) -> None:
    group = ranked(RANKS, OTHER)
    assert consistency([group[place] for place in order], rank_consistency()) == pytest.approx(0.8)


def run(
    groups: list[Group], config: PairConfig, seed: int = 0
) -> tuple[list[Pair], list[list[Selected]], dict[str, Any]]:
    selection = Selection(lambda: iter(groups), (Judged(),), Draw(seed, 1))
    judges = list(groups[0][0].verdicts) if groups else ["answer"]
    maker = PairMaker(selection.kept, in_round(with_judge(config, judges), 1), Draw(seed, 1))
    made = [maker.make(group) for group in selection]
    return [pair for pairs, _ in made for pair in pairs], [fates for _, fates in made], maker.numbers()


def test_one_label_for_all_pairs() -> None:
    groups = [ranked(RANKS, OTHER, "p"), ranked(RANKS, RANKS, "q"), ranked((1, 2), (3, 3), "r")]
    pairs, _, numbers = run(groups, BestVsWorst(judge="rubric", soft_label=rank_consistency()))
    assert [pair.soft_label for pair in pairs] == [pytest.approx(0.9)] * 3
    assert numbers["rank_consistency"] == pytest.approx(0.9)


def test_a_label_for_each_problem() -> None:
    groups = [ranked(RANKS, OTHER, "p"), ranked(RANKS, RANKS[::-1], "q"), ranked((1, 2), (3, 3), "r")]
    pairs, fates, numbers = run(groups, BestVsWorst(judge="rubric", soft_label=rank_consistency(average="dyn")))
    assert [(pair.problem_id, pair.soft_label) for pair in pairs] == [("p", pytest.approx(0.8))]
    assert (numbers["num_no_pair_inconsistent"], numbers["num_no_pair_not_ranked"]) == (1, 1)
    assert {one.reason for one in fates[1]} == {DropReason.NOT_PAIRED}


def test_judges_that_disagree_end_the_round() -> None:
    groups = [ranked(RANKS, OTHER, "p"), ranked(RANKS, RANKS[::-1], "q")]
    with pytest.raises(NoDataError, match=r"rubric and other .* 0\.400 over 2 problems") as error:
        run(groups, BestVsWorst(judge="rubric", soft_label=rank_consistency()))
    assert "dyn" in (error.value.fix or "")
    assert mean_consistency([], rank_consistency()) is None


def test_a_searched_penalty_is_used_and_told() -> None:
    groups = [
        scored_group((2.0, 1.4, 0.1), (300, 200, 100), problem_id="p"),
        scored_group((1.0, 3.0, 2.6), (100, 250, 120), problem_id="q"),
        scored_group((0.5, 0.2, -1.0), (90, 210, 160), problem_id="r"),
    ]
    pairs, _, numbers = run(groups, BestVsWorst(length_penalty="search"))
    assert numbers["length_penalty"] == 0.007
    assert sum(len(spell(pair.chosen)) - len(spell(pair.rejected)) for pair in pairs) / 3 == pytest.approx(
        16.67, abs=0.005
    )


def test_equal_texts_are_no_pair() -> None:
    problem = make_problem(solution="4\n")
    pairs, _, numbers = run([[make_candidate(text=" 4", problem=problem)]], GoldVsSample())
    assert pairs == [] and numbers["num_no_pair_same_text"] == 1


def test_fates_and_counts() -> None:
    groups = [
        [
            make_candidate("p", index, label)
            for index, label in enumerate([Label.CORRECT, Label.WRONG, Label.TRUNCATED])
        ],
        [make_candidate("q", index) for index in range(2)],
        [make_candidate("r", 0, Label.UNPARSEABLE, None)],
    ]
    pairs, fates, numbers = run(groups, RightVsWrong())
    assert [(pair.chosen_id, pair.rejected_id) for pair in pairs] == [("p/0", "p/1")]
    unpaired = DropReason.NOT_PAIRED
    assert [[one.reason for one in group] for group in fates] == [
        [None, None, DropReason.TRUNCATED], [unpaired] * 2, [DropReason.UNPARSEABLE]
    ]  # fmt: skip
    assert {name: number for name, number in numbers.items() if number} == {
        "num_no_pair_one_sided": 1, "num_no_pair_no_samples": 1, "num_chosen_iid": 1
    }  # fmt: skip
    assert {f"num_no_pair_{reason}" for reason in NoPair} <= set(numbers)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(list(Label)), st.integers(0, 3)), min_size=1, max_size=6), max_size=5),
    st.sampled_from([BestVsWorst(), BestVsWorst(ties="drop"), RightVsWrong(per_problem=2), GoldVsSample()]),
    st.integers(),
)
def test_pairs_stay_inside_their_problem_and_every_sample_is_accounted_for(
    problems: list[list[tuple[Label, int]]], config: PairConfig, seed: int
) -> None:
    groups = [
        [
            make_candidate(
                f"p{number}", index, label, float(score), problem=make_problem(f"p{number}", solution="gold")
            )
            for index, (label, score) in enumerate(samples)
        ]
        for number, samples in enumerate(problems)
    ]
    pairs, fates, numbers = run(groups, config, seed)
    used = {sample_id for pair in pairs for sample_id in (pair.chosen_id, pair.rejected_id)}
    for pair in pairs:
        assert pair.chosen_id != pair.rejected_id
        assert pair.chosen_id.split("/")[0] in (pair.problem_id, "gold")
        assert pair.rejected_id.split("/")[0] == pair.problem_id
        assert pair.margin is None or isinstance(config, RightVsWrong) or pair.margin > 0
    assert {one.sample.id for group in fates for one in group if one.reason is None} == {
        sample_id for sample_id in used if not sample_id.startswith("gold/")
    }
    assert [[one.candidate for one in group] for group in fates] == groups
    num_without = sum(number for name, number in numbers.items() if name.startswith("num_no_pair_"))
    assert len({pair.problem_id for pair in pairs}) + num_without == len(groups)
