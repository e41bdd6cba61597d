"""Which problems a wave draws, when others are drawn, what changes by steps, and what is handed on."""

from __future__ import annotations

import dataclasses

import pytest

from configs.errors import UserError
from configs.schema.online.amount import Amount, Schedule
from configs.schema.online.section import Online
from configs.schema.online.waves import Pools, VoteShare, Window
from tasks.core.records import Label, Verdict
from tasks.online.carried import Carried, read_carried, write_carried
from tasks.online.credit.assign import Judged
from tasks.online.credit.baseline import Remembered
from tasks.online.curriculum import (
    PassRate,
    choose_problems,
    draw_weighted,
    in_window,
    pool_weight,
    remember,
)
from tasks.online.draw import Drawn
from tasks.online.refill import Next, after_draw, chance_to_teach, fill
from tasks.online.rollout import Group
from tasks.online.schedule import Position, amount_at
from tasks.online.settle import Rated
from tasks.online.votes import drop_few_votes, largest_votes, majority_share
from tests.build.records import make_problem


@pytest.mark.parametrize(
    ("amount", "steps", "value"),
    [
        (0.3, 99, 0.3), (Schedule(start=1, end=0, over=100), 25, 0.75), (Schedule(start=1, end=0, over=100), 100, 0),
        (Schedule(start=1, end=0, over=100), 101, 0), (Schedule(start=1, end=0, over=100, shape="cosine"), 25, 0.8536),
        (Schedule(start=1, end=0, over=100, shape="constant"), 99, 1),
        (Schedule(start=1, end=0, over=100, shape="constant"), 100, 0),
        (Schedule(start=0.01, end=1e-5, over=300, shape="cosine"), 0, 0.01),
        (Schedule(start=0.01, end=1e-5, over=300, shape="cosine"), 150, 0.005005),
        (Schedule(start=0.01, end=1e-5, over=300, shape="cosine"), 300, 1e-5),
    ],
)  # fmt: skip
def test_an_amount_goes_its_way_and_stays_at_the_end(amount: Amount, steps: int, value: float) -> None:
    assert amount_at(amount, Position(steps=steps, waves=7)) == pytest.approx(value, abs=5e-5)


def test_an_amount_may_count_waves() -> None:
    amount = Schedule(start=1, end=0, over=10, unit="waves")
    assert amount_at(amount, Position(steps=99, waves=5)) == 0.5


def test_the_third_draw_fills_the_wave_and_two_groups_are_left_over() -> None:
    draws, teaching, told = (7, 6, 5), list[bool](), []
    for extra, count in enumerate(draws):
        teaching += [True] * count + [False]
        told.append(after_draw(sum(teaching), 16, extra, 10, 0.25))
    assert told == [Next.DRAW, Next.DRAW, Next.TRAIN]
    assert fill(teaching, 16) == [*range(7), *range(8, 14), 15, 16, 17]


@pytest.mark.parametrize(
    ("num_teaching", "extra", "told"),
    [(3, 9, Next.DRAW), (3, 10, Next.NO_SIGNAL), (4, 10, Next.TRAIN), (0, 10, Next.NO_SIGNAL), (16, 0, Next.TRAIN)],
)
def test_a_wave_that_is_not_filled_trains_on_a_quarter_or_ends(num_teaching: int, extra: int, told: Next) -> None:
    assert after_draw(num_teaching, 16, extra, 10, 0.25) == told


def test_nothing_at_all_is_never_enough() -> None:
    assert after_draw(0, 1, 0, 0, 0.01) == Next.NO_SIGNAL


@pytest.mark.parametrize(
    ("pass_rate", "chance"), [(0.05, 0.3366), (0.25, 0.8999), (0.5, 0.9922), (0.9, 0.5695), (0, 0)]
)
def test_problems_of_the_middle_teach_most(pass_rate: float, chance: float) -> None:
    assert chance_to_teach(pass_rate, 8) == pytest.approx(chance, abs=5e-5)


def test_pass_rates_are_remembered_by_half() -> None:
    rates = remember({}, 0.5, "p", 0.2)
    assert rates == {"p": PassRate(0.2, 0.2, 1)}
    assert remember(rates, 0.5, "p", 0.75)["p"] == PassRate(pytest.approx(0.475), 0.75, 2)
    assert remember(rates, 0.5, "q", 1.0)["p"] == rates["p"]


