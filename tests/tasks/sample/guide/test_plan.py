"""Who is guided and how often: the worked numbers of GSI and STaR."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ProblemsError
from configs.schema.around_generate import Guide
from tasks.core.records import Label
from tasks.sample.guide.plan import require_help, standings, tries_allowed, wants_more
from tests.build.records import make_sample
from tests.tasks.sample.guide.make import judged, worked_problem


def test_tries_allowed_by_correct_samples_of_eight() -> None:
    assert [tries_allowed(correct, min_correct=4, max_extra=8) for correct in (8, 4, 3, 0)] == [0, 0, 8, 8]


def test_a_problem_at_three_stops_after_wrong_and_right() -> None:
    asked = []
    for outcomes in ((), (False,), (False, True)):
        asked.append(wants_more(3, outcomes, min_correct=4, max_extra=8))
    assert asked == [True, True, False]


def test_a_problem_that_never_succeeds_uses_every_try() -> None:
    assert wants_more(0, [False] * 7, 4, 8)
    assert not wants_more(0, [False] * 8, 4, 8)


def test_star_retries_wrong_problems_once_and_a_third_of_its_data_is_hinted() -> None:
    first = [pair for number in range(10) for pair in judged(f"p{number}", [number < 6])]
    retried = [item for item in standings(first) if wants_more(item.num_correct, (), 1, 1)]
    assert [item.problem_id for item in retried] == ["p6", "p7", "p8", "p9"]
    outcomes = {"p6": [True], "p7": [True], "p8": [False], "p9": [True]}
    assert not any(wants_more(0, outcomes[item.problem_id], 1, 1) for item in retried), "one hinted try is all"
    kept_hinted = sum(map(sum, outcomes.values()))
    num_examples = 6 + kept_hinted
    assert num_examples == 9
    assert kept_hinted / num_examples == pytest.approx(0.3333, abs=1e-4)


@given(st.integers(0, 8), st.lists(st.booleans(), min_size=8, max_size=8), st.integers(1, 8), st.integers(1, 8))
def test_guidance_ends_at_enough_correct_ones_or_at_the_last_try(
    num_correct: int, luck: list[bool], min_correct: int, max_extra: int
) -> None:
    outcomes: list[bool] = []
    while wants_more(num_correct, outcomes, min_correct, max_extra):
        outcomes.append(luck[len(outcomes)])
    total = num_correct + sum(outcomes)
    assert len(outcomes) <= max_extra
    assert total >= min_correct or len(outcomes) == max_extra
    assert total <= max(num_correct, min_correct), "never more than asked for"


def test_a_standing_counts_hot_samples_but_not_in_the_pass_rate() -> None:
    hot = [(make_sample(index=index, draw="hot"), label) for index, label in ((2, Label.CORRECT), (5, Label.WRONG))]
    (standing,) = standings([*judged("p", [True, False]), *hot])
    assert (standing.num_correct, standing.pass_rate, standing.num_samples) == (2, 0.5, 6)
    assert standing.failed is not None and standing.failed.id == "p/1"


@pytest.mark.parametrize("label", [Label.TRUNCATED, Label.UNPARSEABLE, Label.VERIFIER_ERROR])
def test_whatever_is_not_correct_is_a_failed_try(label: Label) -> None:
    (standing,) = standings([(make_sample(), label)])
    assert (standing.num_correct, standing.failed) == (0, make_sample())


def test_problems_without_what_the_kind_needs_are_counted_and_named() -> None:
    bare = worked_problem("bare", solution=None)
    with pytest.raises(ProblemsError, match=r"worked solution of every problem, and 1 of 2 have none .*bare") as caught:
        require_help([worked_problem(), bare], Guide(kind="state_reset"))
    assert "mapping.solution" in str(caught.value.fix)
    require_help([worked_problem(), bare], Guide(kind="answer"))
    with pytest.raises(ProblemsError, match="gold answer"):
        require_help([worked_problem(gold=None)], Guide(kind="interactive"))
