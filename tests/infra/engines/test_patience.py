"""Silence is counted from the last sign of life, and loading apart; a working engine gives signs of life."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from configs.schema.engine import TransformersEngine
from infra.engines.patience import Patience, shorter
from infra.engines.questions import Score, Scoring
from infra.engines.runner import Progress, Result
from infra.engines.session_program import serve
from infra.engines.wire import Job, ScoringJob, write_job
from infra.process.protocol import Channel


def test_patience_runs_out_after_the_limit_that_holds() -> None:
    now = 100.0
    patience = Patience(TransformersEngine(silence_seconds=5, load_seconds=60), lambda: now)
    assert patience.left() == 60
    now = 150
    assert (patience.left(), patience.describe()[1]) == (10, "engine.load_seconds")
    patience.loaded()
    now = 154
    assert patience.left() == 1
    patience.sign_of_life()
    assert patience.left() == 5
    now = 1000
    assert patience.left() == 0
    assert patience.describe() == ("gave no sign of life for 5 s", "engine.silence_seconds")


@pytest.mark.parametrize(
    ("limits", "expected"), [((), None), ((None,), None), ((None, 3.0), 3.0), ((2.0, 3.0, None), 2.0)]
)
def test_the_shorter_limit_holds(limits: tuple[float | None, ...], expected: float | None) -> None:
    assert shorter(*limits) == expected


class SlowRunner:
    """Works for many steps that finish nothing."""

    def __init__(self, num_steps: int) -> None:
        self._num_steps = num_steps
        self._job: Job | None = None

    @property
    def is_idle(self) -> bool:
        return self._job is None

    def submit(self, job: Job) -> None:
        self._job = job

    def step(self) -> list[Progress | Result]:
        time.sleep(0.005)
        self._num_steps -= 1
        if self._num_steps:
            return []
        self._job = None
        return [Result("job", [Score("a", -1.0, 1)])]

    def close(self) -> None:
        pass


class Lines:
    """Both ends of a channel as lists; once commands are out and work is done, it says close."""

    def __init__(self, commands: list[dict[str, Any]]) -> None:
        self.commands = commands
        self.sent: list[dict[str, Any]] = []

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        if self.commands:
            return self.commands.pop(0)
        return {"kind": "close"} if timeout is None else None

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(("alive_seconds", "is_said"), [(0.05, True), (60.0, False)])
def test_an_engine_without_news_says_that_it_works(alive_seconds: float, is_said: bool) -> None:
    lines = Lines([write_job(ScoringJob("job", (Scoring("a", (), "x"),)))])
    serve(cast(Channel, lines), SlowRunner(60), alive_seconds)
    kinds = [message["kind"] for message in lines.sent]
    assert (kinds.count("alive") > 1) == is_said
    assert kinds[-2:] == ["rows", "finished"]
