"""report.html: one experiment, or several side by side, in one file that opens offline. Called by flows.

The page is `report.html.j2`; here it gets its values. Text that models wrote is escaped, and no address on the page
is opened by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tasks.report.benchmark_table import benchmark_rows
from tasks.report.correction_table import correction_rows
from tasks.report.figures import COLOURS, accuracy_figure, drops_figure, length_figure
from tasks.report.monitor_figures import draw_monitor_figures
from tasks.report.monitor_table import monitor_rows
from tasks.report.rounds import ExperimentReport, RoundReport, SampleRow
from tasks.report.table import columns_of, format_interval, format_rate, format_seconds, rows_of

_TEMPLATE = Path(__file__).with_name("report.html.j2")


def render_report(experiments: Sequence[ExperimentReport]) -> str:
    """The whole page as text.

    Args:
        experiments: at least one; each with at least one round. Several share the accuracy and length figures.
    """
    from markupsafe import Markup

    series = {experiment.name: experiment.rounds for experiment in experiments}
    return _template().render(
        title=", ".join(series),
        accuracy=Markup(accuracy_figure(series)),
        length=Markup(length_figure(series)) if any(map(_has_samples, series.values())) else None,
        experiments=[_section(experiment, index) for index, experiment in enumerate(experiments)],
    )


def _section(experiment: ExperimentReport, index: int) -> dict[str, Any]:
    from markupsafe import Markup

    columns = columns_of(experiment.rounds)
    rows = [
        {"cells": row, "action": report.action if place == 0 else ""}
        for report in experiment.rounds
        for place, row in enumerate(rows_of(report, columns))
    ]
    return {
        "name": experiment.name,
        "colour": COLOURS[index % len(COLOURS)],
        "headline": headline(experiment),
        "columns": columns,
        "rows": rows,
        "flows": correction_rows(experiment.rounds),
        "benchmarks": benchmark_rows(experiment.rounds),
        "drops": Markup(drops_figure(experiment.rounds)) if _has_samples(experiment.rounds) else None,
        "decisions": [_decision(report) for report in experiment.rounds],
        "monitors": _monitors(experiment.rounds),
        "samples": [_samples_of(number, experiment.samples[number]) for number in sorted(experiment.samples)],
        "recipe": experiment.recipe,
        "links": [_link(name, address) for name, address in experiment.links.items()],
    }


def _monitors(rounds: Sequence[RoundReport]) -> dict[str, Any] | None:
    """Figures, guards that spoke, missing answers, rows left out and metrics by round; None where there are none."""
    from markupsafe import Markup

    figures = [{"title": title, "svg": Markup(svg)} for title, svg in draw_monitor_figures(rounds).items()]
    figures += [
        {"title": f"round {report.round}: {title}", "svg": Markup(svg)}
        for report in rounds
        for title, svg in report.extra_figures.items()
    ]
    spoken = [{"round": report.round, "words": words} for report in rounds for words in report.warnings]
    spoken += [{"round": report.round, "words": f"missing: {line}"} for report in rounds for line in report.missing]
    spoken += [{"round": report.round, "words": f"left out: {line}"} for report in rounds for line in report.left_out]
    watched = [report for report in rounds if monitor_rows([report])]
    if not (figures or spoken or watched):
        return None
    return {
        "figures": figures, "guards": spoken,
        "rounds": [report.round for report in watched], "rows": monitor_rows(watched),
    }  # fmt: skip


def headline(experiment: ExperimentReport) -> dict[str, Any]:
    """What came of it: accuracy on the report set of round 0 and of the champion, as texts, and how sure that is.

    Returns:
        first, champion: {model, round, accuracy, interval}; gain: percentage points as text, or None;
        test: the paired test in words, or None; time: of all rounds.
    """
    first, champion, p_value = experiment.rounds[0], experiment.champion, experiment.p_value
    before, after = (report.metrics.get("report_accuracy") for report in (first, champion))
    seconds = [time for report in experiment.rounds if (time := report.seconds()) is not None]
    return {
        "first": _standing(first),
        "champion": _standing(champion),
        "is_baseline": champion is first,
        "gain": f"{100 * (after - before):+.1f}" if before is not None and after is not None else None,
        "test": None if p_value is None else f"exact McNemar test on the same problems: {format_p(p_value)}",
        "time": format_seconds(sum(seconds)) if seconds else None,
    }


def format_p(p_value: float) -> str:
    """A p-value as people write it: `p = 0.031`, `p < 0.0001`."""
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"


def _standing(report: RoundReport) -> dict[str, str]:
    interval = report.interval("report")
    return {
        "model": report.candidate,
        "round": str(report.round),
        "accuracy": format_rate(report.metrics.get("report_accuracy")),
        "interval": format_interval(interval).partition("[")[2].rstrip("]").replace(", ", " to ") if interval else "",
    }


def _decision(report: RoundReport) -> dict[str, Any]:
    return {"round": report.round, "action": report.action, "reason": report.reason, "reused": report.reused}


def _samples_of(number: int, rows: Sequence[SampleRow]) -> dict[str, Any]:
    """Samples of a round by what became of them: kept first, then each drop reason, in the order of the rows."""
    groups: dict[str, list[SampleRow]] = {"kept": []}
    for row in rows:
        groups.setdefault("kept" if row.kept else row.reason, []).append(row)
    named = [(name.replace("_", " "), name == "kept", members) for name, members in groups.items() if members]
    return {"round": number, "groups": [{"name": n, "is_kept": kept, "rows": members} for n, kept, members in named]}


def _link(name: str, address: str) -> dict[str, Any]:
    return {"name": name, "address": address, "is_page": address.startswith(("http://", "https://"))}


def _has_samples(reports: Sequence[RoundReport]) -> bool:
    return any(report.metrics.get("num_samples") for report in reports)


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
