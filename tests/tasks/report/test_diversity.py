from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.records import Sample
from tasks.report.diversity import distinct_rate, measure_variety
from tests.build.records import make_sample


def draw(problem: str, index: int, text: str, num_tokens: int, is_truncated: bool = False) -> Sample:
    return make_sample(problem, index, text, num_tokens=num_tokens, is_truncated=is_truncated)


def test_variety_by_hand() -> None:
    first = [draw("a", 0, "12", 2), draw("a", 1, "12 ", 3), draw("a", 2, "13", 2), draw("a", 3, "12", 1, True)]
    second = [draw("b", 0, "7", 12)]
    assert measure_variety(iter([first, [], second])) == {
        "distinct_rate": (2 / 4 + 1 / 1) / 2,
        "mean_tokens": (2 + 3 + 2 + 1 + 12) / 5,
        "truncated_rate": 1 / 5,
    }


def test_without_samples_there_are_no_metrics() -> None:
    assert measure_variety([]) == {}
    assert measure_variety([[], []]) == {}
    with pytest.raises(ValueError, match="no texts"):
        distinct_rate([])


@given(st.lists(st.text(max_size=3), min_size=1, max_size=20))
def test_the_rate_lies_between_one_in_n_and_one(texts: list[str]) -> None:
    rate = distinct_rate(texts)
    assert 1 / len(texts) <= rate <= 1
    assert distinct_rate(texts + texts) == pytest.approx(rate / 2)
