from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tasks.report.figures import accuracy_figure, drops_figure, length_figure
from tasks.report.rounds import RoundReport
from tasks.report.svg import NUM_KEPT, drawn_once
from tests.tasks.report.example import baseline, experiment_report, trained

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    """Everything written in a picture; fails if it is not whole XML."""
    root = ElementTree.fromstring(svg)
    assert root.tag == SVG + "svg"
    return ["".join(node.itertext()).strip() for node in root.iter(SVG + "text")]


def test_the_accuracy_figure_says_first_and_last_value_of_both_sets() -> None:
    found = texts(accuracy_figure({"demo": experiment_report().rounds}))
    assert found.count("19.0 %") == 2
    assert found.count("75.0 %") == 2
    assert {"accuracy on the report set", "accuracy on the select set", "round"} <= set(found)


def test_several_experiments_are_named_in_the_legend() -> None:
    found = texts(accuracy_figure({"one": experiment_report("one").rounds, "two": experiment_report("two").rounds}))
    assert {"one: 75.0 %", "two: 75.0 %"} <= set(found)


def test_the_drops_figure_shows_shares_of_reasons_that_occur() -> None:
    found = texts(drops_figure(experiment_report().rounds))
    assert {"kept", "wrong", "truncated"} <= set(found)
    assert "duplicate" not in found
    assert (found.count("25 %"), found.count("60 %"), found.count("15 %")) == (2, 3, 2)  # 60 % is on the axis too


def test_the_length_figure_has_both_lengths() -> None:
    found = texts(length_figure({"demo": experiment_report().rounds}))
    assert {"all samples", "kept", "distinct texts per problem"} <= set(found)


@pytest.mark.parametrize("figure", [accuracy_figure, length_figure])
def test_a_baseline_alone_can_be_drawn(figure: object) -> None:
    assert "round" in texts(figure({"demo": [baseline()]}))  # type: ignore[operator]


def test_the_same_rounds_give_the_same_bytes_and_nothing_outside_is_named() -> None:
    rounds = experiment_report().rounds
    for figure, given in ((accuracy_figure, {"demo": rounds}), (drops_figure, rounds)):
        svg = figure(given)
        assert svg == figure.__wrapped__(given), "drawn anew"
        assert "<metadata" not in svg
        assert 'href="http' not in svg


def test_a_figure_is_drawn_once_for_the_same_rounds() -> None:
    drawn: list[int] = []

    @drawn_once
    def draw(rounds: list[RoundReport]) -> str:
        drawn.append(len(rounds))
        return f"drawing {len(drawn)}"

    others = [baseline(), trained(1, 0.7, "promote")]
    found = [draw(rounds) for rounds in (experiment_report().rounds, others, experiment_report().rounds)]
    assert found == ["drawing 1", "drawing 2", "drawing 1"]
    changed = others[0].model_copy(update={"metrics": others[0].metrics | {"report_accuracy": 0.125}})
    assert draw([changed, *others[1:]]) == "drawing 3"
    for number in range(NUM_KEPT):
        draw([others[0].model_copy(update={"round": number + 100})])
    assert draw(experiment_report().rounds) == f"drawing {NUM_KEPT + 4}", "the oldest are given up"


def test_a_name_with_signs_of_mark_up_is_text() -> None:
    name = "a<b> & $x$"
    found = texts(accuracy_figure({name: experiment_report().rounds, "b": [baseline()]}))
    assert f"{name}: 75.0 %" in found
