"""Advantages by hand: the numbers of the papers and of TRL, missing rewards, and who is compared with whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from configs.schema.online.objectives import Dapo, Nft, OnlineObjective, Raft
from tasks.core.records import DropReason
from tasks.online.credit.assign import Judged, assign
from tasks.online.credit.baseline import Remembered, moving_average, running_mean
from tasks.online.credit.numbers import mean
from tasks.online.credit.teaches import teaches
from tasks.online.credit.unit import history
from tasks.online.rollout import Rollout, Turn
from tests.tasks.online.build import advantages, attempt, credit, judged, rewarded, said

EIGHT = (1, 0, 0, 1, 0, 0, 0, 0)


def near(*numbers: float, within: float = 6e-5) -> list[Any]:
    return [pytest.approx(number, abs=within) for number in numbers]


@pytest.mark.parametrize(
    ("settings", "right", "wrong"),
    [
        ({"scale": "std"}, 1.6198, -0.5399), ({}, 0.75, -0.25), ({"baseline": "leave_one_out"}, 0.8571, -0.2857),
        ({"scale": "mean"}, 3.0, -1.0), ({"baseline": "none"}, 1.0, 0.0),
    ],
)  # fmt: skip
def test_one_group(settings: dict[str, Any], right: float, wrong: float) -> None:
    told = advantages(credit(**settings), judged(*EIGHT))
    assert told == near(*(right if reward else wrong for reward in EIGHT))


THREE = judged(1, 1, 1, 0, fork="a"), judged(0, 0, 0, 1, fork="b"), judged(1, 1, 1, 1, fork="c")


@pytest.mark.parametrize(
    ("settings", "usual", "odd"),
    [
        ({"scale": "batch_std"}, 0.5076, 1.5229), ({"scale": "std"}, 0.4999, 1.4997),
        ({"normalise_by": "wave"}, 0.7071, 2.1213),
    ],
)  # fmt: skip
def test_three_groups_of_a_wave(settings: dict[str, Any], usual: float, odd: float) -> None:
    told = advantages(credit(**settings), *THREE)
    assert told == near(usual, usual, usual, -odd, -usual, -usual, -usual, odd, 0, 0, 0, 0, within=2e-4)


@pytest.mark.parametrize(
    ("combine", "told"),
    [
        ("sum_then_normalise", (0.1608, 0.8041, 0.4824, -1.4473)),
        ("normalise_then_sum", (1.4087, -0.0374, -0.4945, -0.8768)),
    ],
)
def test_the_order_of_sum_and_scale_decides_whether_a_wide_term_drowns_the_answer(
    combine: str, told: Sequence[float]
) -> None:
    pairs = zip((1, 0, 0, 1), (-3, 0, -1, -8), strict=True)
    episodes = tuple(
        rewarded(right + length, name=str(place), terms={"judge": [right], "length": [length]})
        for place, (right, length) in enumerate(pairs)
    )
    assert advantages(credit(scale="std", combine=combine), Judged("f", episodes)) == near(*told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"scale": "std"}, (0.5773, 0, -1.1545, 0.5773)), ({"baseline": "leave_one_out"}, (0.5, 0, -1.0, 0.5))],
)
def test_a_missing_reward_is_no_zero_and_in_no_baseline(settings: dict[str, Any], told: Sequence[float]) -> None:
    found, _ = assign(credit(**settings), [judged(1, None, 0, 1)], Remembered())
    assert [one.value for one in found] == near(*told)
    assert [one.dropped for one in found] == [None, DropReason.UNSCORED, None, None]


def test_of_a_group_where_one_alone_has_a_reward_nothing_is_learnt() -> None:
    for settings in ({"scale": "std"}, {"baseline": "leave_one_out"}, {"scale": "mean"}):
        assert advantages(credit(**settings), judged(1, None, None)) == near(0, 0, 0)


def test_a_missing_reward_takes_no_part_in_deviations_of_the_wave_or_in_whitening() -> None:
    for settings in (
        {"scale": "batch_std"},
        {"normalise_by": "wave"},
        {"scale": "std", "combine": "normalise_then_sum"},
    ):
        whole = advantages(credit(**settings), judged(1, 0, fork="a"), judged(1, 1, 0, fork="b"))
        holed = advantages(credit(**settings), judged(1, None, 0, fork="a"), judged(1, 1, 0, None, fork="b"))
        assert [holed[place] for place in (0, 2, 3, 4, 5)] == pytest.approx(whole) and (holed[1], holed[6]) == (0, 0)


def test_a_moving_average_is_asked_before_it_learns_and_is_carried() -> None:
    told, average = moving_average(0.0, 0.95, (1, 0, 1, 1))
    assert [reward - baseline for reward, baseline in zip((1, 0, 1, 1), told, strict=True)] == near(
        1.0, -0.05, 0.9525, 0.9049
    )
    assert average == pytest.approx(0.140369, abs=1e-6)
    settings = credit(baseline="ema")
    first, after = assign(settings, [judged(1, 0)], Remembered())
    second, end = assign(settings, [judged(1, None, 1)], after)
    assert [one.value for one in (*first, *second)] == near(1.0, -0.05, 0.9525, 0, 0.9049)
    assert end.average == pytest.approx(0.140369, abs=1e-6)


def test_a_running_mean_waits_for_enough_of_the_same_history() -> None:
    assert (running_mean(6, 20, 10), running_mean(6, 9, 10)) == (0.3, 0)
    settings = credit(baseline="running", unit="turn", group_by=["history"], min_count=2, turn_discount=0)

    def wave(*rewards: float) -> Judged:
        turns = [attempt(1.0), said("right")]
        return Judged("f", tuple(rewarded(1, one, name=str(place), turns=turns) for place, one in enumerate(rewards)))

    first, after = assign(settings, [wave(1, 0)], Remembered())
    second, _ = assign(settings, [wave(1, -1)], after)
    assert [one.value for one in first] == [1, 1, 1, 0], "all of a wave is asked before any of it is learnt"
    assert [one.value for one in second] == [0, 0.5, 0, -1.5]


def test_history_is_what_came_before_and_how_it_went() -> None:
    turns = (attempt(0.0), said("wrong", is_right=True), attempt(1.0), said(None))
    assert history(Rollout("e", "p", turns), 3) == "attempt- verdict+ attempt+"
    assert history(Rollout("e", "p", turns), 0) == ""


PAIRS = ((0, 1), (1, 1), (1, 0), (0, 0))


def two_turns(alpha: float) -> Judged:
    """Progress added to the second turn's reward."""
    told = [(first, second + alpha * (second - first)) for first, second in PAIRS]
    return Judged("f", tuple(rewarded(*rewards, name=str(place)) for place, rewards in enumerate(told)))


