"""Figures of the monitors as SVG text: for report.html and MLflow. Called by `html.py` and `track.py`.

Each returns None where the rounds have nothing to show. The same rounds give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tasks.monitor.histograms import Histogram
from tasks.report.figures import COLOURS, axis_percent, name_rounds
from tasks.report.monitor_table import largest_sizes, spoken
from tasks.report.rounds import RoundReport
from tasks.report.svg import drawn_once, render_svg

# From hard to easy, dark to light: viridis reversed reads in grey too.
_BIN_COLOURS = ("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725")
_EARLY, _LATE = (0.72, 0.82, 0.90), (0.0, 0.27, 0.45)
SCORE = "score_"
Figure = Callable[[Sequence[RoundReport]], str | None]


def exploration_figure(rounds: Sequence[RoundReport]) -> str | None:
    """Exploration (left: Pass@1, Pass@K, Pass@K-S) against exploitation (right: Best-of-K, Reward@K-S, the gap)."""
    explored = [*_largest(rounds, "explore_pass_at_"), "explore_diversity"]
    left = ["explore_pass_at_1", *(name for name in explored if name != "explore_pass_at_1")]
    exploited = [*_largest(rounds, "exploit_best_of_"), *_largest(rounds, "exploit_reward_at_")]
    right = [*exploited, "gap_generation_verification"]
    sides = [(title, [name for name in names if _points(rounds, name)])
             for title, names in (("exploration", left), ("exploitation by the judge", right))]  # fmt: skip
    sides = [(title, names) for title, names in sides if names]
    if not sides:
        return None

    def draw(figure: Any) -> None:
        for axes, (title, names) in zip(figure.subplots(1, len(sides), squeeze=False)[0], sides, strict=True):
            for place, name in enumerate(names):
                colour = COLOURS[place % len(COLOURS)]
                axes.plot(*zip(*_points(rounds, name), strict=True), color=colour, marker="o", markersize=4.5,
                          linewidth=2, label=spoken(name))  # fmt: skip
            axes.set_title(title)
            axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.05)
            axes.yaxis.set_major_formatter(axis_percent)
            name_rounds(axes, [point[0] for name in names for point in _points(rounds, name)])
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.24), ncols=2, borderaxespad=0)

    return render_svg(draw, width=4.3 * len(sides), height=3.6)


def difficulty_figure(rounds: Sequence[RoundReport]) -> str | None:
    """Samples by the difficulty of their problem in round 1: all of them (left) and the kept ones (right), by round."""
    shown = [report for report in rounds if "difficulty" in report.histograms]
    if not shown:
        return None

    def draw(figure: Any) -> None:
        for axes, series in zip(figure.subplots(1, 2, sharey=True), ("all samples", "kept"), strict=True):
            bottoms = [0.0] * len(shown)
            for place, name in enumerate(shown[0].histograms["difficulty"].classes):
                shares = [report.histograms["difficulty"].series[series][place] or 0.0 for report in shown]
                axes.bar([report.round for report in shown], shares, 0.62, bottoms,
                         color=_BIN_COLOURS[place % len(_BIN_COLOURS)], label=name)  # fmt: skip
                bottoms = [bottom + share for bottom, share in zip(bottoms, shares, strict=True)]
            axes.set_title(series)
            axes.set_ylim(0, 1)
            axes.yaxis.set_major_formatter(axis_percent)
            name_rounds(axes, [report.round for report in shown])
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles[::-1], labels[::-1], loc="outside right upper", title="solved in round 1")

    return render_svg(draw, width=8.6)


def scores_figure(rounds: Sequence[RoundReport]) -> str | None:
    """How the judges used their scores: shares by class, one panel a judge and one line a round, later ones darker."""
    names = sorted({name for report in rounds for name in report.histograms if name.startswith(SCORE)})
    panels = {name: _by_round(rounds, name) for name in names}
    if not panels:
        return None

    def draw(figure: Any) -> None:
        row = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, (name, histograms) in zip(row, panels.items(), strict=True):
            _draw_lines(axes, histograms, "share")
            axes.set_title(f"scores of the judge {name.removeprefix(SCORE)}")
            axes.set_xlabel("score")
            classes = {name for histogram in histograms.values() for name in histogram.classes}
            if len(classes) <= 11:
                axes.set_xticks(sorted(map(float, classes)))
            axes.set_ylim(bottom=0)

    return render_svg(draw, width=4.6 * len(panels))


def votes_figure(rounds: Sequence[RoundReport]) -> str | None:
    """How often majority answers are right, by their share of votes: one line a round, calibrated on the diagonal."""
    histograms = _by_round(rounds, "vote_share")
    if not histograms:
        return None
    edges = [(place + 1) / len(next(iter(histograms.values())).classes) for place in range(10)]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#8C959F", linewidth=1, linestyle=":")
        _draw_lines(axes, histograms, "precision", edges)
        axes.set_title("majority answers that are right")
        axes.set_xlabel("share of votes, up to")
        axes.set_ylim(0, 1.05)

    return render_svg(draw, width=4.6)


MONITOR_FIGURES: dict[str, Figure] = {
    "exploration and exploitation": exploration_figure,
    "difficulty of what was kept": difficulty_figure,
    "scores of the judges": scores_figure,
    "majority answers": votes_figure,
}
"""by title; the file name in MLflow is the title with underscores"""


@drawn_once
def draw_monitor_figures(rounds: Sequence[RoundReport]) -> dict[str, str]:
    """The figures that have something to show, by title."""
    drawn = {title: figure(rounds) for title, figure in MONITOR_FIGURES.items()}
    return {title: svg for title, svg in drawn.items() if svg is not None}


def _largest(rounds: Sequence[RoundReport], prefix: str) -> list[str]:
    return largest_sizes({name for report in rounds for name in report.metrics}, prefix)


def _points(rounds: Sequence[RoundReport], metric: str) -> list[tuple[int, float]]:
    return [(report.round, report.metrics[metric]) for report in rounds if metric in report.metrics]


def _by_round(rounds: Sequence[RoundReport], name: str) -> dict[int, Histogram]:
    return {report.round: report.histograms[name] for report in rounds if name in report.histograms}


def _draw_lines(
    axes: Any, histograms: Mapping[int, Histogram], series: str, places: Sequence[float] | None = None
) -> None:
    """One line a round over its classes; classes without a number leave a gap."""
    for order, (round, histogram) in enumerate(histograms.items()):
        along = order / max(len(histograms) - 1, 1) if len(histograms) > 1 else 1.0
        colour = tuple(early + along * (late - early) for early, late in zip(_EARLY, _LATE, strict=True))
        where = places or [float(name) for name in histogram.classes]
        found = [(x, y) for x, y in zip(where, histogram.series[series], strict=True) if y is not None]
        is_end = order in (0, len(histograms) - 1)
        axes.plot(*zip(*found, strict=True), color=colour, marker="o", markersize=3.5, linewidth=2,
                  label=f"round {round}" if is_end or len(histograms) < 6 else None)  # fmt: skip
    axes.yaxis.set_major_formatter(axis_percent)
    axes.legend(loc="best")
