"""Prefect task of the judge stage: models are asked, then verdicts are written in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from configs.errors import RecipeError
from configs.schema.judges.kinds import Judge
from tasks.core.bench import Workbench
from tasks.core.files import HELD_OUT, SAMPLES, TRAIN_SET, VERDICTS
from tasks.core.ledger import Ledger
from tasks.core.records import Judgement, Problem, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.judge.judgements import InFolder
from tasks.judge.kinds.registry import kind_of
from tasks.judge.stage import JUDGE, specify
from tasks.judge.summary import JudgeSummary
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World


@stage_task(JUDGE)
def judge(bench: Workbench, round: int, samples: StepRef, problems: StepRef, cast: Cast) -> StepRef:
    """Verdicts of every judge on every sample: `verdicts.parquet`; what models said: `judgements-NAME.parquet`.

    What judges said while the samples were drawn, step by step or in revisions, is taken over.

    Args:
        problems: the step with `train.parquet`.
        cast: the states of the policy that may judge.
    """
    judges, ledger = bench.recipe.judge, bench.ledger
    spec = specify(bench, round, samples, problems, cast)

    def produce(scratch: Scratch) -> Summary:
        counts = JudgeSummary.of(judges)
        known = {row.id: row for row in TRAIN_SET.read(ledger, problems)}
        given = _given(ledger, samples)
        new = [judge for judge in judges if judge.name not in given]
        looks_elsewhere = any(asked.about is not None for judge in new for asked in judge.passes)
        held_out = _held_out(ledger, problems) if looks_elsewhere else []
        world = World(known, bench, cast, spec.seed or 0, scratch.answers, held_out)
        kept = _Counted(scratch.out, counts)
        verdicts = judge_samples(_Drawn(ledger, samples), judges, world, given, kept)
        VERDICTS.write(scratch.out, counts.watch(verdicts))
        _refuse_silence(new, counts)
        return {**counts.numbers()}

    return bench.step(spec, produce)


def _refuse_silence(judges: Sequence[Judge], counts: JudgeSummary) -> None:
    """A judge that could ask about none of the samples is told of before anything is made of its verdicts.

    Raises:
        RecipeError: there was nothing to ask.
    """
    for judge in judges:
        silence = kind_of(judge).silence
        if silence is not None and counts.is_silent(judge.name):
            raise RecipeError(f"judge '{judge.name}': there was nothing to ask about any sample", silence(judge))


def _given(ledger: Ledger, samples: StepRef) -> dict[str, Iterator[Verdict]]:
    """What judges said while the samples were drawn, by judge: they are not asked again."""
    if not VERDICTS.is_in(samples):
        return {}
    names = {verdict.judge for verdict in VERDICTS.read(ledger, samples)}

    def said_by(name: str) -> Iterator[Verdict]:
        return (verdict for verdict in VERDICTS.read(ledger, samples) if verdict.judge == name)

    return {name: said_by(name) for name in sorted(names)}


def _held_out(ledger: Ledger, problems: StepRef) -> list[Problem]:
    return [row for table in HELD_OUT.values() for row in table.read(ledger, problems)]


@dataclass(frozen=True)
class _Drawn:
    """The samples of a step, read anew each time."""

    ledger: Ledger
    step: StepRef

    def __iter__(self) -> Iterator[Sample]:
        return SAMPLES.read(self.ledger, self.step)


class _Counted(InFolder):
    """Judgements of the step; those of a judge's own pass are counted when they are read back."""

    def __init__(self, folder: Path, counts: JudgeSummary) -> None:
        super().__init__(folder)
        self._counts = counts

    def read(self, judge: str, part: str) -> Iterator[Judgement]:
        rows = super().read(judge, part)
        return rows if part else self._counts.watch_judgements(judge, rows)
