"""The balance curve as a picture."""

from __future__ import annotations

from xml.etree import ElementTree

from tasks.calibrate.balance import Draw, choose, draw_curve, tally
from tasks.calibrate.figure import balance_figure


def test_the_curve_names_its_lines_and_its_choice() -> None:
    cool = [tally([Draw("a", 0.5, True), Draw("a", 0.5, True)])]
    warm = [tally([Draw("a", 0.9, True), Draw("b", 0.5, True), Draw("c", 0.1, False)])]
    points = draw_curve({0.5: cool, 1.0: warm}, (-1.0, 0.0, 0.3, 0.7), 2)
    best = choose(points, "reward", 0.9)
    svg = balance_figure(points, best)
    root = ElementTree.fromstring(svg)
    texts = {"".join(node.itertext()).strip() for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"temperature 0.5", "temperature 1", "threshold", "1.000"} <= texts
    assert "balance: temperature 1, scores above 0.3" in texts
    assert svg == balance_figure(points, best)
