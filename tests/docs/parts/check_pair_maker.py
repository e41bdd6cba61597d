"""Pairs `shortest_right_vs_longest_wrong`, in a project to which docs/parts/pair-maker.md has added them."""

from __future__ import annotations

from tasks.core.records import DropReason, Label
from tasks.select.defaults import versions_of, with_judge
from tasks.select.filters.filter import Draw
from tasks.select.pairs.maker import PairMaker
from tasks.select.selection import Selection
from tests.build.candidates import make_candidate
from tests.build.records import make_recipe

RIGHT, WRONG, CUT = Label.CORRECT, Label.WRONG, Label.TRUNCATED
DRAWS = {
    "p": [(RIGHT, 9), (WRONG, 5), (RIGHT, 4), (WRONG, 8), (RIGHT, 4), (WRONG, 8), (CUT, 99)],
    "q": [(RIGHT, 3), (RIGHT, 5)],
}


def test_the_shortest_right_sample_is_preferred_to_the_longest_wrong_one() -> None:
    recipe = make_recipe(
        select=[{"kind": "judged"}],
        pair={"kind": "shortest_right_vs_longest_wrong"},
        train={"objective": {"kind": "dpo"}},
    )
    assert recipe.pair is not None
    groups = [
        [make_candidate(name, place, label, num_tokens=tokens) for place, (label, tokens) in enumerate(draws)]
        for name, draws in DRAWS.items()
    ]
    selection = Selection(lambda: iter(groups), recipe.select, Draw(0, 1))
    maker = PairMaker(selection.kept, with_judge(recipe.pair, ["answer"]), Draw(0, 1))
    made = [maker.make(group) for group in selection]
    assert [(pair.chosen_id, pair.rejected_id) for pairs, _ in made for pair in pairs] == [("p/2", "p/3")]
    unused = DropReason.NOT_PAIRED
    assert [one.reason for one in made[0][1]] == [unused, unused, None, None, unused, unused, DropReason.TRUNCATED]
    assert maker.numbers()["num_no_pair_one_sided"] == 1
    assert versions_of((), recipe.pair) == {"pair.shortest_right_vs_longest_wrong": 1}
