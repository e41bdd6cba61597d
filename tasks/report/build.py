"""From the steps of a round to its report: flat numbers under fixed names, and some sample texts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from configs.schema.role import POLICY
from tasks.benchmark.stage import CHAMPION
from tasks.core.missing import first_of_each, largest_share
from tasks.core.models import metric_of
from tasks.core.records import Drop
from tasks.core.usage import OF_STAGE
from tasks.decide.state import RoundOutcome
from tasks.monitor.histograms import Histogram
from tasks.report.rounds import BenchmarkRow, RoundReport, SampleRow
from tasks.report.samples import draw_rows
from tasks.sample.problems.tally import rows_left_out
from tasks.select.filters.filter import Group

SAMPLES_KEPT_IN_REPORT = 200


def build_round(
    experiment: str,
    outcome: RoundOutcome,
    spending: Mapping[str, float],
    histograms: Mapping[str, Histogram] | None = None,
    warnings: Sequence[str] = (),
    extra_figures: Mapping[str, str] | None = None,
    phase: str = "",
    benchmarks: Sequence[BenchmarkRow] = (),
) -> RoundReport:
    """The report of a round.

    The numeric summaries of its steps become metrics; a later stage's value wins where names meet.

    Args:
        spending: what the round used, by metric name (`Workbench.spending`).
        histograms: those of the monitor step (`read_histograms`).
        warnings: the guards that spoke, in words.
        extra_figures: further figures as SVG, by title.
        phase: its name, where the recipe has phases.
        benchmarks: scores, where models were asked (`benchmark_table.rows_from`).
    """
    state, steps = outcome.state, outcome.steps
    metrics: dict[str, float] = {}
    for stage, step in steps.items():
        numbers = {name: value for name, value in step.summary.items() if _is_number(value)}
        before = "champion_" if stage == CHAMPION else ""
        metrics |= {before + metric_of(stage, name): value for name, value in numbers.items()}
        metrics[f"seconds_{stage}"] = step.seconds
        metrics |= {f"{name}_{stage}": metrics.pop(name) for name in OF_STAGE if name in metrics}
    metrics |= {**largest_share(metrics), **spending}
    decision = state.decisions[-1] if state.decisions else None
    return RoundReport(
        experiment=experiment,
        round=state.round,
        candidate=outcome.candidate.name if outcome.candidate else "",
        incumbent=outcome.beaten,
        champion=state.champion.name,
        action=decision.action.value if decision else "baseline",
        reason=decision.reason if decision else "the model everything starts from",
        metrics=metrics,
        steps={stage: step.prefix for stage, step in steps.items()},
        reused=[stage for stage, step in steps.items() if step.is_reused],
        histograms=dict(histograms or {}),
        warnings=list(warnings),
        missing=[line for step in steps.values() for line in first_of_each(step.summary)],
        left_out=[line for step in steps.values() for line in rows_left_out(step.summary)],
        extra_figures=dict(extra_figures or {}),
        phase=phase,
        benchmarks=list(benchmarks),
        roles={name: lineage.current.name for name, lineage in state.models.items() if name != POLICY},
    )


def draw_sample_rows(groups: Iterable[Group], drops: Iterable[Drop]) -> list[SampleRow]:
    """Some samples, kept ones and dropped ones of every reason; both streams in the order of the samples."""
    return draw_rows(_rows(groups, iter(drops)), SAMPLES_KEPT_IN_REPORT)


def _rows(groups: Iterable[Group], drops: Iterator[Drop]) -> Iterator[SampleRow]:
    dropped = next(drops, None)
    for candidate in (candidate for group in groups for candidate in group):
        sample, verdict, problem = candidate.sample, candidate.verdict(None), candidate.problem
        is_dropped = dropped is not None and dropped.sample_id == sample.id
        yield SampleRow(
            problem_id=sample.problem_id,
            prompt=problem.messages[-1].content,
            text=sample.text,
            gold=problem.gold,
            answer=verdict.answer,
            label=verdict.label,
            score=verdict.score,
            kept=not is_dropped,
            reason=dropped.reason if is_dropped and dropped else "",
        )
        if is_dropped:
            dropped = next(drops, None)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
