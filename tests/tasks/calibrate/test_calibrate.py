"""A calibration end to end: a real tiny model, real judges, a real store."""

from __future__ import annotations

import shutil
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from configs.errors import NoDataError
from tasks.calibrate.balance import Point
from tasks.calibrate.task import calibrate
from tasks.core.records import Label, Sample, Verdict
from tasks.core.refs import StepRef
from tasks.core.tables import read_records
from tests.build.seeded import Seeded, seeded
from tests.tasks.core.killed import check_kill

pytestmark = pytest.mark.slow

TEMPERATURES, THRESHOLDS = (0.4, 1.3), (0.0, 1.0, 1.5)
PROBES, DRAWS, TARGET = 24, 6, 48
SECTIONS: dict[str, Any] = {
    "judge": [{"kind": "answer"}, {"kind": "vote"}, {"kind": "combine", "of": ["answer", "vote"]}],
    "calibrate": {"temperatures": list(TEMPERATURES), "thresholds": list(THRESHOLDS), "probe_problems": PROBES,
                  "num_samples": DRAWS, "target": TARGET},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calibrate")


def run(start: Seeded, round: int = 1) -> StepRef:
    return calibrate(start.bench, round, start.seed, start.problems, start.cast)


def rows(start: Seeded, step: StepRef, prefix: str, record: type) -> list[Any]:
    """The rows of all files whose names begin so, in the files' order."""
    names = [file.name for file in step.files if file.name.startswith(prefix)]
    return [row for name in names for row in read_records(start.bench.ledger.fetch(step, name), record)]


def balance_by_hand(samples: list[Sample], labels: list[str], scores: list[float | None], threshold: float) -> float:
    """Mean balance over the problems at one temperature, counted from the published tables."""
    wanted, values = TARGET / 24, []
    joined = zip(samples, labels, scores, strict=True)
    for _, group in groupby(joined, key=lambda row: row[0].problem_id):
        kept = [(s.text.strip(), label) for s, label, score in group if score is not None and score > threshold]
        good = {text for text, label in kept if label == Label.CORRECT}
        values.append(min(len(good) / wanted, 1) * len(good) / len(kept) if kept else 0)
    assert len(values) == PROBES
    return sum(values) / PROBES


def test_the_choice_is_the_best_point_of_what_was_published(folder: Path) -> None:
    with seeded(folder, **SECTIONS) as start:
        step = run(start)
        curve = rows(start, step, "curve.parquet", Point)
        assert [(point.temperature, point.threshold) for point in curve] == [
            (heat, limit) for heat in TEMPERATURES for limit in THRESHOLDS
        ]
        for heat in TEMPERATURES:
            samples = rows(start, step, f"samples/t{heat:g}.", Sample)
            labels = [row.label for row in rows(start, step, f"verdicts/answer/t{heat:g}.", Verdict)]
            scores = [row.score for row in rows(start, step, f"verdicts/combine/t{heat:g}.", Verdict)]
            assert len(samples) == PROBES * DRAWS
            rate = sum(label == Label.CORRECT for label in labels) / len(labels)
            assert step.summary[f"pass_rate_t{heat:g}"] == pytest.approx(rate)
            for point in curve:
                if point.temperature == heat:
                    assert point.balance == pytest.approx(balance_by_hand(samples, labels, scores, point.threshold))
        best = max(point.balance for point in curve)
        assert best > 0, "the seed model adds some of its sums"
        assert step.summary["balance"] == best
        assert (step.summary["n_star"], step.summary["probe_problems"]) == (TARGET // 24, PROBES)
        chosen = next(
            point
            for point in curve
            if (point.temperature, point.threshold) == (step.summary["temperature"], step.summary["threshold"])
        )
        assert chosen.balance == best
        svg = start.bench.ledger.fetch(step, "curve.svg").read_text()
        assert f"temperature {step.summary['temperature']:g}" in svg


def test_a_killed_calibration_asks_nothing_twice_and_ends_like_a_straight_one(folder: Path) -> None:
    with seeded(folder, **SECTIONS) as start:
        whole = run(start)
        assert whole.is_reused
        (folder / "store" / whole.prefix / "record.json").unlink()
        again = run(start)
        assert start.bench.spending()["generator_loads"] == 0, "everything was answered"
        assert (again.summary, again.files) == (whole.summary, whole.files)
        shutil.rmtree(folder / "store" / "micro" / "round-001")
        resumed = check_kill(start.bench, "calibrate", lambda: run(start), (1, 2, 1))
        assert (resumed.summary, resumed.files) == (whole.summary, whole.files)


def test_another_round_asks_the_same_problems_with_other_draws(folder: Path) -> None:
    with seeded(folder, **SECTIONS) as start:
        first, second = (rows(start, run(start, number), "samples/", Sample) for number in (1, 2))
    assert [row.problem_id for row in first] == [row.problem_id for row in second]
    assert [row.text for row in first] != [row.text for row in second]


def test_a_grid_that_keeps_nothing_is_told_the_highest_score(folder: Path) -> None:
    calibrate_section = {**SECTIONS["calibrate"], "thresholds": [2.5, 3.0]}
    with (
        seeded(folder, **{**SECTIONS, "calibrate": calibrate_section}) as start,
        pytest.raises(
            NoDataError, match=r"highest score of judge 'combine' is [012]\.?\d*, and the lowest threshold 2\.5"
        ),
    ):
        run(start)
