"""Guards speak where a limit is passed, and only there; the strongest of them decides."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from pydantic import ValidationError

from configs.errors import RecipeError
from configs.schema.guard import DEFAULT_GUARDS, Guard, Reaction
from tasks.decide.guards import STRENGTH, check_guards, is_passed, strongest
from tests.build.records import make_recipe

MODE = Guard(metric="judge_mode_share", above=0.95, action="stop")
PARSE = Guard(metric="judge_parse_rate", below=0.5, action="keep_incumbent")


@pytest.mark.parametrize(
    ("guard", "value", "passed"),
    [(MODE, 0.951, True), (MODE, 0.95, False), (MODE, 0.2, False), (PARSE, 0.49, True), (PARSE, 0.5, False)],
)
def test_the_limit_itself_is_allowed(guard: Guard, value: float, passed: bool) -> None:
    assert is_passed(guard, value) is passed


@pytest.mark.parametrize("metrics", [{}, {"judge_mode_share": None}, {"judge_mode_share": math.nan},
                                     {"judge_mode_share": "high"}, {"judge_mode_share": True}])  # fmt: skip
def test_what_was_not_measured_passes_no_limit(metrics: dict[str, object]) -> None:
    assert check_guards([MODE, PARSE], metrics) == []


def test_a_passed_limit_is_said_in_words_with_both_numbers_and_what_follows() -> None:
    spoken = check_guards([MODE, PARSE], {"judge_mode_share": 0.991, "judge_parse_rate": 0.25})
    assert [limit.words for limit in spoken] == [
        "judge_mode_share is 0.991, above the guard's limit 0.95: the experiment ends",
        "judge_parse_rate is 0.25, below the guard's limit 0.5: the candidate is refused",
    ]
    assert [limit.value for limit in spoken] == [0.991, 0.25]
    assert type(spoken[0]).model_validate_json(spoken[0].model_dump_json()) == spoken[0]


def test_stop_before_roll_back_before_keep_before_warn() -> None:
    def spoken(actions: tuple[Reaction, ...]) -> Reaction | None:
        return strongest(check_guards([Guard(metric="m", above=0, action=action) for action in actions], {"m": 1}))

    assert spoken(()) is None
    for size in range(1, 5):
        for actions in permutations(STRENGTH, size):
            order = ("stop", "roll_back", "keep_incumbent", "warn")
            assert spoken(actions) == next(action for action in order if action in actions)


def test_by_default_a_judge_that_always_says_the_same_stops_the_round() -> None:
    assert strongest(check_guards(DEFAULT_GUARDS, {"judge_mode_share": 1.0, "judge_parse_rate": 1.0})) == "stop"
    assert strongest(check_guards(DEFAULT_GUARDS, {"judge_parse_rate": 0.4})) == "stop"
    assert strongest(check_guards(DEFAULT_GUARDS, {"judge_parse_rate": 0.9})) == "warn"
    assert strongest(check_guards(DEFAULT_GUARDS, {"drift_gold_logprob": -1.5})) == "keep_incumbent"
    assert strongest(check_guards(DEFAULT_GUARDS, {"judge_mode_share": 0.62, "judge_parse_rate": 0.99})) is None


def test_the_word_warn_is_the_default_limits_of_which_none_acts() -> None:
    guards = make_recipe(guards="warn").guards
    assert [(one.metric, one.above, one.below) for one in guards] == [
        (one.metric, one.above, one.below) for one in DEFAULT_GUARDS
    ]
    worst = {"judge_mode_share": 1.0, "judge_parse_rate": 0.0, "drift_gold_logprob": -9.0}
    assert strongest(check_guards(guards, worst)) == "warn"
    assert make_recipe().guards == DEFAULT_GUARDS
    with pytest.raises(RecipeError, match="guards"):
        make_recipe(guards="stop")


def test_a_guard_has_one_limit() -> None:
    for limits in ({}, {"above": 1.0, "below": 0.0}):
        with pytest.raises(ValidationError, match="either above or below"):
            Guard(metric="m", **limits)