@pytest.mark.parametrize(
    ("alpha", "discount", "first", "second"),
    [
        (1, 1.0, (1.3333, 1.3333, -1.3333, -1.3333), (2, 0.6667, -2, -0.6667)),
        (10, 0.0, (-0.6667, 0.6667, 0.6667, -0.6667), (14, 0.6667, -14, -0.6667)),
    ],
)
def test_credit_of_turns(alpha: float, discount: float, first: Sequence[float], second: Sequence[float]) -> None:
    settings = credit(unit="turn", turn_discount=discount, group_by=["fork", "turn"], baseline="leave_one_out")
    found = advantages(settings, two_turns(alpha))
    assert found[::2] == near(*first) and found[1::2] == near(*second)


@pytest.mark.parametrize(("discount", "told"), [(1.0, (1, 1)), (0.0, (0, 1))])
def test_who_was_told_a_hint_and_then_succeeds_is_credited_for_both_turns(
    discount: float, told: tuple[float, ...]
) -> None:
    """Interactive in-context learning: success at the second turn of three, where the episode ends."""
    settings = credit(unit="turn", turn_discount=discount, group_by=["fork", "turn"], baseline="none")
    assert advantages(settings, Judged("f", (rewarded(0, 1),))) == list(told)


def test_an_episodes_return_is_all_that_came_of_it_and_goes_to_all_its_trained_texts() -> None:
    found, _ = assign(credit(baseline="none"), [two_turns(1)], Remembered())
    assert [one.value for one in found] == [2, 2, 0, 0]
    assert {len(one.unit.turns) for one in found} == {2}


def test_a_missing_later_reward_is_missing_for_what_leads_to_it_unless_nothing_of_it_counts() -> None:
    wave = Judged("f", (rewarded(1, None, name="a"), rewarded(0, 1, name="b")))
    far = credit(unit="turn", group_by=["fork", "turn"])
    found, _ = assign(far, [wave], Remembered())
    assert [one.dropped for one in found] == [DropReason.UNSCORED, DropReason.UNSCORED, None, None]
    found, _ = assign(far.model_copy(update={"turn_discount": 0.0}), [wave], Remembered())
    assert [one.dropped for one in found] == [None, DropReason.UNSCORED, None, None]


