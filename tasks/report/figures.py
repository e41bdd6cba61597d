"""Figures of an experiment as SVG text: for report.html and MLflow. Called by `html.py` and `track.py`.

Here stands what is drawn; how it becomes text is in `svg.py`. The same rounds give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.report.rounds import RoundReport
from tasks.report.svg import drawn_once, render_svg

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D")
KEPT_COLOUR = "#009E73"
_REASON_COLOURS = {
    "wrong": "#D55E00",
    "unparseable": "#E69F00",
    "truncated": "#CC79A7",
    "verifier_error": "#000000",
    "unscored": "#7F7F7F",
    "missing": "#C7C7C7",
    "below_threshold": "#F0E442",
    "over_cap": "#56B4E9",
    "duplicate": "#0072B2",
    "too_short": "#A6761D",
    "too_long": "#666699",
    "one_sided": "#A3C4BC",
    "wrong_equation": "#9E2A2B",
    "same_equations": "#5E81AC",
    "outside_share": "#D4B483",
    "hint_shows": "#7B3294",
    "not_paired": "#B8C0C8",
}
Series = Mapping[str, Sequence[RoundReport]]


@drawn_once
def accuracy_figure(series: Series) -> str:
    """Accuracy by round on the report set (left) and the select set, with 95 % Wilson bands; one line an experiment."""

    def draw(figure: Any) -> None:
        for axes, suite in zip(figure.subplots(1, 2, sharey=True), ("report", "select"), strict=True):
            for colour, (name, reports) in zip(_cycle(len(series)), series.items(), strict=True):
                _draw_accuracy(axes, reports, suite, colour, f"{name}: ")
            axes.set_title(f"accuracy on the {suite} set")
            axes.margins(y=0.16)
            name_rounds(axes, [report.round for reports in series.values() for report in reports])
            axes.yaxis.set_major_formatter(axis_percent)
            if len(series) == 1:
                _annotate_ends(axes)
            elif axes.lines:
                axes.legend(loc="lower right")

    return render_svg(draw, width=8.6)


@drawn_once
def drops_figure(reports: Sequence[RoundReport]) -> str:
    """What became of the samples of each round: kept, or dropped for which reason, as stacked bars of shares."""
    rounds = [report for report in reports if report.metrics.get("num_samples")]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        bottoms = [0.0] * len(rounds)
        for reason, colour in {"kept": KEPT_COLOUR, **_colours_of(rounds)}.items():
            shares = [_share(report, reason) for report in rounds]
            bars = axes.bar([r.round for r in rounds], shares, 0.62, bottoms, color=colour, label=_spoken(reason))
            large = [_percent(share, 0) if share >= 0.06 else "" for share in shares]
            axes.bar_label(bars, large, label_type="center", fontsize=8.5, color=_ink_on(colour))
            bottoms = [bottom + share for bottom, share in zip(bottoms, shares, strict=True)]
        axes.set_title("samples kept and dropped")
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(axis_percent)
        name_rounds(axes, [report.round for report in rounds])
        figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper")

    return render_svg(draw, width=5.6)


@drawn_once
def length_figure(series: Series) -> str:
    """Mean length of the samples and of the kept ones (left), and share of distinct texts per problem, by round."""

    sampled = {name: [r for r in reports if "mean_tokens" in r.metrics] for name, reports in series.items()}

    def draw(figure: Any) -> None:
        lengths, variety = figure.subplots(1, 2)
        for colour, (name, reports) in zip(_cycle(len(series)), sampled.items(), strict=True):
            label = f"{name}: " if len(series) > 1 else ""
            _draw_metric(lengths, reports, "mean_tokens", colour, "-", f"{label}all samples")
            _draw_metric(lengths, reports, "mean_tokens_kept", colour, "--", f"{label}kept")
            _draw_metric(variety, reports, "distinct_rate", colour, "-", name)
        for axes, title in ((lengths, "mean length in tokens"), (variety, "distinct texts per problem")):
            axes.set_title(title)
            name_rounds(axes, [report.round for reports in sampled.values() for report in reports])
        lengths.set_ylim(0, 1.1 * lengths.get_ylim()[1])
        variety.set_ylim(0, 1.05)
        variety.yaxis.set_major_formatter(axis_percent)
        for axes in (lengths, variety) if len(series) > 1 else (lengths,):
            if axes.lines:
                axes.legend(loc="lower left")

    return render_svg(draw, width=8.6)


def _draw_accuracy(axes: Any, reports: Sequence[RoundReport], suite: str, colour: str, label: str) -> None:
    """Line and band; points of models that were not promoted are hollow. The last value stands in the label."""
    shown = [(report, interval) for report in reports if (interval := report.interval(suite)) is not None]
    if not shown:
        return
    rounds = [report.round for report, _ in shown]
    values, lows, highs = zip(*(interval for _, interval in shown), strict=True)
    fills = [colour if report.is_accepted else "#FFFFFF" for report, _ in shown]
    axes.fill_between(rounds, lows, highs, color=colour, alpha=0.15, linewidth=0)
    axes.plot(rounds, values, color=colour, linewidth=2, label=f"{label}{_percent(values[-1])}")
    axes.scatter(rounds, values, s=30, c=fills, edgecolors=colour, linewidths=1.6, zorder=3)


def _annotate_ends(axes: Any) -> None:
    """Write the first and last value of the only line beside its points."""
    for line in axes.lines:
        rounds, values = line.get_data()
        for place, offset, side in ((0, (7, -10), "left"), (-1, (8, 0), "left"))[: len(rounds)]:
            point = (rounds[place], values[place])
            axes.annotate(_percent(values[place]), point, offset, textcoords="offset points", ha=side, va="center")


def _draw_metric(axes: Any, reports: Sequence[RoundReport], metric: str, colour: str, line: str, label: str) -> None:
    points = [(report.round, report.metrics[metric]) for report in reports if metric in report.metrics]
    if points:
        axes.plot(*zip(*points, strict=True), line, color=colour, marker="o", markersize=4.5, linewidth=2, label=label)


def name_rounds(axes: Any, rounds: Sequence[int]) -> None:
    """Rounds along the lower axis, with room for labels at the right."""
    axes.set_xlabel("round")
    if rounds:
        low, high = min(rounds), max(rounds)
        axes.set_xticks(range(low, high + 1, 1 + high // 12))
        axes.set_xlim(low - 0.3 - 0.02 * (high - low), high + 0.3 + 0.12 * (high - low))


def _percent(rate: float, places: int = 1) -> str:
    return f"{100 * rate:.{places}f} %"


def axis_percent(rate: float, _: int) -> str:
    """Label of a rate on an axis."""
    return _percent(rate, places=0)


def _share(report: RoundReport, reason: str) -> float:
    count = report.metrics.get("num_kept", 0.0) if reason == "kept" else report.drops().get(reason, 0)
    return count / report.metrics["num_samples"]


def _colours_of(reports: Sequence[RoundReport]) -> dict[str, str]:
    """Colours of the reasons that occur, most frequent first."""
    totals: dict[str, int] = {}
    for report in reports:
        for reason, count in report.drops().items():
            totals[reason] = totals.get(reason, 0) + count
    return {reason: _REASON_COLOURS.get(reason, "#999999") for reason in sorted(totals, key=lambda r: (-totals[r], r))}


def _spoken(reason: str) -> str:
    return reason.replace("_", " ")


def _ink_on(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#FFFFFF" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else "#1F2328"


def _cycle(number: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(number)]
