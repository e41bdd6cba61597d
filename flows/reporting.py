"""After each round: its entry in the store, MLflow, Prefect's page and the terminal.

The entries in the store are the index of an experiment (`tasks/report/entry.py`). MLflow can be down or lost: rounds
go on, and `selfloop sync` fills the gap.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from configs.schema.load import dump_recipe
from flows.artifacts import show_markdown
from flows.mlflow_sync import Tracking
from flows.open import recipe_digest
from flows.services import Addresses
from tasks.decide.state import LoopState, RoundOutcome
from tasks.generate.read import read_samples
from tasks.records import Drop, Problem, Verdict
from tasks.refs import StepRef
from tasks.report.build import build_round, draw_sample_rows
from tasks.report.champion import champion_p_value
from tasks.report.entry import ReportEntry, find_entry, to_experiment, write_entry
from tasks.report.html import render_report
from tasks.report.rounds import RoundReport, SampleRow
from tasks.report.table import markdown_table, print_table
from tasks.tables import read_records
from tasks.workbench import Workbench


@dataclass
class Reporting:
    """The reporting of one run, from `Reporting(bench, addresses)` to `finish()`."""

    bench: Workbench
    addresses: Addresses
    tracking: Tracking
    entries: list[ReportEntry] = field(default_factory=list)
    _loads: Counter[str] = field(default_factory=Counter)

    def add_round(self, outcome: RoundOutcome) -> None:
        """Report a round."""
        state, steps, candidate = outcome.state, outcome.steps, outcome.candidate
        recipe = self.bench.recipe
        before = find_entry(self.bench.ledger.store, recipe.name, state.round)
        report = build_round(recipe.name, outcome, self._count_loads())
        if before is not None and before.report.steps == report.steps and len(report.reused) == len(report.steps):
            # Nothing was loaded now: the loads of the run that computed the round are the ones to show.
            loads = {key: value for key, value in before.report.metrics.items() if key.endswith("_loads")}
            report = report.model_copy(update={"metrics": {**report.metrics, **loads}})
            samples = before.samples
        else:
            samples = self._draw_samples(steps, state)
        entry = ReportEntry(
            recipe=recipe_digest(recipe), report=report, samples=samples, model=candidate, state=state
        )  # fmt: skip
        write_entry(self.bench.ledger.store, entry)
        self.entries.append(entry)
        self.tracking.add(entry)
        show_markdown(f"{recipe.name} round {state.round}", self._summary(report))
        self.bench.progress.line(f"round {state.round}: {report.reason}")

    def finish(self) -> None:
        """The table of rounds, report.html, MLflow's summary, and where to look."""
        if not self.entries:
            return
        p_value = champion_p_value(self.bench.ledger, self.entries)
        experiment = to_experiment(self.entries, dump_recipe(self.bench.recipe), p_value)
        page = render_report([experiment])
        path = self.addresses.home / "reports" / f"{self.bench.recipe.name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
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
        mlflow = f"[MLflow]({link})" if link else f"MLflow: `{self.addresses.tracking}` (selfloop ui)"
        return f"{markdown_table([report])}\n\n{report.reason}\n\n{mlflow}\n\n{places}"

    def _count_loads(self) -> dict[str, int]:
        """Generator and trainer starts since the round before."""
        now = self.bench.count_loads()
        new, self._loads = now - self._loads, now
        return {kind: new[kind] for kind in ("generator", "trainer")}

    def _draw_samples(self, steps: Mapping[str, StepRef], state: LoopState) -> list[SampleRow]:
        if "select" not in steps:
            return []
        ledger = self.bench.ledger
        problems = read_records(ledger.fetch(state.problems, "train.parquet"), Problem)
        return draw_sample_rows(
            read_samples(ledger, steps["generate"]),
            read_records(ledger.fetch(steps["judge"], "verdicts.parquet"), Verdict),
            read_records(ledger.fetch(steps["select"], "drops.parquet"), Drop),
            {problem.id: problem for problem in problems},
            len(self.bench.recipe.judge),
        )


def _command() -> str:
    """How this command is typed here: its name where the shell finds it, else its path."""
    own = Path(sys.argv[0]).absolute()
    found = shutil.which("selfloop")
    return "selfloop" if not own.exists() or (found and Path(found).samefile(own)) else _shown(own)


def _shown(path: Path) -> str:
    """A path as short as it can be from here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
