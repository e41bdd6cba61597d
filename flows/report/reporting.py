"""After each round: its entry in the store, MLflow, Prefect's page and the terminal.

The entries in the store are the index of an experiment (`tasks/report/entry.py`). MLflow can be down or lost: rounds
go on, and `selfloop sync` fills the gap.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.load import dump_recipe
from flows.report.artifacts import show_markdown
from flows.report.mlflow_sync import Tracking
from flows.run.experiment import recipe_digest
from flows.services.addresses import Addresses
from infra.store.files import replace_durably
from infra.tracking.connect import without_password
from tasks.benchmark.stage import BENCHMARK, CHAMPION
from tasks.calibrate.stage import CURVE_FIGURE
from tasks.core.bench import Workbench
from tasks.core.files import BENCHMARK_SCORES, DROPS, TRAIN_SET
from tasks.core.refs import StepRef
from tasks.core.sources import source_of
from tasks.decide.state import RoundOutcome
from tasks.monitor.histograms import read_histograms
from tasks.online.stage import METRICS_FILE, SegmentNumbers
from tasks.report.benchmark_table import rows_from
from tasks.report.build import build_round, draw_sample_rows
from tasks.report.champion import champion_p_value
from tasks.report.entry import ReportEntry, find_entry, to_experiment, write_entry
from tasks.report.html import render_report
from tasks.report.rounds import BenchmarkRow, RoundReport, SampleRow
from tasks.report.segment_figure import segment_figure
from tasks.report.table import markdown_table, print_table
from tasks.select.join import open_groups

SPENDING = ("generator_", "trainer_loads", "endpoint_")
"""beginnings of the metrics that say what a round used"""


@dataclass
class Reporting:
    """The reporting of one run, from `Reporting(bench, addresses)` to `finish()`."""

    bench: Workbench
    addresses: Addresses
    tracking: Tracking
    entries: list[ReportEntry] = field(default_factory=list)
    _spent: dict[str, float] = field(default_factory=dict)

    def add_round(self, outcome: RoundOutcome) -> None:
        """Report a round."""
        state, steps, candidate = outcome.state, outcome.steps, outcome.candidate
        recipe = self.bench.recipe
        before = find_entry(self.bench.ledger.store, recipe.name, state.round)
        histograms = read_histograms(self.bench.ledger, steps["monitor"]) if "monitor" in steps else {}
        stay = recipe.stay_at(state.round)
        warnings = state.decisions[-1].warnings if state.decisions else ()
        report = build_round(
            recipe.name, outcome, self._count_spending(), histograms, warnings, self._figures(steps),
            stay.name if stay else "", self._benchmarks(outcome),
        )  # fmt: skip
        if before is not None and before.report.steps == report.steps and len(report.reused) == len(report.steps):
            # Nothing was used now: what the run used that computed the round is the thing to show.
            spent = {key: value for key, value in before.report.metrics.items() if key.startswith(SPENDING)}
            report = report.model_copy(update={"metrics": {**report.metrics, **spent}})
            samples = before.samples
        else:
            samples = self._draw_samples(outcome)
        entry = ReportEntry(
            recipe=recipe_digest(self.bench), report=report, samples=samples, model=candidate, state=state
        )  # fmt: skip
        write_entry(self.bench.ledger.store, entry)
        self.entries.append(entry)
        self.tracking.add(entry)
        show_markdown(f"{recipe.name} round {state.round}", self._summary(report))
        self.bench.progress.line(f"round {state.round}: {report.reason}")
        for warning in warnings:
            self.bench.progress.line(f"round {state.round}: guard: {warning}")

    def finish(self) -> None:
        """The table of rounds, report.html, MLflow's summary, and where to look."""
        if not self.entries:
            return
        p_value = champion_p_value(self.bench.ledger, self.entries)
        experiment = to_experiment(self.entries, dump_recipe(self.bench.recipe), p_value)
        page = render_report([experiment])
        path = self.addresses.home / "reports" / f"{self.bench.recipe.name}.html"
        replace_durably(path, page.encode())
        self.tracking.finish(experiment, page)
        print_table(experiment.rounds, sys.stdout)
        print(f"\nreport   {_shown(path)}")
        print(f"MLflow   {_command()} ui   (and Prefect)")
        print(f"model    {_command()} export {experiment.name} --to DIR   ({experiment.champion.candidate})")

    def _summary(self, report: RoundReport) -> str:
        """The round in Markdown, with links to MLflow and the places of its steps in the store."""
        store = self.bench.ledger.store.uri
        places = "\n".join(f"- {stage}: `{store}/{prefix}`" for stage, prefix in report.steps.items())
        link = self.tracking.url()
        mlflow = f"[MLflow]({link})" if link else f"MLflow: `{without_password(self.addresses.tracking)}` (selfloop ui)"
        return f"{markdown_table([report])}\n\n{report.reason}\n\n{mlflow}\n\n{places}"

    def _count_spending(self) -> dict[str, float]:
        """What was used since the round before."""
        before, self._spent = self._spent, self.bench.spending()
        return {name: value - before.get(name, 0) for name, value in self._spent.items()}

    def _draw_samples(self, outcome: RoundOutcome) -> list[SampleRow]:
        steps, ledger = outcome.steps, self.bench.ledger
        if "segment" not in steps and "select" not in steps:
            return []
        problems = {row.id: row for row in TRAIN_SET.read(ledger, outcome.sampled)}
        guided = [(steps["guide"], steps["guide"])] if "guide" in steps else []
        drawn = (steps["segment"],) * 2 if "segment" in steps else (steps["generate"], steps["judge"])
        sources = [source_of(ledger, *pair) for pair in [drawn, *guided]]
        groups = open_groups(
            sources, problems, [judge.name for judge in self.bench.recipe.in_round(outcome.state.round).judge]
        )
        return draw_sample_rows(groups(), DROPS.read(ledger, steps["segment" if "segment" in steps else "select"]))

    def _benchmarks(self, outcome: RoundOutcome) -> list[BenchmarkRow]:
        """Scores of the round's candidate, and of the champion where it was asked too."""
        models = {BENCHMARK.name: outcome.candidate, CHAMPION: outcome.state.champion}
        return [
            row
            for stage, model in models.items()
            if model is not None and stage in outcome.steps
            for row in rows_from(BENCHMARK_SCORES.read(self.bench.ledger, outcome.steps[stage]), model.name)
        ]

    def _figures(self, steps: Mapping[str, StepRef]) -> dict[str, str]:
        """Figures that stages drew, by title."""
        figures = {}
        if "calibrate" in steps:
            curve = self.bench.ledger.fetch(steps["calibrate"], CURVE_FIGURE)
            figures["calibration"] = curve.read_text(encoding="utf-8")
        if "segment" in steps and SegmentNumbers.of(steps["segment"]).num_steps:
            path = self.bench.ledger.fetch(steps["segment"], METRICS_FILE)
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            figure = segment_figure(lines)
            figures |= {"segment": figure} if figure else {}
        return figures


def _command() -> str:
    """How this command is typed here: its name where the shell finds it, else its path."""
    own = Path(sys.argv[0]).absolute()
    if own.name != "selfloop":  # a worker's run: its program is Prefect's
        return "selfloop"
    found = shutil.which("selfloop")
    return "selfloop" if not own.exists() or (found and Path(found).samefile(own)) else _shown(own)


def _shown(path: Path) -> str:
    """A path as short as it can be from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
