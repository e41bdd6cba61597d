"""From the steps of a round to its report: flat numbers under fixed names, and some sample texts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tasks.decide.state import RoundOutcome
from tasks.records import Drop, Problem, Sample, Verdict
from tasks.report.rounds import RoundReport, SampleRow
from tasks.report.samples import draw_rows

SAMPLES_KEPT_IN_REPORT = 200


def build_round(experiment: str, outcome: RoundOutcome, loads: Mapping[str, int]) -> RoundReport:
    """The report of a round.

    The numeric summaries of its steps become metrics; a later stage's value wins where names meet.

    Args:
        loads: generator and trainer starts of the round, by kind.
    """
    state, steps = outcome.state, outcome.steps
    metrics: dict[str, float] = {}
    for stage, step in steps.items():
        metrics |= {name: value for name, value in step.summary.items() if _is_number(value)}  # type: ignore[misc]
        metrics[f"seconds_{stage}"] = step.seconds
    metrics |= {f"{kind}_loads": count for kind, count in loads.items()}
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
    )


def draw_sample_rows(
    samples: Iterable[Sample],
    verdicts: Iterable[Verdict],
    drops: Iterable[Drop],
    problems: Mapping[str, Problem],
    num_judges: int,
) -> list[SampleRow]:
    """Some samples, kept ones and dropped ones of every reason; all streams in the order of the samples."""
    return draw_rows(_rows(samples, iter(verdicts), iter(drops), problems, num_judges), SAMPLES_KEPT_IN_REPORT)


def _rows(
    samples: Iterable[Sample],
    verdicts: Iterator[Verdict],
    drops: Iterator[Drop],
    problems: Mapping[str, Problem],
    num_judges: int,
) -> Iterator[SampleRow]:
    dropped = next(drops, None)
    for sample in samples:
        verdict, *_ = [next(verdicts) for _ in range(num_judges)]
        is_dropped = dropped is not None and dropped.sample_id == sample.id
        problem = problems[sample.problem_id]
        yield SampleRow(
            problem_id=sample.problem_id,
            prompt=problem.messages[-1].content,
            text=sample.text,
            gold=problem.gold,
            answer=verdict.answer,
            label=verdict.label,
            kept=not is_dropped,
            reason=dropped.reason if is_dropped and dropped else "",
        )
        if is_dropped:
            dropped = next(drops, None)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
