"""What rounds took, which of them count, and the table that comes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from configs.schema.study import Budget, Study
from tasks.report.rounds import BenchmarkRow, RoundReport
from tasks.study.course import Course, course_of, has_budget_left
from tasks.study.rows import Failure, Outcome, rows_of
from tasks.study.show import curves, markdown, page
from tasks.study.spending import Spent, spent_in

STUDY = Study.model_validate({
    "name": "s", "methods": {"a": {"recipe": "demo"}, "b": {"recipe": "demo"}, "c": {"recipe": "demo"}},
    "baseline": "a", "budget": {"generated_tokens": 1000}, "seeds": (0, 1),
})  # fmt: skip
METRICS = {
    "tokens_written_generate": 100, "tokens_written_judge": 20, "tokens_written_evaluate": 999, "tokens_read_judge": 7,
    "tokens_written_benchmark": 99, "tokens_read_benchmark_champion": 98, "tokens_read_monitor": 5,
    "num_train_tokens": 50, "role_critic_num_train_tokens": 4,
}  # fmt: skip


def report(round: int, accuracy: float | None = None, action: str = "promote", **metrics: float) -> RoundReport:
    """A round that wrote 300 tokens, judges included, and trained on 50; round 0 trained on 50 alone."""
    spent = {"num_train_tokens": 50.0} | ({"tokens_written_generate": 300.0} if round else {})
    scored = {} if accuracy is None else {"report_accuracy": accuracy, "select_accuracy": accuracy}
    return RoundReport(
        experiment="e", round=round, candidate="", incumbent="", champion="", reason="",
        action="baseline" if round == 0 else action, metrics={**spent, **scored, **metrics},
    )  # fmt: skip


def test_evaluation_and_monitors_cost_nothing_and_roles_do() -> None:
    spent = spent_in(METRICS)
    assert spent == Spent(written=120, read=7, trained=54)
    assert spent.flops_per_parameter == 2 * 127 + 6 * 54


@pytest.mark.parametrize(
    ("budget", "share"),
    [({"generated_tokens": 240}, 0.5), ({"training_tokens": 27}, 2.0), ({"flops_per_parameter": 578}, 1.0)],
)
def test_a_share_of_a_budget(budget: dict[str, float], share: float) -> None:
    assert spent_in(METRICS).against(Budget.model_validate(budget)) == share


def test_rounds_end_where_the_dearest_would_not_fit() -> None:
    rounds = [report(0, 0.1), report(1, 0.2), report(2, 0.3), report(3, 0.4)]
    budget = STUDY.budget
    assert [has_budget_left(rounds[:number], budget) for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert has_budget_left(rounds, Budget(generated_tokens=1200))
    assert not has_budget_left(rounds, Budget(generated_tokens=1199))


def test_a_round_over_the_budget_is_not_counted_and_said() -> None:
    course = course_of([report(0, 0.1), report(1, 0.2), report(2, 0.9, tokens_written_judge=500.0)], STUDY.budget)
    assert [point.accuracy for point in course.points] == [0.1, 0.2]
    assert course.note == "round 2 took it to 110% of the budget and is not counted"


def test_a_budget_without_room_for_a_round_is_said() -> None:
    """The warm start alone trains on 50 tokens."""
    budget = Budget(training_tokens=40)
    assert not has_budget_left([report(0, 0.1)], budget)
    assert course_of([report(0, 0.1)], budget).note == "round 0 took it to 125% of the budget, and no round fits"
    assert course_of([report(0, 0.1)], Budget(training_tokens=50)).note == ""


def test_which_model_counts() -> None:
    course = course_of(
        [report(0, 0.1), report(1, 0.5), report(2, 0.4), report(3, 0.9, "keep_incumbent")],
        Budget(generated_tokens=9999),
    )
    assert course.counted("last").round == 3
    assert course.counted("champion").round == 1
    assert course.first.accuracy == 0.1


def test_a_round_without_a_model_has_the_accuracy_before() -> None:
    course = course_of([report(0, 0.1), report(1, 0.5), report(2, action="stop")], STUDY.budget)
    assert course.points[-1].accuracy == 0.5


def outcome(method: str, seed: int, num_right: int, task: str = "") -> Outcome:
    course = course_of([report(0, 0.2), report(1, num_right / 100, distinct_rate=0.5)], STUDY.budget)
    right, before = ({f"p{i}": i < number for i in range(100)} for number in (num_right, 20))
    return Outcome(task, method, seed, course, right, before)


def test_the_table_says_how_sure_it_is() -> None:
    """b solves all that a solves and 30 more with both seeds; c solves what a solves."""
    outcomes = [outcome(name, seed, right) for name, right in (("a", 40), ("b", 70), ("c", 40)) for seed in (0, 1)]
    best, *others = rows_of(STUDY, "", outcomes)
    assert best.method == "b"
    assert best.gain is not None
    assert best.gain.mean == pytest.approx(0.3)
    assert best.p_value is not None and best.p_value < 0.01
    assert best.rank == (1, 1)
    assert {row.method: row.rank for row in others} == {"a": (2, 3), "c": (2, 3)}
    assert {row.method: row.gain is None for row in others} == {"a": True, "c": False}
    assert best.gained.mean == pytest.approx(0.5)
    assert 0.4 < best.gained.low < 0.5 < best.gained.high < 0.6
    assert best.tokens_per_point == pytest.approx((300 + 100) / 50)
    assert best.spent == pytest.approx(0.3)


def test_a_share_is_of_the_budget_of_the_task() -> None:
    study = STUDY.model_copy(update={"tasks": {"x": {}, "y": {}}, "task_budgets": {"y": Budget(generated_tokens=600)}})
    shares = {task: rows_of(study, task, [outcome("a", 0, 40, task)])[0].spent for task in study.task_names}
    assert shares == {"x": pytest.approx(0.3), "y": pytest.approx(0.5)}


def test_only_seeds_that_both_have_are_compared() -> None:
    rows = rows_of(STUDY, "", [outcome("a", 0, 40), outcome("b", 0, 50), outcome("b", 1, 90), outcome("c", 1, 10)])
    gains = {row.method: row.gain for row in rows}
    assert gains["b"] is not None and gains["b"].mean == pytest.approx(0.1)
    assert gains["c"] is None


def test_a_run_that_failed_is_told_in_the_table_and_on_the_page() -> None:
    outcomes = [outcome(name, 0, right) for name, right in (("a", 40), ("b", 70))]
    rows = {"": rows_of(STUDY, "", outcomes)}
    failures = [Failure("", "c", 0, "no <memory>")]
    text = markdown(STUDY, rows, failures)
    assert "| b | 70.0% [" in text
    assert "+30.0 [" in text
    assert "- c, seed 0: no result: no <memory>" in text
    html = page(STUDY, rows, failures, curves(STUDY, outcomes))
    assert "no &lt;memory&gt;" in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert "elsewhere" not in text + html, "nobody was asked elsewhere"


def asked(round: int, value: float | None, champion: float = 0.9) -> RoundReport:
    """A round whose model, and the champion beside it, were asked of a benchmark."""
    scores = [] if value is None else [("m", value), ("champion", champion)]
    rows = [
        BenchmarkRow(model=model, task="arc", metric="acc", name="benchmark_arc_acc", value=score, stderr=None,
                     num_items=9, num_fewshot=0)
        for model, score in scores
    ]  # fmt: skip
    return report(round, 0.2).model_copy(update={"candidate": "m", "benchmarks": rows})


def test_what_was_forgotten_elsewhere() -> None:
    """60 % before, 45 % after the last round that was asked; over seeds a mean; unknown where round 0 was not asked."""
    budget = Budget(generated_tokens=9999)
    course = course_of([asked(0, 0.6), asked(1, 0.5), asked(2, 0.45), asked(3, None)], budget)
    assert course.elsewhere() == {"benchmark_arc_acc": (0.45, pytest.approx(-0.15))}
    assert course_of([asked(0, None), asked(1, 0.5)], budget).elsewhere() == {}
    other = course_of([asked(0, 0.6), asked(1, 0.55)], budget)
    runs = [replace(outcome("a", seed, 40), course=one) for seed, one in enumerate((course, other))]
    (row,) = rows_of(STUDY, "", runs)
    assert row.elsewhere == {"benchmark_arc_acc": (pytest.approx(0.5), pytest.approx(-0.1))}
    assert "| elsewhere |" in (text := markdown(STUDY, {"": [row]}, []))
    assert "| arc_acc: 50.0% (-10.0) |" in text


def test_a_control_that_gains_is_told() -> None:
    """By chance from 20 to 60 of 100; where it stays at 20 nothing is said."""
    for num_right, told in ((60, True), (20, False)):
        rows = {"": rows_of(STUDY, "", [outcome("a", 0, 50), outcome("by_chance", 0, num_right)])}
        text = markdown(STUDY, rows, [])
        assert ("by_chance gains beyond its interval" in text) is told
        assert "by_chance: a control, demo with verdicts that know nothing." in text


def test_a_course_has_its_first_round() -> None:
    assert Course(course_of([report(0, 0.3)], STUDY.budget).points).counted("champion").accuracy == 0.3
