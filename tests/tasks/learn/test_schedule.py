"""Optimizer steps by round: the worked numbers of STaR and B-STaR."""

from __future__ import annotations

from configs.schema.train import Train
from tasks.learn.schedule import plan_steps


def test_star_trains_a_fifth_more_each_round() -> None:
    settings = Train(max_steps=40, step_growth=1.2)
    assert [plan_steps(settings, round, 6, 0).num_steps for round in range(1, 7)] == [40, 48, 57, 69, 82, 99]


def test_a_carried_schedule_is_planned_for_all_rounds() -> None:
    settings = Train(max_steps=500, start_from="previous_with_optimizer")
    fourth = plan_steps(settings, 4, 9, done=1500)
    assert (fourth.num_steps, fourth.first_step, fourth.total_steps) == (500, 1500, 4500)


def test_other_rounds_have_a_schedule_of_their_own() -> None:
    assert plan_steps(Train(), 3, 9, done=0).total_steps is None
    assert plan_steps(Train(max_steps=7), 3, 9, done=0).num_steps == 7