def test_a_window_takes_two_to_six_of_eight_and_what_is_new() -> None:
    inside = [count for count in range(9) if in_window(Window(), PassRate(count / 8, 0))]
    assert inside == [2, 3, 4, 5, 6] and in_window(Window(), None)
    rates = {"a": PassRate(0.9, 0.9), "b": PassRate(0.5, 0.5)}
    assert choose_problems(Window(), ["a", "b", "c", "d"], rates, 2, seed=0) == ["b", "c"]


def test_pools_are_drawn_from_by_their_weights() -> None:
    weights = [pool_weight(Pools(), PassRate(0, latest)) for latest in (0.1, 0.5, 0.9)]
    assert [weight / sum(weights) for weight in weights] == pytest.approx([0.2941, 0.5882, 0.1176], abs=5e-5)
    assert pool_weight(Pools(), None) == 1
    edges = [pool_weight(Pools(), PassRate(0, latest)) for latest in (0.0, 0.2499, 0.25, 0.7499, 0.75, 1.0)]
    assert edges == [0.5, 0.5, 1, 1, 0.2, 0.2]


def test_draws_follow_their_weights_and_their_seed_alone() -> None:
    counts = [0, 0, 0]
    for seed in range(4000):
        (place,) = draw_weighted((0.5, 1.0, 0.2), 1, seed)
        counts[place] += 1
    assert [count / 4000 for count in counts] == pytest.approx([0.2941, 0.5882, 0.1176], abs=0.03)
    assert sorted(draw_weighted((1, 1, 0, 1), 9, 5)) == [0, 1, 3], "without putting back, and never of weight 0"
    rates = {"a": PassRate(1, 1.0)}
    asked = [choose_problems(Pools(easy=0), ["a", "b", "c"], rates, 3, seed) for seed in (1, 1)]
    assert asked[0] == asked[1] and sorted(asked[0]) == ["b", "c"]


def test_what_is_carried_comes_back_as_it_was() -> None:
    carried = Carried(Position(12, 6), 96, Remembered(0.25, {"f | 0": (6.0, 20)}), {"p": PassRate(0.475, 0.75, 2)})
    text = write_carried(carried)
    assert read_carried(text, "carried.json") == carried
    assert write_carried(read_carried(text, "carried.json")) == text
    assert read_carried(write_carried(Carried()), "carried.json") == Carried()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"position": {"steps": 1}}', write_carried(Carried())[:-4]])
def test_a_file_that_is_no_state_is_told_with_a_way_out(text: str) -> None:
    with pytest.raises(UserError, match=r"carried\.json is no state of a segment"):
        read_carried(text, "carried.json")


def test_all_that_is_carried_is_written() -> None:
    assert {field.name for field in dataclasses.fields(Carried)} == {
        "position", "next_problem", "remembered", "pass_rates", "root", "course"
    }  # fmt: skip


def test_the_groups_that_agree_most_are_kept_in_their_order() -> None:
    assert largest_votes((0.9, 0.5, 0.7, 0.3), 0.5) == [0, 2]
    assert largest_votes((0.5, 0.5, 0.5), 0.34) == [0]
    assert (largest_votes((0.5,), 0.01), largest_votes((), 0.5)) == ([0], [])


def test_what_is_left_out_for_its_votes_says_so_and_a_flat_group_stays_flat() -> None:
    def rated(name: str, *votes: float | None, reason: str = "") -> Rated:
        verdicts = tuple(
            Verdict(f"{name}{place}", name, "vote", Label.UNSCORED if vote is None else Label.CORRECT, vote)
            for place, vote in enumerate(votes)
        )
        drawn = Drawn(make_problem(name), (), verdicts, {})
        return Rated(drawn, Group(name, ()), Judged(name, ()), (), reason)

    groups = [rated("a", 0.5), rated("tie", None), rated("b", 0.8), rated("c", 0.6, reason="flat")]
    found = drop_few_votes(VoteShare(keep=0.5), "vote", groups)
    assert [one.reason for one in found] == ["few_votes", "few_votes", "", "flat"]
    assert [one.reason for one in drop_few_votes(VoteShare(keep=1), "vote", groups)] == ["", "", "", "flat"]
    assert majority_share(groups[1], "vote") == 0 and majority_share(groups[0], "other") == 0


@pytest.mark.parametrize(("keep", "problems", "drawn"), [(0.5, 4, 8), (0.3, 4, 14), (1.0, 4, 4), (0.9, 16, 18)])
def test_a_draw_has_as_many_groups_as_leave_a_whole_wave(keep: float, problems: int, drawn: int) -> None:
    online = Online(problems_per_wave=problems, curriculum=VoteShare(keep=keep))
    assert online.groups_of_draw == drawn
    assert len(largest_votes([0.5] * drawn, keep)) >= problems
