"""Monitors in the report: figures, table, guards; only where there is something to show."""

from __future__ import annotations

import pytest

from tasks.monitor.histograms import Histogram
from tasks.report.html import render_report
from tasks.report.monitor_figures import draw_monitor_figures
from tasks.report.monitor_table import format_metric, largest_sizes, monitor_rows, spoken
from tasks.report.rounds import RoundReport
from tests.tasks.report.example import SCRIPT, baseline, experiment_report, trained
from tests.tasks.report.test_figures import texts
from tests.tasks.report.test_html import Page


def histogram(classes: str, **series: tuple[float | None, ...]) -> Histogram:
    named = {name.replace("_", " "): numbers for name, numbers in series.items()}
    return Histogram(title="t", classes=tuple(classes.split()), series=named)


def watched(number: int, sameness: float = 0.4) -> RoundReport:
    bins, tenths = "0 1 2 3 4", " ".join(str(place) for place in range(10))
    report = trained(number, 0.7, "promote")
    metrics = {
        "explore_pass_at_1": 0.3, "explore_pass_at_4": 0.5, "explore_pass_at_8": 0.8, "explore_pass_at_8_4": 0.2,
        "exploit_best_of_8": 0.6, "exploit_reward_at_8_4": 0.4, "gap_generation_verification": 0.1,
        "judge_mode_share": sameness, "length_gap_pairs": -12.5, "contamination_items_report": 2.0,
    }  # fmt: skip
    return report.model_copy(
        update={
            "metrics": report.metrics | metrics,
            "histograms": {
                "difficulty": histogram(bins, all_samples=(0.2,) * 5, kept=(0.0, 0.1, 0.2, 0.3, 0.4)),
                "score_rubric": histogram("0 1 2", share=(0.2, 0.3, 0.5)),
                "vote_share": histogram(tenths, precision=(*[None] * 5, 0.5, 0.6, 0.7, 0.8, 1.0)),
            },
            "warnings": [f"judge_mode_share is {sameness:g} {SCRIPT}"] if sameness > 0.9 else [],
            "extra_figures": {"balance": "<svg><text>the balance curve</text></svg>"},
        }
    )


def test_every_figure_is_drawn_from_its_numbers() -> None:
    figures = draw_monitor_figures([watched(1), watched(2)])
    found = {title: texts(svg) for title, svg in figures.items()}
    assert {"Pass@1", "Pass@8", "Pass@8-4"} <= set(found["exploration and exploitation"])
    assert {"Best-of-8", "Reward@8-4", "gap generation verification"} <= set(found["exploration and exploitation"])
    assert {"kept", "all samples", "solved in round 1"} <= set(found["difficulty of what was kept"])
    assert "scores of the judge rubric" in found["scores of the judges"]
    assert {"round 1", "round 2"} <= set(found["majority answers"])


def test_rounds_without_monitors_have_no_figures_and_no_section() -> None:
    assert draw_monitor_figures([baseline(), trained(1, 0.7, "promote")]) == {}
    assert "Monitors" not in Page(render_report([experiment_report()])).text


def test_a_rule_judged_round_shows_exploration_alone() -> None:
    report = trained(1, 0.7, "promote")
    report = report.model_copy(update={"metrics": report.metrics | {"explore_pass_at_1": 0.5}})
    figures = draw_monitor_figures([report])
    assert set(figures) == {"exploration and exploitation"}
    assert "exploitation by the judge" not in texts(figures["exploration and exploitation"])


def test_an_empty_class_leaves_a_gap_rather_than_a_zero() -> None:
    (svg,) = (svg for title, svg in draw_monitor_figures([watched(1)]).items() if title == "majority answers")
    assert svg == draw_monitor_figures.__wrapped__([watched(1)])["majority answers"], "drawn anew"
    assert "None" not in svg


def test_the_page_shows_figures_guards_and_metrics_by_round() -> None:
    report = experiment_report().model_copy(update={"rounds": [baseline(), watched(1), watched(2, sameness=0.99)]})
    html = render_report([report])
    text = Page(html).text
    assert SCRIPT not in html
    assert "Guards that spoke Round 2 judge_mode_share is 0.99" in text
    assert "judge mode share 40.0 % 99.0 %" in text
    assert "metric round 1 round 2" in text
    assert "round 1: balance the balance curve" in text
    assert text.index("Monitors") < text.index("Samples")


def test_rows_are_the_important_metrics_with_the_largest_k() -> None:
    rows = {row[0]: row[1:] for row in monitor_rows([watched(1), trained(2, 0.7, "promote")])}
    assert rows["Pass@8-4"] == ("20.0 %", "-")
    assert "Pass@4" not in rows
    assert rows["length gap pairs"] == ("-12.5", "-")
    assert rows["gap generation verification"] == ("0.100", "-")
    assert monitor_rows([baseline()]) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("duplicate_rate", 0.25, "25.0 %"), ("judge_kappa", 0.604, "0.604"), ("contamination_items_report", 2.0, "2"),
     ("drift_gold_logprob", -0.1234567, "-0.1235"), ("judge_kappa", None, "-")],
)  # fmt: skip
def test_metrics_as_people_read_them(name: str, value: float | None, text: str) -> None:
    assert format_metric(name, value) == text


def test_names_with_k() -> None:
    names = ["explore_pass_at_8", "explore_pass_at_16", "explore_pass_at_16_2", "explore_pass_at_8_4", "other"]
    assert largest_sizes(names, "explore_pass_at_") == ["explore_pass_at_16", "explore_pass_at_16_2"]
    assert largest_sizes([], "explore_pass_at_") == []
    assert spoken("exploit_best_of_16") == "Best-of-16"
