"""Rates of problems whose draws stopped once enough were accepted: right in the mean over everything that can be drawn,
by adding up all courses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

import pytest

from benchmarks.adaptive import draw_problem
from configs.schema.draws.adaptive import Adaptive
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.judges.opinions import RubricJudge
from tasks.core.joined import Candidate
from tasks.core.records import Verdict
from tasks.core.step import Summary
from tasks.monitor.difficulty import Difficulty, PassRate
from tasks.monitor.explore import Exploration
from tasks.monitor.gold import known_from_judge
from tasks.monitor.group import RoundGroup, Stopping, read_groups
from tasks.monitor.measure import Monitor
from tasks.monitor.run import stopping_of
from tests.build.records import make_recipe, make_scored

NUM_DRAWS = 6


def group_of(config: Adaptive, outcomes: tuple[str, ...]) -> RoundGroup:
    """A problem as the monitor has it, drawn in waves."""
    episode = draw_problem(config, outcomes)
    stopping = Stopping("answer", config.enough, config.most_of_given_up(len(outcomes)))
    pairs = zip(episode.nodes, episode.verdicts, strict=True)
    candidates = [Candidate(sample, {"answer": verdict}, episode.problem) for sample, verdict in pairs]
    (found,) = read_groups(candidates, set(), known_from_judge("answer"), stopping)
    return found


def courses(config: Adaptive, rate: float) -> Iterator[tuple[float, RoundGroup]]:
    """Every course of the draws with its chance."""
    for outcomes in product(("right", "wrong"), repeat=NUM_DRAWS):
        right = outcomes.count("right")
        yield rate**right * (1 - rate) ** (NUM_DRAWS - right), group_of(config, outcomes)


def mean(config: Adaptive, rate: float, measure: Callable[[RoundGroup], float | None]) -> float:
    """In the mean over all courses; each of them has a value."""
    return sum(chance * found for chance, one in courses(config, rate) if (found := measure(one)) is not None)


def share(one: RoundGroup) -> float:
    found = Difficulty().add(one)
    assert found is not None
    return found.rate


@pytest.mark.parametrize("enough", [1, 2, 3, 6])
@pytest.mark.parametrize("rate", [0.2, 0.5, 0.9])
def test_pass_rates_and_pass_at_k_are_unbiased(enough: int, rate: float) -> None:
    config = Adaptive(enough=enough, wave=2)

    def explored(one: RoundGroup, k: int) -> float:
        measure = Exploration(Stopping("answer", enough, NUM_DRAWS))
        measure.add(one)
        return float(measure.numbers()[f"explore_pass_at_{k}"] or 0)

    assert mean(config, rate, share) == pytest.approx(rate)
    for k in (1, 4):
        assert mean(config, rate, lambda one, k=k: explored(one, k)) == pytest.approx(1 - (1 - rate) ** k)  # type: ignore[misc]


def test_the_share_of_what_was_drawn_is_too_high() -> None:
    def naive(one: RoundGroup) -> float:
        return sum(one.correct or ()) / len(one.samples)

    assert mean(Adaptive(enough=1, wave=2), 0.5, naive) > 0.55


def test_a_problem_that_stopped_has_the_rate_of_the_draws_before_its_last() -> None:
    config = Adaptive(enough=3, wave=4)
    found = group_of(config, ("wrong", "right", "wrong", "right", "wrong", "right", "right", "right"))
    assert len(found.samples) == 8 and found.num_before_last == 5
    assert Difficulty().add(found) == PassRate("p", 5, 2)
    assert group_of(config, ("wrong",) * 6 + ("right",) * 2).num_before_last is None


def test_a_problem_whose_first_right_draw_was_waited_for_is_solved() -> None:
    measure = Difficulty()
    measure.add(group_of(Adaptive(enough=1, wave=2), ("wrong", "right", "wrong", "wrong")))
    assert measure.numbers()["share_never_solved"] == 0


def test_guided_samples_are_not_among_the_draws() -> None:
    one = group_of(Adaptive(enough=2, wave=2), ("right", "right", "wrong", "wrong"))
    guided = replace(one.samples[0], id="p/g0", privileged=True)
    verdicts = {"answer": [*one.verdicts["answer"], Verdict("p/g0", "p", "answer", "correct")]}
    helped = replace(
        one, samples=[*one.samples, guided], verdicts=verdicts, correct=[True, True, True], kept=[False] * 3
    )
    assert [sample.id for sample in helped.unaided().samples] == ["p/0"]
    assert [sample.id for sample in helped.independent().unaided().samples] == ["p/0"]


def monitored(stopping: Stopping | None) -> Summary:
    monitor = Monitor([AnswerJudge(), RubricJudge()], (), 0, stopping=stopping)
    for outcomes in (("right",) * 8, ("wrong",) * 8):
        one = group_of(Adaptive(enough=2, wave=4), outcomes)
        scored = [make_scored(sample, 3.0, "rubric") for sample in one.samples]
        monitor.add(replace(one, verdicts={**one.verdicts, "rubric": scored}))
    return monitor.numbers()


def test_what_depends_on_the_number_of_draws_is_absent() -> None:
    numbers = monitored(Stopping("answer", 2, 8))
    absent = ("explore_pass_at_4_2", "explore_distinct_correct", "explore_answer_entropy", "exploit_best_of_4",
              "exploit_reward_at_4_2")  # fmt: skip
    assert not numbers.keys() & set(absent)
    assert {"explore_pass_at_4_2", "explore_distinct_correct", "exploit_best_of_4"} <= monitored(None).keys()
    assert numbers["explore_pass_at_1"] == numbers["explore_pass_at_8"] == 0.5


def test_the_recipe_says_what_stopped_the_draws_of_a_round() -> None:
    select = [{"kind": "correct"}, {"kind": "cap", "per_problem": 2}]
    drawn = {"max_tokens": 8, "num_samples": 8, "draws": [{"name": "plain", "num_samples": [8, 6]}]}
    adaptive = {"enough": 2, "wave": 4, "give_up_after": 2}
    recipe = make_recipe(generate={**drawn, "adaptive": adaptive}, select=select)
    assert stopping_of(recipe, 1) == stopping_of(recipe, 2) == Stopping("answer", 2, 4)
    to_the_end = make_recipe(generate={**drawn, "adaptive": {"enough": 2, "wave": 4}}, select=select)
    assert [getattr(stopping_of(to_the_end, round), "num_draws", 0) for round in (1, 2, 3)] == [8, 6, 6]
    assert stopping_of(make_recipe(generate=drawn, select=select), 1) is None
