"""The filter `shortest`, in a project to which docs/parts/filter.md has added it."""

from __future__ import annotations

from tasks.core.records import DropReason, Label
from tasks.select.filters.filter import Draw
from tasks.select.selection import Selection
from tests.build.candidates import make_candidate
from tests.build.records import make_recipe

RIGHT, WRONG, NONE = Label.CORRECT, Label.WRONG, Label.UNPARSEABLE


def test_the_shortest_correct_samples_stay() -> None:
    filters = make_recipe(select=[{"kind": "correct"}, {"kind": "shortest", "number": 2}]).select
    lengths = [(9, RIGHT), (3, WRONG), (4, RIGHT), (6, RIGHT), (4, RIGHT), (2, NONE)]
    group = [
        make_candidate(index=place, num_tokens=tokens, label=label) for place, (tokens, label) in enumerate(lengths)
    ]
    selection = Selection(lambda: iter([group]), filters, Draw(0, 1))
    assert [one.reason for one in next(iter(selection))] == [
        DropReason.TOO_LONG, "wrong", None, DropReason.TOO_LONG, None, "unparseable"
    ]  # fmt: skip
