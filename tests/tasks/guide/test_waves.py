"""Waves: one try of every open problem."""

from __future__ import annotations

from collections.abc import Sequence

from configs.schema.generate import Guide
from tasks.core.records import Label, Sample, Verdict
from tasks.sample.guide.plan import Standing
from tasks.sample.guide.waves import run_waves
from tests.tasks.guide.make import make_sample, make_standing

CONFIG = Guide(kind="answer", min_correct=2, max_extra=3)
STANDING = [make_standing("a", 1), make_standing("b", 0), make_standing("c", 0)]
RIGHT = {"a": 1, "b": 0}
"""first wave from which on a problem's tries are right; the others' never are"""


class Worker:
    """Draws and judges."""

    def __init__(self) -> None:
        self.drawn: list[tuple[int, list[str]]] = []
        self.judged: list[int] = []

    def draw(self, wave: int, open_now: Sequence[Standing]) -> list[Sample]:
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


def test_each_wave_tries_what_is_still_open() -> None:
    worker = Worker()
    tries = run_waves(STANDING, CONFIG, worker.draw, worker.judge)
    assert worker.drawn == [(0, ["a", "b", "c"]), (1, ["a", "b", "c"]), (2, ["c"])]
    assert worker.judged == [0, 1, 2]
    assert tries.outcomes() == {"a": [False, True], "b": [True, True], "c": [False, False, False]}
    assert [sample.index for sample in tries.samples["c"]] == [8, 9, 10]
