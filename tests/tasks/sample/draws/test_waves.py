"""Draws in waves: which are made, what a kill costs, and that what is kept is distributed as among all draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from pathlib import Path

import pytest

from benchmarks.adaptive import draw_problem, kept_of, measure, sampler_of
from configs.schema.draws.adaptive import Adaptive
from infra.engines.questions import Request
from tasks.core.records import Message, Problem
from tasks.sample import flow
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.draws.waves import InWaves, expected_draws, is_given_up, next_wave
from tasks.sample.samples import write_episodes
from tests.tasks.core.scripted import Killed, ScriptedPool
from tests.tasks.sample.test_drive import HOT, run, texts, write_step

PAIRS = Adaptive(enough=2, wave=2)
OUTCOMES = {"right and short": 0.2, "right and long": 0.3, "wrong": 0.5}
"""chances of a draw's outcomes"""


@pytest.mark.parametrize(
    ("asked", "accepted", "wave"),
    [
        (0, 0, range(4)),
        (4, 9, range(4, 8)),
        (8, 10, range(0)),
        (8, 9, range(8, 10)),
        (10, 3, range(0)),
        (4, 0, range(4, 8)),
        (8, 0, range(0)),
        (8, 1, range(8, 10)),
    ],
)
def test_waves_go_on_until_enough_are_accepted_or_none_is(asked: int, accepted: int, wave: range) -> None:
    config = Adaptive(enough=10, wave=4, give_up_after=7)
    assert list(next_wave(config, 10, asked, accepted)) == list(wave)
    assert config.most_of_given_up(10) == 8 and config.most_of_given_up(6) == 6
    assert is_given_up(config, asked, accepted) == (accepted == 0 and asked >= 7)


def in_waves(config: Adaptive, num_samples: int = 7) -> InWaves:
    return InWaves(Independent([Draws(HOT, num_samples)], "m"), config, sampler_of(config, 1).judge)


def is_right(text: str) -> bool:
    """As the judge of `run` has it."""
    return int(text) >= 5


def test_a_problem_has_the_first_of_its_draws_up_to_the_wave_that_is_enough(tmp_path: Path) -> None:
    every = texts(run(tmp_path / "all", Independent([Draws(HOT, 7)], "m"), ScriptedPool(write=write_step)))
    pool = ScriptedPool(write=write_step)
    sampler = in_waves(PAIRS)
    episodes = run(tmp_path / "waves", sampler, pool)
    saved = 0
    for episode in episodes:
        own = [every[f"{episode.problem.id}/{place}"] for place in range(7)]
        ends = [end for end in (2, 4, 6, 7) if sum(map(is_right, own[:end])) >= 2]
        end = min(ends, default=7)
        assert [node.text for node in episode.nodes] == own[:end]
        assert [node.index for node in episode.nodes] == list(range(end))
        assert [verdict.sample_id for verdict in episode.verdicts] == [node.id for node in episode.nodes]
        saved += 7 - end
        assert sampler.numbers(episode)["num_stopped"] == (end < 7)
    numbers = write_episodes(tmp_path, episodes, sampler)
    assert 0 < saved == numbers["num_draws_saved"] and numbers["num_draws"] == len(pool.draws) == 63 - saved
    assert sampler.summary(9, numbers)["num_draws_saved"] == saved


def test_draws_that_were_made_are_not_made_again_by_a_recipe_that_draws_in_waves(tmp_path: Path) -> None:
    run(tmp_path, Independent([Draws(HOT, 7)], "m"), ScriptedPool(write=write_step))
    again = ScriptedPool(lives=0)
    assert run(tmp_path, in_waves(PAIRS), again)


def test_a_kill_between_or_in_waves_changes_nothing(tmp_path: Path) -> None:
    whole = ScriptedPool(write=write_step)
    straight = run(tmp_path / "straight", in_waves(PAIRS), whole)
    drawn: list[tuple[str, int]] = []
    num_kills = 0
    while True:
        pool = ScriptedPool(write=write_step, lives=1)
        try:
            assert run(tmp_path / "killed", in_waves(PAIRS), pool) == straight
            break
        except Killed:
            num_kills += 1
        finally:
            drawn += pool.draws
    assert num_kills >= 4 and sorted(drawn) == sorted(whole.draws)


