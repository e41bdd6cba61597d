"""The production scheduler under simulated engines: how well a fleet is used, and that nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scale import control_seconds, efficiency
from benchmarks.scale_simulated import Fleet, Simulation, shards_of

SAMPLES = 40_000
NAMES = sorted(shard.name for shard in shards_of(SAMPLES))


def test_one_engine_is_never_idle() -> None:
    assert efficiency(Fleet(1), SAMPLES) > 0.97


def test_eight_engines_are_used_as_well_as_the_last_long_sample_lets_them() -> None:
    """A last sample of 2,048 tokens takes 20 s by itself: the loss is seconds, however much there is to do."""
    fleet = Fleet(8, sample_seconds=50e-6)
    ideal = efficiency(replace(fleet, num_engines=1), SAMPLES)
    few, more = efficiency(fleet, SAMPLES), efficiency(fleet, 3 * SAMPLES)
    assert 0.85 < few < more < ideal and more > 0.94


def test_a_control_side_that_is_too_slow_is_seen() -> None:
    """8 engines draw 267 samples a second; at 8 ms each the control side handles 125."""
    assert efficiency(Fleet(8, sample_seconds=8e-3), SAMPLES) == pytest.approx(125 / 271, rel=0.1)


@pytest.mark.parametrize("trouble", [{}, {"deaths_an_hour": 9.0}, {"slow": frozenset({0, 5})}])
def test_every_shard_is_answered_once_whatever_dies_or_is_late(trouble: dict[str, object]) -> None:
    simulation = Simulation(Fleet(8, **trouble), SAMPLES)  # type: ignore[arg-type]
    simulation.run()
    assert sorted(simulation.answered) == NAMES


def test_the_control_side_is_measured() -> None:
    assert 0 < control_seconds(2048) < 0.01