def test_parts_are_normalised_by_themselves() -> None:
    policy, verifier = (0, 2, 1, 0, 1, -1), (1, 1, 0, 0)
    texts = [rewarded(one, name=f"a{place}") for place, one in enumerate(policy)]
    checks = [rewarded(one, name=f"v{place}", turns=[said("right")]) for place, one in enumerate(verifier)]
    wave = [Judged("f", (*texts, *checks))]
    alone = credit(unit="turn", baseline="none", normalise_by="part")
    found, _ = assign(alone, wave, Remembered())
    assert [one.value for one in found] == near(-0.5222, 1.5667, 0.5222, -0.5222, 0.5222, -1.5667, 1, 1, -1, -1)
    pooled, _ = assign(alone.model_copy(update={"normalise_by": "wave"}), wave, Remembered())
    high, low = (0.6202, 0.6202), (-0.6202, -0.6202)
    assert [one.value for one in pooled] == near(-0.6202, 1.8605, 0.6202, -0.6202, 0.6202, -1.8605, *high, *low)


def test_messages_are_compared_with_those_of_their_number_and_part() -> None:
    """SPOC: z-scores over the rollouts that have such a message; of a single one 0."""
    rewards = [(1, 1), (0, 1, 1), (0, 0, 0), (1, 1)]
    kinds: tuple[Turn, ...] = (attempt(1.0), said("right"), attempt(1.0))
    wave = Judged("f", tuple(
        rewarded(*own, name=str(place), turns=kinds[: len(own)]) for place, own in enumerate(rewards)
    ))  # fmt: skip
    settings = credit(unit="turn", turn_discount=0.0, group_by=["fork", "turn", "part"], scale="std_n")
    found, _ = assign(settings, [wave], Remembered())
    by_number = {number: [one.value for one in found if one.unit.key[1] == str(number)] for number in range(3)}
    assert by_number == {0: near(1, -1, -1, 1), 1: near(0.5774, 0.5774, -1.7321, 0.5774), 2: near(1, -1)}
    alone = Judged("f", (rewarded(1, 1, name="a", turns=kinds[:2]), rewarded(0, name="b")))
    assert advantages(settings, alone) == near(1, 0, -1)


def test_the_first_turns_mean_rewards_a_second_turn_that_always_helps() -> None:
    """RLTF: A = R(y1) - mean R(y0), and the second turn's own mean would see nothing."""

    def wave(*pairs: tuple[float, float]) -> Judged:
        return Judged("f", tuple(rewarded(*pair, name=str(place)) for place, pair in enumerate(pairs)))

    settings = credit(unit="turn", train_turns="last", baseline="first_turn_mean")
    assert advantages(settings, wave((0, 1), (0, 1), (1, 1), (0, 0))) == near(0.75, 0.75, 0.75, -0.25)
    assert advantages(settings, wave((0, 1), (0, 1), (1, 1), (0, 1))) == near(0.75, 0.75, 0.75, 0.75)
    own = settings.model_copy(update={"baseline": "mean"})
    assert advantages(own, wave((0, 1), (0, 1), (1, 1), (0, 0))) == near(0.25, 0.25, 0.25, -0.75)


@pytest.mark.parametrize(
    ("rewards", "settings", "told"),
    [
        ((80, 90, 70, 60), {"scale": "std_n"}, (0.4472, 1.3416, -0.4472, -1.3416)),
        ((0.8, 0.9, 0.7, 0.6), {"scale": "std"}, (0.3870, 1.1610, -0.3870, -1.1610)),
        ((3, 0, 1, 2), {"scale": "std"}, (1.1618, -1.1618, -0.3873, 0.3873)),
        ((1, 0, 0, 1), {"scale": "std"}, (0.8659, -0.8659, -0.8659, 0.8659)),
        ((0.995, 0.99, -0.004, -0.006), {"baseline": "leave_one_out"}, (0.6683, 0.6617, -0.6637, -0.6663)),
        ((1, -0.5, -1, 1), {"baseline": "leave_one_out"}, (1.1667, -0.8333, -1.5, 1.1667)),
        ((1, 1, -1, 1), {"baseline": "leave_one_out"}, (0.6667, 0.6667, -2, 0.6667)),
        ((2.5, 0.5), {"baseline": "leave_one_out"}, (2, -2)),
        ((0.9, 0.05), {"baseline": "leave_one_out"}, (0.85, -0.85)),
        ((1, 0, 1, 1), {"scale": "std"}, (0.4999, -1.4997, 0.4999, 0.4999)),
    ],
)  # fmt: skip
def test_groups_of_systems(rewards: Sequence[float], settings: dict[str, Any], told: Sequence[float]) -> None:
    assert advantages(credit(**settings), judged(*rewards)) == near(*told)


