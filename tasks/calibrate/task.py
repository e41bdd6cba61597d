"""Prefect task of the calibrate stage: the round's temperature and reward threshold, by the balance score."""

from __future__ import annotations

from tasks.calibrate.balance import wanted_per_problem
from tasks.calibrate.probe import draw_probe, probe_judges
from tasks.calibrate.run import Calibration, calibrate_round
from tasks.core.bench import Workbench
from tasks.core.identity import calibrate_spec
from tasks.core.records import Problem
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.core.tables import read_records
from tasks.judge.identity import judging_identity


@stage_task("calibrate")
def calibrate(bench: Workbench, round: int, model: ModelRef, problems: StepRef, cast: Cast) -> StepRef:
    """The round's setting, as the summary's `temperature` and `threshold`; the grid as `curve.parquet` and `curve.svg`,
    and the probe's samples and verdicts.

    Args:
        model: writes the probe's samples, and then the round's.
        problems: the step with `train.parquet`; the probe is drawn from it, the same in every round.
    """
    recipe, ledger = bench.recipe, bench.ledger
    config = recipe.calibrate
    assert config is not None, "the flow asks for a calibration only where the recipe has one"
    judges = probe_judges(recipe)
    spec = calibrate_spec(recipe, bench.contents, round, model, problems, judging_identity(bench, judges.needed, cast))

    def produce(scratch: Scratch) -> Summary:
        rows = list(read_records(ledger.fetch(problems, "train.parquet"), Problem))
        probe = draw_probe(rows, config.probe_problems, recipe.seed)
        wanted = wanted_per_problem(config.target, len(rows))
        by_id = {problem.id: problem for problem in probe}
        return calibrate_round(Calibration(bench, config, model, cast, judges, by_id, wanted, spec.seed or 0, scratch))

    return bench.step(spec, produce)
