"""Ratings of judgements: position weights, weighted wins, Elo by hand-computed numbers."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.records import Judgement
from tasks.meta.elo import elo_ratings, position_weights, rate, win_matrix
from tests.build.records import make_judgement

TINY = 1e-9


def compared(first: str, second: str, score: float | None) -> Judgement:
    return make_judgement(first, score, "meta", other_id=second)


def test_position_weights_over_all_comparisons() -> None:
    rows = [compared("a", "b", 1.0)] * 60 + [compared("a", "b", 0.0)] * 40 + [compared("a", "b", None)] * 7
    assert position_weights(rows) == pytest.approx((0.4, 0.6))
    assert position_weights([compared("a", "b", None)]) is None


def test_two_players_3_to_1() -> None:
    first, second = elo_ratings([[0, 3], [1, 0]], TINY)
    assert first - second == pytest.approx(190.85, abs=0.01)
    assert first + second == pytest.approx(2000)


def test_three_players() -> None:
    ratings = elo_ratings([[0, 3, 3], [1, 0, 2], [1, 2, 0]], TINY)
    assert ratings == pytest.approx([1127.23, 936.38, 936.38], abs=0.01)


def test_an_unbeaten_player_has_a_finite_rating() -> None:
    best, middle, worst = elo_ratings([[0, 1, 1], [0, 0, 1], [0, 0, 0]], 1e-3)
    assert 1000 < best < 3000 and middle == pytest.approx(1000) and worst == pytest.approx(2000 - best)


def test_players_without_a_game_are_equal() -> None:
    assert elo_ratings([[0, 0], [0, 0]], 1e-3) == [1000, 1000]


def test_wins_are_weighed_by_position() -> None:
    rows = [compared("a", "b", 1.0), compared("b", "a", 0.0), compared("c", "a", 1.0), compared("a", "c", 0.0)]
    assert win_matrix(["a", "b", "c"], rows, (0.4, 0.6)) == [[0, 1.0, 0], [0, 0, 0], [1.0, 0, 0]]
    assert win_matrix(["a", "b"], [compared("a", "b", 1.0)], (0.4, 0.6)) == [[0, 0.4], [0, 0]]


@pytest.mark.parametrize("scores", [(1.0, 1.0), (0.0, 0.0), (1.0, None), (None, 0.0), (None, None)])
def test_inconsistent_or_unreadable_orders_are_no_win(scores: tuple[float | None, float | None]) -> None:
    rows = [compared("a", "b", scores[0]), compared("b", "a", scores[1])]
    assert win_matrix(["a", "b"], rows, (0.5, 0.5)) == [[0, 0], [0, 0]]


def test_a_missing_comparison_shifts_nothing() -> None:
    """Players are found by name: a pair that is not there leaves the others' wins where they belong."""
    names = ["a", "b", "c", "d"]
    rows = [compared(x, y, 1.0 if x < y else 0.0) for x, y in permutations(names, 2) if {x, y} != {"a", "b"}]
    ratings = rate(names, rows, (0.5, 0.5), 1e-3)
    assert ratings["a"] == pytest.approx(ratings["b"]) and ratings["b"] > ratings["c"] > ratings["d"]


wins = st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=4, max_size=4)


@settings(max_examples=30)
@given(wins, st.permutations(range(4)))
def test_ratings_follow_their_players(matrix: list[list[int]], order: list[int]) -> None:
    for place in range(4):
        matrix[place][place] = 0
    ratings = elo_ratings(matrix, 1e-2)
    assert sum(ratings) == pytest.approx(4000)
    moved = elo_ratings([[matrix[i][j] for j in order] for i in order], 1e-2)
    assert moved == pytest.approx([ratings[i] for i in order], abs=1e-3)
    mirrored = elo_ratings([[matrix[j][i] for j in range(4)] for i in range(4)], 1e-2)
    assert [2000 - rating for rating in mirrored] == pytest.approx(ratings, abs=1e-3)
