"""Mixtures of several kinds of pairs: how many of each, which, and what is counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import RecipeError
from configs.schema.load import check_recipe
from configs.schema.pair import BestVsWorst, Mixture, RightVsWrong
from configs.schema.recipe import Recipe
from configs.schema.select import Judged
from tasks.core.records import Label, Pair
from tasks.select.defaults import in_round, rows_wanted, with_judge
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.maker import PairMaker
from tasks.select.pairs.mixture import share_rows
from tasks.select.pairs.registry import pair_versions
from tasks.select.selection import Selection
from tests.build.candidates import make_candidate, with_scores
from tests.flows.micro import micro_recipe

RIGHT = RightVsWrong(per_problem=None)
BEST = BestVsWorst(judge="f", rule="all", per_problem=None, among="correct")


def mixture(*shares: float | None, fill: Any = "shrink") -> Mixture:
    sets = [{"pair": pair, "share": share} for pair, share in zip((BEST, RIGHT), shares, strict=True)]
    return Mixture.model_validate({"sets": sets, "fill": fill})


def groups_with(num_best: int, num_right: int) -> list[Group]:
    """Problems that make so many pairs of each kind: two right samples, of which one has the better f, make one of the
    first; a right and a wrong sample one of the second."""
    groups = [_group(f"b{number}", (Label.CORRECT, Label.CORRECT), (2.0, 1.0)) for number in range(num_best)]
    return groups + [_group(f"r{number}", (Label.CORRECT, Label.WRONG), (0.0, None)) for number in range(num_right)]


def _group(problem_id: str, labels: Any, scores: Any) -> Group:
    return with_scores([make_candidate(problem_id, place, label) for place, label in enumerate(labels)], {"f": scores})


def run(groups: list[Group], config: Any, seed: int = 0, num_rows: int | None = None) -> tuple[list[Pair], Any]:
    draw = Draw(seed, 1)
    selection = Selection(lambda: iter(groups), (Judged(),), draw)
    maker = PairMaker(selection.kept, in_round(with_judge(config, ["answer", "f"]), 1), draw, None, num_rows)
    made = [maker.make(group) for group in selection]
    for group, (pairs, fates) in zip(groups, made, strict=True):
        used = {name for pair in pairs for name in pair.sample_ids}
        assert [one.reason is None for one in fates] == [one.sample.id in used for one in group]
    return [pair for pairs, _ in made for pair in pairs], maker.numbers()


def by_set(pairs: list[Pair]) -> tuple[int, int]:
    counts = Counter(pair.problem_id[0] for pair in pairs)
    return counts["b"], counts["r"]


def test_sets_are_cut_to_their_shares() -> None:
    """Sets of 50 and 200, shares .6 and .4: 83 pairs, 49 + 34."""
    pairs, numbers = run(groups_with(50, 200), mixture(0.6, 0.4))
    assert by_set(pairs) == (49, 34)
    assert len({(pair.chosen_id, pair.rejected_id) for pair in pairs}) == 83
    told = {name: number for name, number in numbers.items() if name.startswith("num_pairs_")}
    assert told == {
        "num_pairs_made_set_0": 50, "num_pairs_taken_set_0": 49, "num_pairs_made_set_1": 200,
        "num_pairs_taken_set_1": 34,
    }  # fmt: skip


def test_pairs_are_repeated_for_the_steps_of_a_round() -> None:
    """Ten steps of four: 24 + 16."""
    pairs, numbers = run(groups_with(10, 200), mixture(0.6, 0.4, fill="repeat"), num_rows=40)
    assert by_set(pairs) == (24, 16)
    times = Counter((pair.chosen_id, pair.rejected_id) for pair in pairs if pair.problem_id[0] == "b")
    assert sorted(times.values()) == [2] * 6 + [3] * 4
    assert (numbers["num_pairs_made_set_0"], numbers["num_pairs_taken_set_0"]) == (10, 24)


def test_sets_without_shares_are_taken_whole() -> None:
    """RISE (arXiv 2410.06638): 100 and 60 pairs are 160."""
    pairs, _ = run(groups_with(100, 60), mixture(None, None))
    assert by_set(pairs) == (100, 60)


@pytest.mark.parametrize(
    ("counts", "shares", "num_rows", "expected"),
    [
        ((50, 200), (0.6, 0.4), None, [49, 34]),
        ((50, 200), (0.6, 0.4), 40, [24, 16]),
        ((9999, 9999), (0.6, 0.4), 3000 * 8, [14400, 9600]),
        ((6, 4), (0.6, 0.4), None, [6, 4]),
        ((30, 30, 30), (0.5, 0.25, 0.25), None, [30, 15, 15]),
        ((0, 200), (0.6, 0.4), None, [0, 0]),
        ((0, 200), (0.6, 0.4), 40, [0, 0]),
        ((1, 1), (0.9, 0.1), None, [0, 1]),
    ],
)
def test_rows_of_each_set(counts: Any, shares: Any, num_rows: int | None, expected: list[int]) -> None:
    assert share_rows(counts, shares, num_rows) == expected


@given(st.lists(st.integers(1, 300), min_size=2, max_size=4), st.integers(1, 9))
def test_no_set_gives_more_than_it_has(counts: list[int], first: int) -> None:
    shares = [first / 10, *([(1 - first / 10) / (len(counts) - 1)] * (len(counts) - 1))]
    taken = share_rows(counts, shares, None)
    assert all(0 <= one <= count for one, count in zip(taken, counts, strict=True))
    most = min(count / share for count, share in zip(counts, shares, strict=True))
    assert sum(taken) == pytest.approx(most, abs=1) and sum(taken) <= most + 1e-6
    assert all(abs(one - share * sum(taken)) <= 1 + 1e-6 for one, share in zip(taken, shares, strict=True))


def test_which_pairs_are_taken_is_drawn_by_the_seed() -> None:
    groups = groups_with(50, 200)
    first, again, other = (run(groups, mixture(0.6, 0.4), seed)[0] for seed in (1, 1, 2))
    assert first == again != other


def test_a_problem_without_a_pair_in_any_set_is_counted() -> None:
    groups = [*groups_with(2, 2), _group("x", (Label.WRONG, Label.WRONG), (1.0, 2.0))]
    pairs, numbers = run(groups, mixture(None, None))
    assert by_set(pairs) == (2, 2) and numbers["num_no_pair_too_few"] == 1


def test_versions_name_all_parts() -> None:
    config = Mixture(sets=({"pair": BEST}, {"pair": RIGHT.model_copy(update={"min_gap": 1.0})}))
    assert set(pair_versions(config)) == {
        "pair.mixture", "pair.best_vs_worst", "pair.right_vs_wrong", "pair.min_gap"
    }  # fmt: skip


def recipe(pair: Any, **sections: Any) -> Recipe:
    train = {"objective": {"kind": "dpo"}, "max_steps": 10, "batch_size": 2, "gradient_accumulation": 2}
    judges = {"judge": [{"kind": "answer"}, {"kind": "vote"}], "select": [{"kind": "judged"}]}
    return check_recipe(micro_recipe(**{**judges, "pair": pair, "train": train, **sections}))


def sets(*shares: float | None, **first: Any) -> list[dict[str, Any]]:
    return [
        {"pair": {"kind": kind, **(first if not place else {})}, "share": share}
        for place, (kind, share) in enumerate(zip(("best_vs_worst", "right_vs_wrong"), shares, strict=False))
    ]


def test_rows_that_a_round_reads() -> None:
    assert rows_wanted(recipe({"kind": "mixture", "sets": sets(0.6, 0.4), "fill": "repeat"})) == 40
    assert rows_wanted(recipe({"kind": "mixture", "sets": sets(0.6, 0.4)})) is None
    assert rows_wanted(recipe({"kind": "right_vs_wrong"})) is None


TRAIN = {"objective": {"kind": "dpo"}}


@pytest.mark.parametrize(
    ("pair", "sections", "words"),
    [
        ({"kind": "mixture", "sets": sets(0.6)}, {}, r"pair\.sets"),
        ({"kind": "mixture", "sets": sets(0.6, None)}, {}, "some have a share and some have none"),
        ({"kind": "mixture", "sets": sets(0.6, 0.6)}, {}, "the shares add up to 1.2"),
        ({"kind": "mixture", "sets": sets(None, None), "fill": "repeat"}, {}, "give each set its share"),
        ({"kind": "mixture", "sets": sets(0.6, 0.4), "fill": "repeat"}, {"train": TRAIN},
         r"pair\.fill: pairs are repeated for the steps of a round: write train\.max_steps"),
        ({"kind": "mixture", "sets": sets(0.6, 0.4), "fill": "repeat"},
         {"train": {**TRAIN, "max_steps": 4, "step_growth": 1.2}}, r"leave train\.step_growth out"),
        ({"kind": "mixture", "sets": sets(0.6, 0.4, judge="x")}, {},
         r"pair\.sets\.0\.pair\.judge: no judge is called 'x'"),
        ({"kind": "mixture", "sets": sets(0.6, 0.4)}, {"select": [{"kind": "correct"}]},
         r"'correct' leaves no wrong sample for pair.kind right_vs_wrong"),
        ({"kind": "mixture", "sets": [{"pair": {"kind": "mixture"}}, *sets(None)]}, {}, r"pair\.sets\.0"),
        ({"kind": "best_vs_worst", "agree": ["answer", "x"]}, {}, r"pair\.agree: no judge is called 'x'"),
        ({"kind": "best_vs_worst", "confident": {"judge": "x"}}, {}, r"pair\.confident\.judge: no judge is called 'x'"),
        ({"kind": "best_vs_worst", "confident": {"high": 0.4, "low": 0.6}}, {}, "low 0.6 is above high 0.4"),
        ({"kind": "best_vs_worst", "min_quality": {"judge": "x", "at_least": 1}}, {},
         r"pair\.min_quality\.judge: no judge is called 'x'"),
        ({"kind": "best_vs_worst", "win_rate": "answer"}, {},
         r"pair\.win_rate: the answer judge 'answer' gives no chances to win"),
        ({"kind": "best_vs_worst", "min_gap": 0}, {}, r"pair\.min_gap"),
        ({"kind": "best_vs_worst", "distinct_answers": True},
         {"judge": [{"kind": "rubric"}], "evaluate": {"verifier": {"kind": "number"}}},
         r"pair\.distinct_answers: no judge reads answers"),
        ({"kind": "best_vs_worst", "min_gap": 1},
         {"judge": [{"kind": "rubric"}], "evaluate": {"verifier": {"kind": "number"}}},
         r"pair\.min_gap: no judge reads answers"),
        ({"kind": "best_vs_worst", "rule": "all", "length_penalty": "search"}, {}, "write a number beside rule: all"),
        ({"kind": "gold_vs_sample", "agree": ["answer"]}, {}, "agree: the sides of these pairs are not two samples"),
        ({"kind": "gold_vs_sample", "gold_when_none": True}, {}, "gold_when_none: the sides of these pairs"),
        ({"kind": "stop_or_go", "confident": {}}, {}, "confident: the sides of these pairs"),
        ({"kind": "stop_or_go", "distinct_answers": True}, {}, "distinct_answers: the sides of these pairs"),
        ({"kind": "best_vs_worst", "soft_label": {"judges": ["answer", "x"]}}, {},
         r"pair\.soft_label\.judges: no judge is called 'x'"),
    ],
)  # fmt: skip
def test_sections_that_cannot_be_are_explained(pair: Any, sections: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        recipe(pair, **sections)


def test_a_roles_mixture_has_its_own_address() -> None:
    role = {"like": "policy", "train": {**TRAIN, "pair": {"kind": "mixture", "sets": sets(0.6, 0.4, agree=["x"])}}}
    with pytest.raises(RecipeError, match=r"roles\.critic\.train\.pair\.sets\.0\.pair\.agree: no judge"):
        check_recipe(micro_recipe(roles={"critic": role}))