def test_draws_without_an_answer_are_no_accepted_ones_and_a_problem_ends_without_any(tmp_path: Path) -> None:
    def refuses(question: Request) -> str | None:
        return "too_long" if question.id == "p3" else None

    pool = ScriptedPool(write=write_step, refuses=refuses)
    episodes = run(tmp_path, in_waves(Adaptive(enough=2, wave=2, give_up_after=3)), pool)
    assert episodes[3].nodes == episodes[3].verdicts == () and episodes[3].num_asked == 4
    numbers = in_waves(Adaptive(enough=2, wave=2, give_up_after=3)).numbers(episodes[3])
    assert (numbers["num_given_up"], numbers["num_stopped"], numbers["num_draws_saved"]) == (1, 0, 3)


def test_nobody_waits_for_the_rest_of_a_wave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a problem wants next is asked as soon as it is judged; episodes come in the order of the problems."""
    monkeypatch.setattr(flow, "JUDGED_TOGETHER", 2)
    many = [Problem(f"p{place}", (Message("user", str(place)),)) for place in range(60)]
    pool = ScriptedPool(write=write_step, ahead=1)
    episodes = run(tmp_path, in_waves(PAIRS), pool, many)
    assert [episode.problem for episode in episodes] == many
    again = next(place for place, (_, draw) in enumerate(pool.draws) if draw >= 2)
    assert again < pool.draws.index(("p59", 0))


@pytest.mark.parametrize(("together", "under_way"), [(1, 1), (3, 4), (99, 2), (2, 99)])
def test_how_many_are_judged_together_or_under_way_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int, under_way: int
) -> None:
    expected = run(tmp_path / "expected", in_waves(PAIRS), ScriptedPool(write=write_step))
    monkeypatch.setattr(flow, "JUDGED_TOGETHER", together)
    monkeypatch.setattr(flow, "EPISODES_UNDER_WAY", under_way)
    pool = ScriptedPool(write=write_step)
    assert run(tmp_path / "found", in_waves(PAIRS), pool) == expected
    assert len(pool.draws) == len(set(pool.draws)) == sum(episode.num_asked for episode in expected)


def kept_distribution(kept: Callable[[Sequence[str]], Sequence[str]], num_draws: int) -> Counter[tuple[str, ...]]:
    """Chances of what is kept of a problem, over everything that its draws can be."""
    found: Counter[tuple[str, ...]] = Counter()
    for outcomes in product(OUTCOMES, repeat=num_draws):
        found[tuple(sorted(kept(outcomes)))] += prod(map(OUTCOMES.__getitem__, outcomes))  # type: ignore[assignment]
    return found


def test_what_is_kept_is_distributed_as_among_all_draws() -> None:
    """Over all 729 courses of six draws of two kinds of right texts and a wrong one, through sampler and cap."""

    def in_waves(outcomes: Sequence[str]) -> list[str]:
        return [sample.text for sample in kept_of(draw_problem(PAIRS, outcomes), 2)]

    def of_all(outcomes: Sequence[str]) -> list[str]:
        every = Adaptive(enough=len(outcomes), wave=len(outcomes))
        return [sample.text for sample in kept_of(draw_problem(every, outcomes), 2)]

    def by_time(outcomes: Sequence[str]) -> list[str]:
        return in_waves(sorted(outcomes, key=lambda text: "long" in text))

    expected = dict(kept_distribution(of_all, 6))
    assert sum(expected.values()) == pytest.approx(1)
    assert dict(kept_distribution(in_waves, 6)) == pytest.approx(expected)
    assert dict(kept_distribution(by_time, 6)) != pytest.approx(expected, rel=0.1), "what ends first would be kept more"


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_expected_draws_are_the_mean_over_all_courses(rate: float) -> None:
    for config in (PAIRS, Adaptive(enough=3, wave=2, give_up_after=4)):
        mean = sum(
            rate ** outcomes.count("right") * (1 - rate) ** outcomes.count("wrong")
            * draw_problem(config, outcomes).num_asked
            for outcomes in product(("right", "wrong"), repeat=7)
        )  # fmt: skip
        assert expected_draws(config, 7, rate) == pytest.approx(mean)


def test_half_of_the_draws_right_and_a_cap_of_ten_take_two_thirds_of_the_draws() -> None:
    """The promises of docs/benchmarks.md."""
    saved = measure(Adaptive(enough=10, wave=4), 0.5, num_problems=300)
    assert saved.exact <= 0.7 and saved.made == pytest.approx(saved.exact, abs=0.02)
    assert saved.kept == saved.kept_of_all
    for rate in (0.6, 0.8):
        assert measure(Adaptive(enough=4, wave=4), rate, num_problems=300).factor > 2
