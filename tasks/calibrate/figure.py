"""The balance curve as SVG: for the step, report.html and MLflow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from tasks.calibrate.balance import Point
from tasks.report.svg import render_svg

_CHOICE = "#1F2328"


def balance_figure(points: Sequence[Point], chosen: Point) -> str:
    """Mean balance against the threshold, one line a temperature, and the choice marked.

    Args:
        points: of the whole grid, temperature by temperature, thresholds ascending.
        chosen: one of them.
    """
    lines = [(heat, list(group)) for heat, group in groupby(points, key=lambda point: point.temperature)]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for colour, (heat, line) in zip(_colours(len(lines)), lines, strict=True):
            axes.plot(
                [point.threshold for point in line], [point.balance for point in line], color=colour, linewidth=2,
                marker="o", markersize=3, label=f"temperature {heat:g}",
            )  # fmt: skip
        axes.scatter([chosen.threshold], [chosen.balance], s=90, c="none", edgecolors=_CHOICE, linewidths=1.8, zorder=4)
        axes.annotate(
            f"{chosen.balance:.3f}", (chosen.threshold, chosen.balance), (0, 9), textcoords="offset points",
            ha="center", color=_CHOICE,
        )  # fmt: skip
        axes.set_title(f"balance: temperature {chosen.temperature:g}, scores above {chosen.threshold:g}")
        axes.set_xlabel("threshold")
        axes.margins(y=0.16)
        axes.set_ylim(bottom=0)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper")

    return render_svg(draw, width=5.6)


def _colours(number: int) -> list[Any]:
    """From cool to hot, dark to light, so that neighbours differ without colour too; the palest end is left out."""
    from matplotlib import colormaps

    return [colormaps["plasma"](0.85 * place / max(number - 1, 1)) for place in range(number)]
