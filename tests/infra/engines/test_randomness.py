"""Numbers of draws are those of SplitMix64, even and independent; tokens drawn with them have their chances."""

from __future__ import annotations

import numpy
import pytest

from infra.engines.generate.randomness import uniforms
from infra.engines.questions import draw_seed


def test_numbers_are_those_of_splitmix64() -> None:
    """The first outputs for seed 1234567, as published with the reference implementation."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert [uniforms([1234567], place)[0] for place in range(4)] == [(number >> 11) * 2.0**-53 for number in expected]


def test_a_number_does_not_depend_on_its_company() -> None:
    seeds = [draw_seed(5, draw) for draw in range(9)]
    assert uniforms(seeds, 7)[3] == uniforms([seeds[3]], 7)[0]


@pytest.mark.parametrize("axis", ["draws", "places", "requests"])
def test_numbers_are_even_along_every_axis(axis: str) -> None:
    """Chi-square over 64 cells, and no correlation of neighbours, within five standard deviations."""
    size = 64_000
    if axis == "places":
        numbers = numpy.array([uniforms([draw_seed(1, 0)], place)[0] for place in range(size)])
    else:
        seeds = [draw_seed(1, number) if axis == "draws" else draw_seed(number, 0) for number in range(size)]
        numbers = uniforms(seeds, 0)
    assert numbers.min() >= 0 and numbers.max() < 1
    counts = numpy.bincount((numbers * 64).astype(int), minlength=64)
    chi_square = float(((counts - 1000) ** 2 / 1000).sum())
    assert abs(chi_square - 63) < 5 * (2 * 63) ** 0.5
    assert abs(float(numpy.corrcoef(numbers[:-1], numbers[1:])[0, 1])) < 5 / size**0.5


def test_tokens_come_with_their_chances_and_never_without() -> None:
    import torch

    from infra.engines.generate.decode import Draft, draw

    chances = torch.tensor([0.0, 0.5, 0.0, 0.25, 0.125, 0.0625, 0.0625, 0.0])
    size = 40_000
    rows = [Draft([0], 1, draw_seed(3, number)) for number in range(size)]
    found = torch.bincount(draw(chances.expand(size, -1), rows, 0), minlength=8)
    is_possible = chances > 0
    assert found[~is_possible].sum() == 0
    expected = chances[is_possible] * size
    chi_square = float(((found[is_possible] - expected) ** 2 / expected).sum())
    assert chi_square < 4 + 5 * (2 * 4) ** 0.5


def test_the_tail_of_a_large_vocabulary_is_drawn() -> None:
    """Half of the chance lies on tokens of 1 in 300,000, each below what float32 can add to a sum near 1."""
    import torch

    from infra.engines.generate.decode import Draft, draw

    vocabulary, size = 150_000, 400
    chances = torch.full((1, vocabulary), 0.5 / (vocabulary - 1))
    chances[0, 0] = 0.5
    chosen = torch.cat([draw(chances, [Draft([0], 1, draw_seed(8, number))], 0) for number in range(size)])
    tail = chosen[chosen > 0]
    assert abs(len(tail) - size / 2) < 5 * (size / 4) ** 0.5
    assert abs(float(tail.double().mean()) / vocabulary - 0.5) < 5 / (12 * len(tail)) ** 0.5
