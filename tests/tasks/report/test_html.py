from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tasks.report.html import format_p, headline, render_report
from tests.tasks.report.example import SCRIPT, baseline, experiment_report

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks that elements close in order; keeps what loads or leads elsewhere, and the text outside style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [(tag, value or "") for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_tells_first_against_champion() -> None:
    page = Page(render_report([experiment_report()]))
    assert "19.0 %" in page.text
    assert "+60.0 points" in page.text
    assert "to the champion round-1, round 1 (75.0 to 83.0)" in page.text
    assert "p < 0.0001" in page.text


def test_nothing_is_loaded_and_only_given_pages_are_linked() -> None:
    page = Page(render_report([experiment_report()]))
    outside = [(tag, address) for tag, address in page.addresses if not address.startswith("#")]
    assert outside == [("a", "http://127.0.0.1:5000/#/experiments/1")]
    assert "script" not in page.tags
    assert "javascript:alert(1)" in page.text


def test_what_models_wrote_is_text() -> None:
    html = render_report([experiment_report()])
    assert SCRIPT not in html
    assert SCRIPT in Page(html).text


def test_samples_are_grouped_by_what_became_of_them() -> None:
    text = Page(render_report([experiment_report()])).text
    assert text.index("kept 4 shown") < text.index("dropped: wrong 2 shown")
    assert "none found gold: 0" in text


def test_decisions_recipe_and_table_are_there() -> None:
    text = Page(render_report([experiment_report()])).text
    assert "Round 2 keep incumbent select accuracy 75.0 %" in text
    assert "found in the store: generate" in text
    assert "name: demo seed: 0" in text
    assert "1 min 25 s" in text


def test_several_experiments_stand_side_by_side() -> None:
    page = Page(render_report([experiment_report("one"), experiment_report("two")]))
    assert page.tags.count("h2") == 2
    assert page.tags.count("table") == 2
    assert {"one: 75.0 %", "two: 75.0 %"} <= {word.strip() for word in page.words}


def test_a_baseline_alone_makes_a_page() -> None:
    report = experiment_report().model_copy(update={"rounds": [baseline()], "samples": {}, "p_value": None})
    assert headline(report)["is_baseline"]
    assert "No later model was promoted." in Page(render_report([report])).text


@pytest.mark.parametrize(("value", "text"), [(0.5, "p = 0.5"), (0.03125, "p = 0.031"), (1e-9, "p < 0.0001")])
def test_p_values(value: float, text: str) -> None:
    assert format_p(value) == text


def test_the_flow_table_stands_below_the_rounds_that_revised() -> None:
    report = experiment_report()
    assert "Self-correction on the report set" not in Page(render_report([report])).text
    numbers = {"report_revise_accuracy_t1": 0.25, "report_revise_budget": 2.34}
    last = report.rounds[-1]
    revised = last.model_copy(update={"metrics": last.metrics | numbers})
    page = Page(render_report([report.model_copy(update={"rounds": [*report.rounds[:-1], revised]})]))
    table = page.text.split("Self-correction on the report set")[1].split("Decisions")[0]
    assert "turn 1 wrong to right" in table and "25.0 %" in table and "2.3" in table
