"""How the examples of a step lie on devices, by hand and for all sizes."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from infra.engines.train.layout import Layout, Piece, largest_divisor


def test_a_whole_step_and_a_short_one() -> None:
    layout = Layout(step_size=10, num_devices=2, micro_size=2)
    assert layout.pieces(range(10), 0) == [Piece((0, 1)), Piece((4, 5)), Piece((8,))]
    assert layout.pieces(range(10), 1) == [Piece((2, 3)), Piece((6, 7)), Piece((9,))]
    assert layout.pieces(range(5), 0) == [Piece((0, 1)), Piece((4,), 0.5)]
    assert layout.pieces(range(5), 1) == [Piece((2, 3)), Piece((4,), 0.5)]
    assert layout.pieces(range(1), 1) == [Piece((0,), 0.5)]


@given(st.integers(1, 8), st.integers(1, 6), st.integers(1, 9), st.integers(1, 60))
def test_every_example_counts_once_and_devices_go_side_by_side(
    num_devices: int, per_device: int, micro: int, num_examples: int
) -> None:
    layout = Layout(num_devices * per_device, num_devices, micro)
    by_device = [layout.steps(range(num_examples), device) for device in range(num_devices)]
    assert {len(steps) for steps in by_device} == {layout.num_steps(num_examples)}
    for number, together in enumerate(zip(*by_device, strict=True)):
        counts: Counter[int] = Counter()
        for pieces in together:
            for piece in pieces:
                assert 1 <= len(piece.examples) <= micro
                counts.update(dict.fromkeys(piece.examples, Fraction(1, round(1 / piece.share))))
        begin = number * layout.step_size
        assert counts == dict.fromkeys(range(begin, min(begin + layout.step_size, num_examples)), 1)
        for side_by_side in zip(*together, strict=True):
            assert len({(len(piece.examples), piece.share) for piece in side_by_side}) == 1


def test_the_largest_divisor_below_a_limit() -> None:
    assert [largest_divisor(12, limit) for limit in (1, 5, 8, 12, 99)] == [1, 4, 6, 12, 12]
