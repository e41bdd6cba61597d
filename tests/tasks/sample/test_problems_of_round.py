"""Which problems a round samples."""

from __future__ import annotations

import pytest

from configs.errors import ProblemsError
from configs.schema.drawing import Ladder
from configs.schema.generate import IndependentGenerate
from tasks.core.records import Message, Problem
from tasks.sample.problems_of_round import next_slice, problems_of_round

PROBLEMS = [Problem(f"p{n}", (Message("user", str(n)),), tags=(f"digits={1 + n % 3}",)) for n in range(12)]


def test_the_ladder_climbs_by_its_step() -> None:
    config = IndependentGenerate(ladder=Ladder(start=1, step=1))
    for round in (1, 2, 3):
        assert {problem.tags[0] for problem in problems_of_round(PROBLEMS, config, round, 0)} == {f"digits={round}"}
    with pytest.raises(ProblemsError, match="digits=4, and there are none"):
        problems_of_round(PROBLEMS, config, 4, 0)


def test_slices_follow_each_other_and_begin_again() -> None:
    ids = [[problem.id for problem in next_slice(PROBLEMS, 5, round)] for round in (1, 2, 3)]
    assert ids[0] == ["p0", "p1", "p2", "p3", "p4"]
    assert ids[1] == ["p5", "p6", "p7", "p8", "p9"]
    assert ids[2] == ["p0", "p1", "p2", "p10", "p11"]
    assert len(next_slice(PROBLEMS, 100, 2)) == 12


def test_a_random_draw_changes_with_the_seed_and_keeps_the_order() -> None:
    config = IndependentGenerate(num_problems=6)
    first, second = (problems_of_round(PROBLEMS, config, 1, seed) for seed in (1, 2))
    assert first != second
    assert [PROBLEMS.index(problem) for problem in first] == sorted(PROBLEMS.index(problem) for problem in first)