def test_groups_may_be_of_a_tag_over_all_problems() -> None:
    """Dr. Zero: one draft a prompt, compared with those of as many hops (n - 1)."""
    told = {"1": (1.5, 0.5, 0.75, 1.25), "2": (0.25, 0.5)}
    wave = [
        Judged(f"{hops}{place}", (rewarded(one, name=f"{hops}{place}", tags={"hops": hops}),))
        for hops, rewards in told.items()
        for place, one in enumerate(rewards)
    ]
    found = advantages(credit(scale="std", group_by=["tag:hops"]), *wave)
    assert found == near(1.0954, -1.0954, -0.5477, 0.5477, -0.7071, 0.7071, within=6e-4)
    assert all(teaches(credit(group_by=["tag:hops"]), Dapo(), one) for one in wave)


def test_only_some_texts_are_trained_and_the_rewards_of_others_count() -> None:
    """Reflect, retry, reward: the retry's reward goes to the reflection, what is shared counts for nobody."""

    def episode(retry: float, name: str) -> Any:
        turns = [attempt(0.0, is_shared=True), Turn("s", "critique", "r", 1, 6), attempt(retry, is_trained=False)]
        return rewarded(-1, 0, retry, name=name, turns=turns)

    wave = Judged("f", tuple(episode(one, str(place)) for place, one in enumerate((1, 0, 0, 1))))
    found, _ = assign(credit(scale="std_n"), [wave], Remembered())
    assert [one.value for one in found] == near(1, -1, -1, 1)
    assert {turn.part for one in found for turn in one.unit.turns} == {"critique"}
    assert assign(credit(train_parts=["verdict"]), [wave], Remembered())[0] == []


def test_factors_come_after_the_baseline() -> None:
    """S2R: a retry that turns wrong into right counts twice; so does a verdict on a right attempt."""
    settings = credit(unit="turn", baseline="none", change_factor=2, confirm_factor=2, turn_discount=0)
    turns = (attempt(0.0), said("wrong"), attempt(1.0), said("right"), attempt(1.0), attempt(0.0))
    found, _ = assign(settings, [Judged("f", (rewarded(*[0.5] * 6, turns=turns),))], Remembered())
    assert [one.value for one in found] == [0.5, 0.5, 1.0, 1.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("returns", "objective", "settings", "told"),
    [
        ((1, 1, 1), Dapo(), {}, False), ((0, 0, 1e-9), Dapo(), {}, False), ((0, 0, 1), Dapo(), {}, True),
        ((1, None, None), Dapo(), {}, False), ((None, None), Dapo(), {}, False), ((1, None, 0), Dapo(), {}, True),
        ((1, 1), Dapo(), {"baseline": "none"}, True), ((0, 0), Dapo(), {"baseline": "none"}, False),
        ((0,), Dapo(), {"baseline": "ema"}, True), ((None,), Dapo(), {"baseline": "ema"}, False),
        ((1, 1), Raft(), {"baseline": "none"}, True), ((0, 0), Raft(), {"baseline": "none"}, False),
        ((1, 2), Nft(), {"baseline": "none"}, False), ((1, -1), Nft(), {"baseline": "none"}, True),
        ((0, None), Nft(), {"baseline": "none"}, False),
    ],
)  # fmt: skip
def test_a_flat_group_teaches_nothing(
    returns: Sequence[float | None], objective: OnlineObjective, settings: dict[str, Any], told: bool
) -> None:
    assert teaches(credit(**settings), objective, judged(*returns)) is told


def test_a_group_with_one_turn_that_differs_is_not_flat() -> None:
    same_sum = Judged("f", (rewarded(0, 1, name="a"), rewarded(1, 0, name="b")))
    assert not teaches(credit(), Dapo(), same_sum)
    assert teaches(credit(unit="turn", group_by=["fork", "turn"]), Dapo(), same_sum)
    helped = Judged("f", (rewarded(0, 1, name="a"), rewarded(0, 1, name="b")))
    last = credit(unit="turn", train_turns="last")
    assert not teaches(last, Dapo(), helped)
    assert teaches(last.model_copy(update={"baseline": "first_turn_mean"}), Dapo(), helped)


@pytest.mark.parametrize("baseline", ["mean", "leave_one_out"])
@pytest.mark.parametrize("scale", ["none", "std", "std_n", "batch_std"])
def test_advantages_of_a_group_add_up_to_nothing_whatever_constant_is_added(baseline: str, scale: str) -> None:
    settings = credit(baseline=baseline, scale=scale)
    plain, moved = (advantages(settings, judged(*(one + more for one in (0.3, 2, -1, 0.5)))) for more in (0, 7))
    assert mean(plain) == pytest.approx(0, abs=1e-12) and plain == pytest.approx(moved)
