"""Pairs of what a judging model said of one sample: right judgements over wrong ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.load import check_recipe
from configs.schema.pair import Judgements
from tasks.core.records import Judgement, Label, Message, spell
from tasks.learn.rows import pair_row
from tasks.select.filters.filter import Draw, Group
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.maker import PairMaker
from tasks.select.selection import Selected
from tests.build.candidates import make_candidate
from tests.flows.micro import micro_recipe
from tests.tasks.select.pairs.make import pairs_of

ASKED = (Message("user", "how good?"),)
GRADES = (4, 3, 4, 5, 2, 4)


def judged(scores: Sequence[float | None], trusted: float | None, label: str = Label.UNSCORED, index: int = 0) -> Group:
    """A sample with these judgements of the judge `style`."""
    one = make_candidate("p", index, label, trusted)
    rows = [
        Judgement("style", "p", one.sample.id, place, ASKED, f"{place} says {score}", score)
        for place, score in enumerate(scores)
    ]
    return [replace(one, judgements=tuple(rows), verdicts={**one.verdicts, "style": one.verdicts["answer"]})]


def config(**settings: Any) -> Judgements:
    return Judgements(**{"judge": "style", "label": "answer", "per_sample": None, **settings})


def places(made: Any) -> Any:
    if isinstance(made, NoPair):
        return made
    return [tuple(int(name.rpartition("#")[2]) for name in (pair.chosen_id, pair.rejected_id)) for pair in made]


def test_judgements_of_self_rationalization() -> None:
    """Gold 4, scores (4, 3, 4, 5, 2, 4): 3 x 3 pairs; two apart, 3 pairs with the one that said 2."""
    made = pairs_of(judged(GRADES, 4), config())
    assert places(made) == [(i, j) for i in (0, 2, 5) for j in (1, 3, 4)]
    assert places(pairs_of(judged(GRADES, 4), config(gap=2))) == [(0, 4), (2, 4), (5, 4)]
    assert places(pairs_of(judged(GRADES, 4), config(rule="gap", gap=2))) == [(i, 4) for i in (0, 1, 2, 3, 5)]
    assert isinstance(made, list)
    pair = made[0]
    assert (pair.role, pair.messages, spell(pair.chosen), spell(pair.rejected)) == (
        "judge", ASKED, "0 says 4", "1 says 3"
    )  # fmt: skip
    assert pair.sample_ids == ("p/0", "p/0") and pair_row(pair)["messages"] == [
        {"role": "user", "content": "how good?"}
    ]


def test_eight_judgements_of_which_five_are_right() -> None:
    """15 pairs before the cap, 4 with it (generative judges in general)."""
    scores = [1.0] * 5 + [0.0] * 3
    group = judged(scores, 1.0, Label.CORRECT)
    assert len(places(pairs_of(group, config()))) == 15
    capped = config(per_sample=4)
    drawn = places(pairs_of(group, capped))
    assert len(set(drawn)) == 4 and drawn == sorted(drawn) == places(pairs_of(group, capped))
    assert drawn != places(pairs_of(group, capped, seed=1))


@pytest.mark.parametrize(("label", "right"), [(Label.CORRECT, [2, 3]), (Label.WRONG, [0, 1])])
def test_the_side_of_a_cut(label: str, right: list[int]) -> None:
    made = places(pairs_of(judged([1, 2, 3, 5], 0.0, label), config(rule="side", cut=2.5)))
    assert {chosen for chosen, _ in made} == set(right) and len(made) == 4


def test_what_could_not_be_read_is_dropped_unless_it_shall_be_rejected() -> None:
    group = judged([4, None, 3], 4)
    assert places(pairs_of(group, config())) == [(0, 2)]
    assert places(pairs_of(group, config(unparseable="rejected"))) == [(0, 1), (0, 2)]
    (one,) = group
    gone = [replace(one, judgements=(one.judgements[0], replace(one.judgements[1], missing="error", text="")))]
    assert pairs_of(gone, config(unparseable="rejected")) == NoPair.ONE_SIDED


def test_why_there_is_no_pair() -> None:
    assert pairs_of(judged([4, 4], 4), config()) == NoPair.ONE_SIDED
    assert pairs_of(judged([4, 3], None, Label.UNPARSEABLE), config()) == NoPair.ONE_SIDED
    assert pairs_of(judged([], 4), config()) == NoPair.NO_JUDGEMENTS
    (one,) = judged([4, 3], 4)
    other = replace(one, judgements=tuple(replace(row, judge="other") for row in one.judgements))
    assert pairs_of([other], config()) == NoPair.NO_JUDGEMENTS


def test_a_judged_sample_is_kept() -> None:
    (with_pair,), (without,) = judged([4, 3], 4), judged([4, 4], 4, index=1)
    maker = PairMaker(lambda: iter([]), config(), Draw(0, 1))
    pairs, fates = maker.make([Selected(with_pair), Selected(without)])
    assert len(pairs) == 1 and [one.reason for one in fates] == [None, "not_paired"]


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ({"rule": "side"}, "cut: the rule side reads it"),
        ({"cut": 3}, "cut: the rule side reads it, and no other"),
        ({"rule": "gap"}, "gap: the rule gap needs a distance above 0"),
        ({"judge": "answer"}, r"pair\.judge: judgements of one sample are set against each other, and 'answer'"),
        ({"judge": "once"}, r"pair\.judge: .* 'once' writes no two of them"),
        ({"judge": "nobody"}, r"pair\.judge: no judge is called 'nobody'"),
        ({"label": "nobody"}, r"pair\.label: no judge is called 'nobody'"),
        ({"label": "style"}, r"pair\.label: 'style' would be its own measure"),
        ({"agree": ["answer"]}, "agree: the sides of these pairs are not two samples"),
        ({"distinct_answers": True}, "distinct_answers: the sides of these pairs"),
        ({"per_sample": 0}, r"pair\.per_sample"),
    ],
)
def test_sections_that_cannot_be_are_explained(pair: dict[str, Any], words: str) -> None:
    judges = [{"kind": "answer"}, {"kind": "rubric", "name": "once", "repeats": 1}, {"kind": "rubric", "name": "style"}]
    sections = {"judge": judges, "select": [{"kind": "judged"}], "train": {"objective": {"kind": "dpo"}}}
    assert check_recipe(micro_recipe(pair={"kind": "judgements"}, **sections))
    with pytest.raises(RecipeError, match=words):
        check_recipe(micro_recipe(pair={"kind": "judgements", **pair}, **sections))
