"""Which scorings vLLM is asked for in one request."""

from __future__ import annotations

from infra.engines.generate.open_job import OpenJob
from infra.engines.generate.vllm_reading import MAX_CHOICES, choices
from infra.engines.questions import Missing, MissingReason, Scoring
from infra.engines.wire import ScoringJob


def test_choices_of_one_token_after_one_prompt_go_together() -> None:
    first, second = [1, 2], [1, 2, 3]
    rows = [(first, [7]), (second, [7]), (first, [8, 9]), (first, [9]), ([], []), (first, [7]), (second, [5])]
    assert choices(rows) == [{0: 7, 3: 9}, {1: 7, 6: 5}]


def test_a_request_asks_for_as_many_as_vllm_tells() -> None:
    groups = choices([([1], [token]) for token in range(2 * MAX_CHOICES + 1)])
    assert [len(group) for group in groups] == [MAX_CHOICES, MAX_CHOICES, 1]
    assert sorted(place for group in groups for place in group) == list(range(2 * MAX_CHOICES + 1))


def test_the_first_of_a_group_asks_for_all_and_who_is_alone_for_itself() -> None:
    scorings = tuple(Scoring(f"{place}", (("user", "1"),), "7") for place in range(4))
    asked = [*scorings, Missing("x", MissingReason.FAILED, "")]
    job = OpenJob.of(ScoringJob("job", scorings), asked, [[1]] * 5)
    job.group([{1: 7, 3: 9}, {2: 5}])
    assert list(job.leading()) == [0, 1, 2] and job.together == {1: {1: 7, 3: 9}}
    assert job.num_open == 4
