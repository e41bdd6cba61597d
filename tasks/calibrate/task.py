"""Prefect task of the calibrate stage: the round's temperature and reward threshold, by the balance score."""

from __future__ import annotations

from tasks.calibrate.balance import wanted_per_problem
from tasks.calibrate.probe import draw_probe, probe_judges
from tasks.calibrate.run import Calibration, calibrate_round
from tasks.calibrate.stage import CALIBRATE
from tasks.core.bench import Workbench
from tasks.core.files import TRAIN_SET
from tasks.core.refs import ModelRef, StepRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.stage_task import stage_task
from tasks.core.step import Summary
from tasks.judge.stage import judging_identity


@stage_task(CALIBRATE)
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
    judging = judging_identity(bench, judges.needed, cast)
    spec = CALIBRATE.spec(recipe, bench.contents, round, {"model": model, "problems": problems}, judging=judging)

    def produce(scratch: Scratch) -> Summary:
        rows = list(TRAIN_SET.read(ledger, problems))
        probe = draw_probe(rows, config.probe_problems, recipe.seed)
        wanted = wanted_per_problem(config.target, len(rows))
        by_id = {problem.id: problem for problem in probe}
        return calibrate_round(Calibration(bench, config, model, cast, judges, by_id, wanted, spec.seed or 0, scratch))

    return bench.step(spec, produce)
