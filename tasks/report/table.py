"""The table of rounds: in the terminal and in Markdown (README, Prefect artifacts). Called by flows. Pure but for the
printing; rich is imported when something is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from tasks.core.models import metric_of, stage_of
from tasks.report.benchmark_table import benchmark_rows
from tasks.report.correction_line import correction_line
from tasks.report.correction_table import correction_rows
from tasks.report.draws_line import draws_line
from tasks.report.online_line import online_line
from tasks.report.rounds import RoundReport

COLUMNS = ("round", "model", "select", "report", "samples", "kept", "examples", "loads g/t", "time", "decision")
PLAIN_WIDTH = 160
_WORDS = {"baseline": "baseline", "promote": "promoted", "keep_incumbent": "incumbent kept",
          "roll_back": "rolled back", "stop": "stopped"}  # fmt: skip
# Eight blocks of rising height, U+2581 to U+2588.
_BLOCKS = tuple(chr(code) for code in range(0x2581, 0x2589))


def columns_of(reports: Sequence[RoundReport]) -> tuple[str, ...]:
    """COLUMNS, with the phase behind the round where there are phases."""
    return (COLUMNS[0], "phase", *COLUMNS[1:]) if any(report.phase for report in reports) else COLUMNS


def table_rows(reports: Sequence[RoundReport]) -> list[tuple[str, ...]]:
    """Rows of texts in the order of the columns: one a round, then one for each role that learns; `-` stands for what
    there is not."""
    return [row for report in reports for row in rows_of(report, columns_of(reports))]


def rows_of(report: RoundReport, columns: Sequence[str] = COLUMNS) -> list[tuple[str, ...]]:
    """The row of a round, and those of its roles."""
    learned = [name for name in report.roles if stage_of("select", name) in report.steps]
    rows = [_row(report), *(_role_row(report, name) for name in learned)]
    return [(row[0], report.phase or "-", *row[1:]) for row in rows] if "phase" in columns else rows


def _role_row(report: RoundReport, name: str) -> tuple[str, ...]:
    """What a role was trained on; it is not evaluated by itself, so accuracies are the policy's alone."""
    stages = stage_of("select", name), stage_of("train", name)
    kept, examples = (report.metrics.get(metric_of(stage, number))
                      for stage, number in zip(stages, ("kept_rate", "num_examples"), strict=True))  # fmt: skip
    word = "trained" if stages[1] in report.steps else "left as it is"
    return (str(report.round), report.roles[name], "-", "-", "-", format_rate(kept), _count(examples), "-",
            format_seconds(report.seconds(*stages)), word)  # fmt: skip


def _row(report: RoundReport) -> tuple[str, ...]:
    metrics = report.metrics
    loads = [metrics.get(f"{kind}_loads") for kind in ("generator", "trainer")]
    return (
        str(report.round),
        report.candidate or "-",
        format_interval(report.interval("select")),
        format_interval(report.interval("report")),
        _count(metrics.get("num_samples")),
        format_rate(metrics.get("kept_rate")),
        _count(metrics.get("num_examples")),
        "/".join("-" if number is None else f"{number:.0f}" for number in loads),
        format_seconds(report.seconds()),
        _WORDS[report.action],
    )


def lines_below(reports: Sequence[RoundReport]) -> list[str]:
    """What is said of self-correction, of online training and of draws that were saved, where there is any."""
    lines = (correction_line(reports), online_line(reports), draws_line(reports))
    return [line for line in lines if line is not None]


def print_table(reports: Sequence[RoundReport], file: TextIO) -> None:
    """Print the table, and below it what is missing: in colours on a terminal, as plain text elsewhere."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    is_terminal = file.isatty()
    console = Console(file=file, width=None if is_terminal else PLAIN_WIDTH, highlight=False)
    several = len({report.experiment for report in reports}) > 1
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    columns = columns_of(reports)
    for column in (("experiment",) if several else ()) + columns:
        left = column in ("experiment", "phase", "model", "decision")
        table.add_column(column, justify="left" if left else "right", no_wrap=True)
    for report in reports:
        for place, row in enumerate(rows_of(report, columns)):
            texts = ((report.experiment,) if several else ()) + row
            is_promoted = place == 0 and report.action == "promote"
            table.add_row(*(Text(text) for text in texts), style="green" if is_promoted else None)
    console.print(table)
    if not several and (rows := correction_rows(reports)):
        flows = Table(*rows[0], box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for row in rows[1:]:
            flows.add_row(*map(Text, row))
        for numbers in flows.columns:
            numbers.justify = "right"
        console.print(Text("\nself-correction on the report set"), flows)
    if not several and (rows := benchmark_rows(reports)):
        scores = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for place, head in enumerate(rows[0]):
            scores.add_column(head, justify="left" if place in (1, 2, 3) else "right", no_wrap=True)
        for row in rows[1:]:
            scores.add_row(*map(Text, row))
        console.print(Text("\nbenchmarks"), scores)
    for line in lines_below(reports) if not several else ():
        console.print(Text(line))
    for report in reports:
        for line in report.missing:
            console.print(Text(f"{report.experiment} round {report.round}: missing: {line}"), soft_wrap=True)
        for line in report.left_out:
            console.print(Text(f"{report.experiment}: {line}"), soft_wrap=True)


def markdown_table(reports: Sequence[RoundReport]) -> str:
    """The table in Markdown; below it a sparkline of report accuracy, of several rounds, and what is missing."""
    lines = markdown_rows(table_rows_of(reports))
    accuracies = [report.metrics["report_accuracy"] for report in reports if "report_accuracy" in report.metrics]
    if len(accuracies) > 1:
        ends = f"{format_rate(accuracies[0])} to {format_rate(accuracies[-1])}"
        lines += ["", f"report accuracy by round: {sparkline(accuracies)} ({ends})"]
    if flows := correction_rows(reports):
        lines += ["", "self-correction on the report set", "", *markdown_rows(flows)]
    if scores := benchmark_rows(reports):
        lines += ["", "benchmarks", "", *markdown_rows(scores)]
    for line in lines_below(reports):
        lines += ["", line]
    missing = [f"- round {report.round}, missing: {line}" for report in reports for line in report.missing]
    missing += [f"- left out: {line}" for report in reports for line in report.left_out]
    lines += ["", *missing] if missing else []
    return "\n".join(lines) + "\n"


def table_rows_of(reports: Sequence[RoundReport]) -> list[tuple[str, ...]]:
    """The heads, and the rows below them."""
    return [columns_of(reports), *table_rows(reports)]


def markdown_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table whose first row are the heads."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]


def sparkline(rates: Sequence[float]) -> str:
    """One block a rate; the lowest block is 0, the highest 1."""
    return "".join(_BLOCKS[min(int(rate * len(_BLOCKS)), len(_BLOCKS) - 1)] for rate in rates)


def format_rate(rate: float | None) -> str:
    """A rate in [0, 1] as a percentage."""
    return "-" if rate is None else f"{100 * rate:.1f} %"


def format_interval(interval: tuple[float, float, float] | None) -> str:
    """(value, low, high) as percentages: `79.0 % [76.2, 81.5]`."""
    if interval is None:
        return "-"
    value, low, high = interval
    return f"{format_rate(value)} [{100 * low:.1f}, {100 * high:.1f}]"


def format_seconds(seconds: float | None) -> str:
    """A duration as people say it: `48 s`, `12 min 5 s`, `3 h 20 min`."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _count(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}"
