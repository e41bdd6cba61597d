"""The index of answers finds what was entered, however much that is."""

from __future__ import annotations

import random

import pytest

from tasks.core import answer_index
from tasks.core.answer_index import AnswerIndex, Place
from tasks.core.step import digest


@pytest.mark.parametrize("num_recent", [1, 7, 1 << 16])
def test_every_place_of_a_question_is_found_and_no_other(num_recent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_index, "NUM_RECENT", num_recent)
    draw, index = random.Random(num_recent), AnswerIndex()
    entered: dict[str, list[Place]] = {}
    for number in range(300):
        run = draw.randrange(9), 1 + draw.randrange(9)
        questions = [digest(name) for name in draw.sample(range(100), draw.randrange(4))]
        for question in questions:
            entered.setdefault(question, []).append(Place(number, *run))
        index.add(number, [(question, *run) for question in questions])
    for question, places in entered.items():
        assert list(index.find(question)) == places
    assert not index.find(digest("never asked"))


def test_a_place_says_which_draws_it_holds() -> None:
    assert list(Place(3, 8, 2).draws) == [8, 9]
