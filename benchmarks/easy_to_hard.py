"""The table and the figure of docs/results.md, from what a run of configs/recipes/easy_to_hard.yaml published.

selfloop run configs/recipes/easy_to_hard.yaml
python -m benchmarks.easy_to_hard [EXPERIMENT] [--figure docs/easy_to_hard.svg]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from flows.services.addresses import resolve_addresses
from infra.store.address import open_store
from tasks.report.entry import ReportEntry, find_entry

LENGTHS = range(4, 10)
NUM_LABELLED = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment", nargs="?", default="easy-to-hard")
    parser.add_argument("--figure", type=Path, help="an SVG file to draw")
    arguments = parser.parse_args()
    entries = read_entries(arguments.experiment)
    print(table(entries))
    if arguments.figure:
        draw(entries, arguments.figure)


def read_entries(experiment: str) -> list[ReportEntry]:
    """The entries of all finished rounds, from round 0."""
    store = open_store(resolve_addresses().store)
    entries: list[ReportEntry] = []
    while (entry := find_entry(store, experiment, len(entries))) is not None:
        entries.append(entry)
    if not entries:
        raise SystemExit(f"{experiment} has no finished round in {store.uri}: run the recipe first")
    return entries


def accuracy(entry: ReportEntry, digits: int) -> float:
    return entry.report.metrics[f"report_accuracy_digits_{digits}"]


def table(entries: Sequence[ReportEntry]) -> str:
    """A row a round in Markdown."""
    heads = ["round", "labels kept", "of them right", *(f"{digits} digits" for digits in LENGTHS)]
    rows = [heads, ["---"] * len(heads)]
    for entry in entries:
        metrics = entry.report.metrics
        kept = (
            [f"{metrics['num_kept']:,.0f}", f"{metrics['kept_precision']:.0%}"] if "num_kept" in metrics else ["-"] * 2
        )
        rows.append([str(entry.report.round), *kept, *(f"{accuracy(entry, digits):.2f}" for digits in LENGTHS)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw(entries: Sequence[ReportEntry], path: Path) -> None:
    """One curve a round: accuracy on the report set over the length of the numbers."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "easy-to-hard"
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
    shades = pyplot.get_cmap("viridis_r")
    for entry in entries:
        values = [accuracy(entry, digits) for digits in LENGTHS]
        shade = shades(entry.report.round / len(entries))
        axes.plot(list(LENGTHS), values, marker="o", color=shade, label=f"round {entry.report.round}")
    axes.axvspan(LENGTHS[0] - 0.3, NUM_LABELLED + 0.3, color="0.92", label="labelled lengths")
    axes.set(xlabel="digits of the numbers", ylabel="accuracy, report set", ylim=(-0.03, 1.03))
    axes.legend(loc="lower left", frameon=False)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    main()
