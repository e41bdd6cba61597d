"""Waves: one try of every open problem, kept as they come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from configs.schema.generate import Guide
from tasks.core.records import Label, Sample, Verdict
from tasks.sample.guide.plan import Standing
from tasks.sample.guide.waves import Tries, run_waves
from tests.tasks.guide.make import make_sample, make_standing

CONFIG = Guide(kind="answer", min_correct=2, max_extra=3)
STANDING = [make_standing("a", 1), make_standing("b", 0), make_standing("c", 0)]
RIGHT = {"a": 1, "b": 0}
"""first wave from which on a problem's tries are right; the others' never are"""


class Worker:
    """Draws and judges; dies in one wave if asked to."""

    def __init__(self, dies_in: int | None = None) -> None:
        self.drawn: list[tuple[int, list[str]]] = []
        self.judged: list[int] = []
        self._dies_in = dies_in

    def draw(self, wave: int, open_now: Sequence[Standing]) -> list[Sample]:
        if wave == self._dies_in:
            raise KeyboardInterrupt
        self.drawn.append((wave, [item.problem_id for item in open_now]))
        return [make_sample(item.problem_id, item.num_samples + wave) for item in open_now]

    def judge(self, samples: list[Sample]) -> list[Verdict]:
        wave = samples[0].index - 8
        self.judged.append(wave)
        right = {row.id: wave >= RIGHT.get(row.problem_id, 99) for row in samples}
        return [
            Verdict(row.id, row.problem_id, "answer", Label.CORRECT if right[row.id] else Label.WRONG)
            for row in samples
        ]


def run(worker: Worker, work: Path) -> Tries:
    return run_waves(STANDING, CONFIG, worker.draw, worker.judge, work)


def test_each_wave_tries_what_is_still_open(tmp_path: Path) -> None:
    worker = Worker()
    tries = run(worker, tmp_path)
    assert worker.drawn == [(0, ["a", "b", "c"]), (1, ["a", "b", "c"]), (2, ["c"])]
    assert tries.outcomes() == {"a": [False, True], "b": [True, True], "c": [False, False, False]}
    assert [sample.index for sample in tries.samples["c"]] == [8, 9, 10]


def test_a_kill_costs_one_wave(tmp_path: Path) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = run(Worker(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(Worker(dies_in=1), tmp_path / "cut")
    again = Worker()
    assert run(again, tmp_path / "cut") == whole
    assert again.drawn == [(1, ["a", "b", "c"]), (2, ["c"])]
    assert again.judged == [1, 2]


def test_samples_drawn_before_a_kill_are_only_judged(tmp_path: Path) -> None:
    run(Worker(), tmp_path)
    (tmp_path / "wave-000.verdicts.parquet").unlink()
    again = Worker()
    run(again, tmp_path)
    assert (again.drawn, again.judged) == ([], [0])


def test_a_half_written_wave_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "wave-000.part").write_bytes(b"PAR1")
    worker = Worker()
    run(worker, tmp_path)
    assert worker.drawn[0] == (0, ["a", "b", "c"])
