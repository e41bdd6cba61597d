"""Judged samples become items, and items become the numbers of a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tasks.core.joined import Candidate, grouped, joined
from tasks.core.records import ItemResult, Label, Problem, Sample, Verdict
from tasks.evaluate.evaluate import Extras, item_results, summarize
from tests.build.records import make_item, make_problem, make_sample, make_verdict

PROBLEMS = [make_problem(name, "1") for name in "abc"]


def verdict(problem_id: str, label: Label, index: int = 0) -> Verdict:
    return make_verdict(make_sample(problem_id, index), label, answer="1")


GREEDY = [make_sample("a"), make_sample("b", text="text", num_tokens=7), make_sample("c")]
VERDICTS = [verdict("a", Label.CORRECT), verdict("b", Label.TRUNCATED), verdict("c", Label.UNPARSEABLE)]


def judged(samples: list[Sample], verdicts: list[Verdict]) -> Iterator[Candidate]:
    return joined(samples, verdicts, ["answer"], {problem.id: problem for problem in PROBLEMS})


def test_a_greedy_sample_and_its_verdict_make_an_item() -> None:
    items = list(item_results("report", PROBLEMS, judged(GREEDY, VERDICTS)))
    assert items[1] == ItemResult("report", "b", Label.TRUNCATED, "text", "1", "1", 7, num_draws=0, num_correct=0)
    assert [item.is_correct for item in items] == [True, False, False]


def test_draws_are_counted_by_problem() -> None:
    labels = {"a": [Label.CORRECT, Label.CORRECT], "b": [Label.VERIFIER_ERROR, Label.CORRECT], "c": [Label.WRONG] * 2}
    draws = [make_sample(name, index) for name in labels for index in range(2)]
    verdicts = [verdict(name, label, index) for name in labels for index, label in enumerate(labels[name])]
    items = list(item_results("select", PROBLEMS, judged(GREEDY, VERDICTS), grouped(judged(draws, verdicts))))
    assert [(item.num_draws, item.num_correct) for item in items] == [(2, 2), (2, 1), (2, 0)]


@pytest.mark.parametrize("problems", [PROBLEMS[:2], PROBLEMS[::-1], [*PROBLEMS, make_problem("d")]])
def test_greedy_samples_of_other_problems_are_refused(problems: list[Problem]) -> None:
    with pytest.raises(ValueError, match="not one greedy sample a problem"):
        list(item_results("select", problems, judged(GREEDY, VERDICTS)))


def test_draws_of_other_problems_are_refused() -> None:
    draws = grouped(judged([make_sample("c")], [verdict("c", Label.WRONG)]))
    with pytest.raises(ValueError, match="draws of c belong to no problem of the suite"):
        list(item_results("select", PROBLEMS[:2], judged(GREEDY[:2], VERDICTS[:2]), draws))


def item(suite: str, problem_id: str, label: Label, num_correct: int = 0, num_draws: int = 10) -> ItemResult:
    return make_item(
        suite, problem_id, label, num_tokens=3 + len(problem_id), num_draws=num_draws, num_correct=num_correct
    )


def test_the_numbers_of_a_suite() -> None:
    labels = [Label.CORRECT] * 15 + [Label.TRUNCATED, Label.UNPARSEABLE, Label.UNPARSEABLE, Label.WRONG]
    items = [item("select", "p", label, 3) for label in [*labels, Label.VERIFIER_ERROR]]
    numbers = summarize(items, Extras((1, 2, 5)))
    assert numbers == {
        "select_accuracy": 0.75,
        "select_accuracy_low": pytest.approx(0.5313, abs=5e-5),
        "select_accuracy_high": pytest.approx(0.8881, abs=5e-5),
        "select_num_problems": 20,
        "select_num_correct": 15,
        "select_truncated_rate": 0.05,
        "select_unparseable_rate": 0.1,
        "select_verifier_error_rate": 0.05,
        "select_missing_rate": 0.0,
        "select_mean_tokens": 4.0,
        "select_pass_at_1": pytest.approx(0.3),
        "select_pass_at_2": pytest.approx(0.5333, abs=5e-5),
        "select_pass_at_5": pytest.approx(0.9167, abs=5e-5),
    }


def test_pass_at_k_is_a_mean_over_problems_and_suites_stay_apart() -> None:
    items = [item("select", "a", Label.WRONG, 3), item("report", "b", Label.CORRECT, 10)]
    numbers = summarize([*items, item("select", "c", Label.CORRECT, 0)], Extras((1,)))
    assert numbers["select_pass_at_1"] == pytest.approx(0.15)
    assert numbers["report_pass_at_1"] == 1.0
    assert (numbers["select_accuracy"], numbers["report_accuracy"]) == (0.5, 1.0)


def test_without_k_there_is_no_pass_at_k_and_without_items_nothing() -> None:
    assert not [name for name in summarize([item("select", "a", Label.WRONG)]) if "pass_at" in name]
    assert summarize([]) == {}


def test_unequal_numbers_of_draws_are_refused() -> None:
    items = [item("select", "a", Label.WRONG), item("select", "b", Label.WRONG, num_draws=9)]
    with pytest.raises(ValueError, match="problem b has 9 draws, others have 10"):
        summarize(items, Extras((1,)))
    with pytest.raises(ValueError, match="k 11"):
        summarize(items[:1], Extras((11,)))


def test_best_of_majority_and_tags_are_counted_where_asked_for() -> None:
    rows = [
        replace(item("select", "a", Label.CORRECT), tags=("digits=1",), best_of=(0.5, 1.0), majority=(0.5, 1.0)),
        replace(item("select", "b", Label.WRONG), tags=("digits=2",), best_of=(0.0, 0.5), majority=(0.0, 0.0)),
        replace(item("select", "c", Label.WRONG), tags=("digits=1",), best_of=(0.0, 0.0), majority=(0.0, 0.0)),
    ]
    numbers = summarize(rows, Extras(best_of=(1, 4), tag="digits"))
    assert numbers["select_best_of_1"] == pytest.approx(0.5 / 3)
    assert numbers["select_best_of_4"] == pytest.approx(0.5)
    assert numbers["select_majority_at_4"] == pytest.approx(1 / 3)
    assert (numbers["select_accuracy_digits_1"], numbers["select_accuracy_digits_2"]) == (0.5, 0.0)
