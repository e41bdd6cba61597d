"""Calibrate joined to the generator and the judges: sample the probe at every temperature, judge, choose.

Called by `task.py`. Samples of all temperatures are drawn first, then judge after judge looks at them, so that every
model is loaded once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from configs.schema.around_generate import Balance
from tasks.calibrate.balance import Draw, Tally, choose, draw_curve, tally
from tasks.calibrate.figure import balance_figure
from tasks.calibrate.probe import ProbeJudges, ProbeTables
from tasks.calibrate.stage import CURVE, CURVE_FIGURE
from tasks.core.bench import Workbench
from tasks.core.joined import grouped, joined
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.core.refs import ModelRef
from tasks.core.roles import Cast, policy_answerer
from tasks.core.scratch import Scratch
from tasks.core.step import Summary, derive_seed
from tasks.core.tables import read_records, write_records
from tasks.judge.verdicts import judge_samples
from tasks.judge.world import World
from tasks.sample.draws.independent import Draws, Independent
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.shots import NO_SHOTS, Shots


@dataclass(frozen=True)
class Calibration:
    """What one calibration works with.

    Attributes:
        problems: of the probe, by id.
        wanted: n*, training examples wanted of each problem.
        shots: worked examples that the round shows before its problems.
    """

    bench: Workbench
    config: Balance
    model: ModelRef
    cast: Cast
    judges: ProbeJudges
    problems: Mapping[str, Problem]
    wanted: int
    seed: int
    scratch: Scratch
    shots: Shots = NO_SHOTS

    @property
    def tables(self) -> list[ProbeTables]:
        """One for every temperature of the grid, coolest first."""
        return [ProbeTables(self.scratch.out, heat) for heat in sorted(set(self.config.temperatures))]


def calibrate_round(work: Calibration) -> Summary:
    """Draw, judge and choose; writes `curve.parquet` and `curve.svg`, and returns the step's summary.

    Raises:
        EngineError: a generator could not start, or died.
        NoDataError: no setting of the grid keeps a correct sample.
    """
    _draw(work)
    _judge(work)
    probes = {tables.temperature: list(_read_probe(work, tables)) for tables in work.tables}
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


def _draw(work: Calibration) -> None:
    """The probe's samples, temperature by temperature."""
    problems = work.shots.shown(work.problems.values())
    partners = Partners(work.scratch.answers, {POLICY: policy_answerer(work.bench, work.model)})
    for tables in work.tables:
        sampling = work.bench.recipe.generate.sampling().model_copy(update={"temperature": tables.temperature})
        sampler = Independent([Draws(sampling, work.config.num_samples)], work.model.digest)
        episodes = work.shots.put_back(drive(sampler, problems, partners, derive_seed(work.seed, _name(tables))))
        write_records(tables.samples, Sample, (sample for episode in episodes for sample in episode.nodes))


def _judge(work: Calibration) -> None:
    """Verdicts judge by judge. A sum adds what was made already, so that no model is asked twice."""
    for judge in work.judges.needed:
        for tables in work.tables:
            samples = list(read_records(tables.samples, Sample))
            given = {name: read_records(tables.verdicts(name), Verdict) for name in judge.needed_judges}
            seed = derive_seed(work.seed, "judge", _name(tables))
            world = World(work.problems, work.bench, work.cast, seed, work.scratch.answers)
            write_records(tables.verdicts(judge.name), Verdict, judge_samples(samples, [judge], world, given))


def _name(tables: ProbeTables) -> str:
    return f"temperature {tables.temperature:g}"


def _read_probe(work: Calibration, tables: ProbeTables) -> Iterator[list[Draw]]:
    """Draws of each probe problem at a temperature."""
    answer, reward = work.judges.answer.name, work.judges.reward.name
    names = list(dict.fromkeys((answer, reward)))
    by_judge = [read_records(tables.verdicts(name), Verdict) for name in names]
    verdicts = chain.from_iterable(zip(*by_judge, strict=True))
    for group in grouped(joined(read_records(tables.samples, Sample), verdicts, names, work.problems)):
        yield [
            Draw(one.sample.text, one.verdict(reward).score, one.verdict(answer).label == Label.CORRECT)
            for one in group.candidates
        ]


def _highest(tallies: Mapping[float, Sequence[Tally]]) -> float | None:
    return max((item.scores[-1] for probe in tallies.values() for item in probe if item.scores), default=None)


def _pass_rate(probe: Sequence[Sequence[Draw]]) -> float:
    right = [draw.is_correct for draws in probe for draw in draws]
    return sum(right) / len(right)
