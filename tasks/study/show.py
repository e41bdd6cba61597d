"""A study as a reader sees it: the table as text and Markdown, the curves, and a page that opens offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from configs.schema.study import Study
from tasks.report.figures import COLOURS, axis_percent
from tasks.report.svg import render_svg
from tasks.study.comparison import Estimate
from tasks.study.rows import Failure, Outcome, Row

COLUMNS = ("method", "accuracy", "against {baseline}", "p (Holm)", "rank", "gained", "budget", "tokens a point",
           "gate", "pass@k", "distinct", "length", "elsewhere")  # fmt: skip
CONTROL_WORDS = {
    "by_chance": "a control, {recipe} with verdicts that know nothing",
    "training_only": "a control, the warm start gone on with for as long",
}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2rem auto;padding:0 1rem;color:#1f2328}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:.35rem .6rem;"
    "border-bottom:1px solid #d9dee3;white-space:nowrap}th:first-child,td:first-child{text-align:left}"
    "td.note{white-space:normal;text-align:left;color:#59636e}svg{max-width:100%;height:auto}"
)


def cells(row: Row) -> tuple[str, ...]:
    """A row as texts, in the order of COLUMNS."""
    best, worst = row.rank
    numbers = row.numbers
    passes = {name.rpartition("_")[2]: value for name, value in numbers.items() if "_pass_at_" in name}
    return (
        row.method,
        f"{row.accuracy.mean:.1%} [{row.accuracy.low:.1%}, {row.accuracy.high:.1%}]",
        "-" if row.gain is None else _difference(row.gain),
        "-" if row.p_value is None else f"{row.p_value:.2g}",
        str(best) if best == worst else f"{best}-{worst}",
        _difference(row.gained),
        f"{row.spent:.0%}",
        "-" if row.tokens_per_point is None else f"{row.tokens_per_point:,.0f}",
        "-" if row.promoted is None else f"{row.promoted:.0%}",
        " ".join(f"{k}: {value:.1%}" for k, value in sorted(passes.items(), key=lambda item: int(item[0]))) or "-",
        f"{numbers['distinct_rate']:.0%}" if "distinct_rate" in numbers else "-",
        f"{numbers['mean_tokens']:.1f}" if "mean_tokens" in numbers else "-",
        " ".join(f"{name.removeprefix('benchmark_')}: {value:.1%} ({_points(change)})"
                 for name, (value, change) in row.elsewhere.items()) or "-",
    )  # fmt: skip


def table_of(study: Study, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Heads and rows; without the last column where no method was asked elsewhere."""
    heads = tuple(name.format(baseline=study.baseline) for name in COLUMNS)
    table = [heads, *(cells(row) for row in rows)]
    return table if any(row.elsewhere for row in rows) else [line[:-1] for line in table]


def markdown(study: Study, rows: Mapping[str, Sequence[Row]], failures: Sequence[Failure]) -> str:
    """All tables, and what is said below them."""
    lines: list[str] = []
    for task, found in rows.items():
        lines += [f"### {task}", ""] if task else []
        heads, *texts = (f"| {' | '.join(line)} |" for line in table_of(study, found))
        lines += [heads, f"|{' --- |' * (heads.count(' | ') + 1)}", *texts]
        lines += ["", *(f"- {line}" for line in notes(study, task, found, failures)), ""]
    return "\n".join([*lines, *legend(study)])


def notes(study: Study, task: str, rows: Sequence[Row], failures: Sequence[Failure]) -> list[str]:
    """What a reader has to know of single runs, and of controls that gain."""
    told = [f"{row.method}: {note}" for row in rows for note in row.notes]
    told += [
        f"{row.method} gains beyond its interval, by verdicts that know nothing: so much is not the judge's doing"
        for row in rows
        if study.methods[row.method].control == "by_chance" and row.gained.low > 0
    ]
    return told + [f"{one.method}, seed {one.seed}: no result: {one.reason}" for one in failures if one.task == task]


def legend(study: Study) -> list[str]:
    """What the columns are."""
    sure = f"{study.confidence:.0%}"
    over = "seeds and problems" if len(study.seeds) > 1 else "problems; one seed says nothing of others"
    return [
        f"Accuracy is greedy, on the report set, of the {study.score} model within the budget; {sure} intervals over "
        f"{over}.",
        f"Against {study.baseline}: points on the same problems and seeds; p corrected by Holm for a task's methods.",
        "Rank: the best and the worst place that the comparisons of all pairs leave open. Gained: points over round 0.",
        "Tokens a point: written, read and trained on. Gate: share of rounds that it let pass.",
        *(f"{name}: {CONTROL_WORDS[method.control].format(recipe=method.recipe)}."
          for name, method in study.methods.items() if method.control is not None),
    ]  # fmt: skip


def curves(study: Study, outcomes: Sequence[Outcome]) -> str:
    """Accuracy over the share of the budget, a line a run, a colour a method."""
    tasks = study.task_names

    def draw(figure: Any) -> None:
        for axes, task in zip(figure.subplots(1, len(tasks), squeeze=False)[0], tasks, strict=True):
            for index, method in enumerate(study.methods):
                runs = [one for one in outcomes if (one.task, one.method) == (task, method)]
                for number, run in enumerate(runs):
                    spent = [point.spent.against(study.budget_of(task)) for point in run.course.points]
                    axes.plot(spent, [point.accuracy for point in run.course.points], marker="o", markersize=3,
                              linestyle=("-", "--", ":")[index // len(COLOURS) % 3],
                              color=COLOURS[index % len(COLOURS)], label=method if number == 0 else None)  # fmt: skip
            axes.set_title(task or "accuracy on the report set")
            axes.set_xlabel("share of the budget")
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(axis_percent)
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right upper")

    return render_svg(draw, width=4.4 * len(tasks) + 2.4, height=3.6)


def page(study: Study, rows: Mapping[str, Sequence[Row]], failures: Sequence[Failure], figure: str) -> str:
    """A page that refers to nothing outside itself."""
    parts = [f"<h1>{escape(study.name)}</h1>", figure]
    for task, found in rows.items():
        parts += [f"<h2>{escape(task)}</h2>"] if task else []
        heads, *texts = table_of(study, found)
        parts += ["<table><tr>", *(f"<th>{escape(name)}</th>" for name in heads), "</tr>"]
        parts += ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in texts]
        parts += ["</table>", *(f"<p>{escape(line)}</p>" for line in notes(study, task, found, failures))]
    parts += [f"<p>{escape(line)}</p>" for line in legend(study)]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(study.name)}</title>'
    return f"{head}<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"


def _difference(found: Estimate) -> str:
    return f"{_points(found.mean)} [{_points(found.low)}, {_points(found.high)}]"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
