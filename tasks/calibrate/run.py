"""Calibrate joined to the generator and the judges: sample the probe at every temperature, judge, choose.

Called by `task.py`. Samples of all temperatures are drawn first, then judge after judge looks at them, so that every
model is loaded once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from configs.schema.generate import Balance
from configs.schema.judge import Judge
from tasks.calibrate.balance import Draw, Tally, choose, draw_curve, tally
from tasks.calibrate.figure import balance_figure
from tasks.calibrate.probe import ProbeJudges, ProbeShard
from tasks.calibrate.rows import PublishedRows
from tasks.calibrate.stage import CURVE, CURVE_FIGURE
from tasks.core.bench import Workbench
from tasks.core.joined import grouped, joined
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast
from tasks.core.scratch import Scratch
from tasks.core.step import Summary, derive_seed
from tasks.generate.run import sample_shards
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World


@dataclass(frozen=True)
class Calibration:
    """What one calibration works with.

    Attributes:
        shards: the probe at every temperature of the grid.
        problems: of the probe, by id.
        wanted: n*, training examples wanted of each problem.
    """

    bench: Workbench
    config: Balance
    model: ModelRef
    cast: Cast
    judges: ProbeJudges
    shards: Sequence[ProbeShard]
    problems: Mapping[str, Problem]
    wanted: int
    seed: int
    rows: PublishedRows
    scratch: Scratch


def calibrate_round(work: Calibration) -> Summary:
    """Draw, judge and choose; writes `curve.parquet` and `curve.svg`, and returns the step's summary.

    Raises:
        EngineError: a generator could not start, or died.
        NoDataError: no setting of the grid keeps a correct sample.
    """
    _draw_missing(work)
    _judge_missing(work)
    grid = sorted({shard.temperature for shard in work.shards})
    probes = {heat: _read_probe(work, heat) for heat in grid}
    tallies = {heat: [tally(draws) for draws in probe] for heat, probe in probes.items()}
    points = draw_curve(tallies, work.config.thresholds, work.wanted)
    best = choose(points, work.judges.reward.name, _highest(tallies))
    CURVE.write(work.scratch.out, points)
    (work.scratch.out / CURVE_FIGURE).write_text(balance_figure(points, best), encoding="utf-8")
    return {
        "temperature": best.temperature,
        "threshold": best.threshold,
        "balance": best.balance,
        "n_star": work.wanted,
        "probe_problems": len(work.problems),
        "probe_samples": sum(len(draws) for probe in probes.values() for draws in probe),
        "share_without": best.share_without,
        **{f"pass_rate_t{heat:g}": _pass_rate(probe) for heat, probe in probes.items()},
    }


def _draw_missing(work: Calibration) -> None:
    """Samples of the shards that are not published yet, temperature by temperature."""
    config = work.bench.recipe.generate
    missing = [shard for shard in work.shards if shard.samples_name not in work.rows]
    for heat, group in groupby(missing, key=lambda shard: shard.temperature):
        by_name = {shard.planned.name: shard for shard in group}
        sampling = config.sampling().model_copy(update={"temperature": heat})
        finished = sample_shards(
            work.bench.generator(work.model), [shard.planned for shard in by_name.values()], sampling,
            work.config.num_samples, work.model.digest, work.scratch.progress,
        )  # fmt: skip
        for planned, samples in finished:
            work.rows.put(by_name[planned.name].samples_name, Sample, samples)


def _judge_missing(work: Calibration) -> None:
    """Verdicts that are not published yet, judge by judge."""
    for judge in work.judges.needed:
        for shard in work.shards:
            if shard.verdicts_name(judge.name) not in work.rows:
                work.rows.put(shard.verdicts_name(judge.name), Verdict, _judge(work, judge, shard))


def _judge(work: Calibration, judge: Judge, shard: ProbeShard) -> Iterator[Verdict]:
    """A sum adds what was made already, so that no model is asked twice."""
    samples = work.rows.read(shard.samples_name, Sample)
    given = {name: work.rows.read(shard.verdicts_name(name), Verdict) for name in judge.needed_judges}
    seed = derive_seed(work.seed, "judge", shard.planned.name)
    world = World(work.problems, work.bench, work.cast, seed, work.scratch.progress)
    return judge_samples(samples, [judge], world, given)


def _read_probe(work: Calibration, temperature: float) -> list[list[Draw]]:
    """Draws of each probe problem at a temperature."""
    return [draws for shard in work.shards if shard.temperature == temperature for draws in _read_shard(work, shard)]


def _read_shard(work: Calibration, shard: ProbeShard) -> Iterator[list[Draw]]:
    answer, reward = work.judges.answer.name, work.judges.reward.name
    names = list(dict.fromkeys((answer, reward)))
    tables = [work.rows.read(shard.verdicts_name(name), Verdict) for name in names]
    verdicts = chain.from_iterable(zip(*tables, strict=True))
    samples = work.rows.read(shard.samples_name, Sample)
    for group in grouped(joined(samples, verdicts, names, work.problems)):
        yield [
            Draw(one.sample.text, one.verdict(reward).score, one.verdict(answer).label == Label.CORRECT)
            for one in group.candidates
        ]


def _highest(tallies: Mapping[float, Sequence[Tally]]) -> float | None:
    return max((item.scores[-1] for probe in tallies.values() for item in probe if item.scores), default=None)


def _pass_rate(probe: Sequence[Sequence[Draw]]) -> float:
    right = [draw.is_correct for draws in probe for draw in draws]
    return sum(right) / len(right)
