"""Where the rows of a wave lie: every one in its step, once, whatever devices share it."""

from __future__ import annotations

import random

import pytest

from infra.engines.learn.layout import WaveLayout


def test_the_example_of_the_page_is_right() -> None:
    order = [4, 0, 6, 2, 7, 1, 3, 5]
    found = {}
    for num in (1, 2):
        layout = WaveLayout(num_steps=2, batches_per_step=2, batch_size=2, num_devices=num)
        assert layout.num_places(7) == 8
        steps = layout.steps(order)
        found[num] = [[layout.passes(step, device, 8) for step in steps] for device in range(num)]
    assert found[1] == [[[[4, 0], [6, 2]], [[7, 1], [3, 5]]]]
    assert found[2] == [[[[4, 0]], [[7, 1]]], [[[6, 2]], [[3, 5]]]]


def test_rows_beyond_those_that_were_expected_make_larger_batches() -> None:
    layout = WaveLayout(num_steps=1, batches_per_step=2, batch_size=3)
    assert [layout.num_places(num) for num in (1, 6, 7, 9)] == [6, 6, 8, 10]
    assert [layout.num_computed(8), WaveLayout(1, 2, 3, 2).num_computed(8), WaveLayout(1, 2, 3, 3).num_computed(8)] == [
        8, 10, 9,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_devices_share_the_steps_of_one(seed: int) -> None:
    chance = random.Random(seed)
    steps, batches, size, num = (chance.randint(1, most) for most in (3, 5, 4, 5))
    alone, shared = WaveLayout(steps, batches, size), WaveLayout(steps, batches, size, num)
    num_places = alone.num_places(chance.randint(1, 60))
    assert shared.num_places(num_places) == num_places
    order = chance.sample(range(num_places), num_places)
    empty = shared.num_computed(num_places) - 1
    assert num == 1 or (empty >= num_places and (empty + 1) % num == 0)
    for step in alone.steps(order):
        passes = [shared.passes(step, device, empty) for device in range(num)]
        assert {len(one) for one in passes} == {shared.passes_per_step}
        assert len({len(places) for one in passes for places in one}) == 1, "collectives gather equal sizes"
        assert max(len(places) for one in passes for places in one) <= max(len(one) for one in alone.passes(step, 0, 0))
        found = [place for one in passes for places in one for place in places if num == 1 or place != empty]
        assert sorted(found) == sorted(step)
        together = [place for places in alone.passes(step, 0, empty) for place in places]
        assert together == list(step), "one device takes them in order, none is empty"
