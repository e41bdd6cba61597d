"""A session that dies or hangs: its work is asked again, and a request that ends processes is set aside by name."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import pytest

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Score,
    Scoring,
)
from infra.engines.wire import Shard
from tests.infra.engines.fatal import build_fatal_model
from tests.infra.engines.shards import ENGINE, answers, shard
from tests.processes import started_here

pytestmark = pytest.mark.slow


def engine_processes() -> list[psutil.Process]:
    """Session programs that this process started; their guards and the server they are forks of have other names."""
    return started_here(lambda process: process.name() == "session_program" and not process.children())


def once(act: Callable[[], None]) -> Callable[[int, int], None]:
    """For `on_progress`: acts at the first report."""
    done: list[int] = []

    def on_progress(samples: int, tokens: int) -> None:
        if not done:
            done.append(samples)
            act()

    return on_progress


def signal_engine(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(engine_processes()[0].pid, number)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    before = {process.pid for process in engine_processes()}
    yield
    assert {process.pid for process in engine_processes()} <= before


LONG = [shard(number, num_requests=12, num_samples=12, max_tokens=50) for number in range(3)]


@pytest.fixture(scope="module")
def straight(model: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    with LocalPool(ENGINE, model, tmp_path_factory.mktemp("straight")) as undisturbed:
        return {**answers(undisturbed, *LONG)}


@pytest.mark.parametrize("devices", [("cpu",), ("cpu", "cpu")], ids=["one session", "two sessions"])
def test_what_a_killed_session_had_not_answered_is_asked_again(
    model: ModelFiles, tmp_path: Path, straight: dict[str, list[object]], devices: tuple[str, ...]
) -> None:
    engine = ENGINE.model_copy(update={"devices": devices})
    with LocalPool(engine, model, tmp_path) as killed:
        found = dict(killed.generate(LONG, once(signal_engine(signal.SIGKILL))))
        assert {done.name: rows for done, rows in found.items()} == straight
        assert killed.num_loads == len(devices) + 1
    assert sorted(os.listdir(tmp_path)) == [f"session-{number}.log" for number in range(len(devices))]


def test_a_session_that_falls_silent_is_killed_and_its_work_asked_again(
    model: ModelFiles, tmp_path: Path, straight: dict[str, list[object]], caplog: pytest.LogCaptureFixture
) -> None:
    engine = ENGINE.model_copy(update={"silence_seconds": 5.0})
    started: list[float] = []

    def stop_it() -> None:
        started.append(time.monotonic())
        signal_engine(signal.SIGSTOP)()

    with caplog.at_level(logging.WARNING), LocalPool(engine, model, tmp_path) as silent:
        found = dict(silent.generate(LONG, once(stop_it)))
        assert {done.name: rows for done, rows in found.items()} == straight
        assert silent.num_loads == 2
    assert time.monotonic() - started[0] >= 5
    assert "gave no sign of life for 5 s" in caplog.text


def requests_with(bad: str, *, at: int, count: int = 8) -> Shard:
    requests = [Request(f"p{place}", (("user", f"{place}+1="),), 2) for place in range(count)]
    requests[at] = Request("bad", (("user", bad),), 2)
    return Shard("s", tuple(requests), Sampling(temperature=0, max_tokens=5))


def said(rows: Iterable[Completion | Missing]) -> list[tuple[object, ...]]:
    """All but the log-probabilities, whose last bits depend on what else is in a batch."""
    return [
        (row.request_id, row.index, row.text, row.finish_reason, row.num_tokens)
        for row in rows
        if isinstance(row, Completion)
    ]


def test_a_request_that_ends_processes_is_missing_and_the_rest_answered(
    model: ModelFiles, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fatal = build_fatal_model(model.weights, tmp_path / "fatal_tokens", deadly="77+7")
    poisoned, healthy = requests_with("77+77=", at=5), shard(1, temperature=0)
    with caplog.at_level(logging.WARNING), LocalPool(ENGINE, fatal, tmp_path / "work") as pool:
        found = answers(pool, poisoned, healthy)
        assert pool.num_loads == 2 + 2 + 2, "the shard ended two, its parts of four and two one each, the request two"
    words = "it ends the engine's process (killed by SIGABRT)"
    gone = [row for row in found["s"] if isinstance(row, Missing)]
    assert gone == [Missing("bad", "fatal", words, draw) for draw in range(2)] and found["s"].index(gone[0]) == 10
    assert "request 'bad' has no answer: it ends the engine's process" in caplog.text
    with LocalPool(ENGINE, model, tmp_path / "other") as undisturbed:
        expected = answers(undisturbed, poisoned, healthy)
    assert found[healthy.name] == expected[healthy.name]
    assert said(found["s"]) == said(row for row in expected["s"] if row not in expected["s"][10:12])


def test_a_text_that_hangs_the_engine_leaves_a_gap_in_the_scores(model: ModelFiles, tmp_path: Path) -> None:
    endless = build_fatal_model(model.weights, tmp_path / "endless_tokens", endless="77+7")
    engine = TransformersEngine(silence_seconds=3)
    items = [Scoring(str(place), (("user", f"{place}+1="),), "2") for place in range(2)]
    hanging = Scoring("bad", (("user", "77+77="),), "2")
    with LocalPool(engine, endless, tmp_path / "work") as pool:
        first, gap, second = pool.score([items[0], hanging, items[1]])
        assert isinstance(gap, Missing) and (gap.id, gap.reason) == ("bad", "fatal")
        assert isinstance(first, Score) and isinstance(second, Score)
        assert [first.logprob, second.logprob] == pytest.approx(
            [score.logprob for score in pool.score(items) if isinstance(score, Score)], abs=1e-4
        )


def test_a_session_that_ends_again_and_again_ends_the_run_with_its_reason(model: ModelFiles, tmp_path: Path) -> None:
    fatal = build_fatal_model(model.weights, tmp_path / "always_fatal", deadly="=")
    with LocalPool(ENGINE, fatal, tmp_path / "work") as broken:
        with pytest.raises(EngineError, match="'fatal' ended before its work was done: killed by SIGABRT"):
            answers(broken, *(shard(number) for number in range(20)))
        assert broken.num_loads == 4
        with pytest.raises(EngineError, match="ended before its work was done"):
            answers(broken, shard(1, num_requests=1))
        assert broken.num_loads == 5, "it was answered nothing in between"


def test_a_process_that_ends_while_it_loads_is_not_started_again(model: ModelFiles, tmp_path: Path) -> None:
    fatal = build_fatal_model(model.weights, tmp_path / "fatal_at_load")
    code = fatal.weights / "tokenization_fatal.py"
    code.write_text(f"import os\nos.abort()\n{code.read_text()}")
    with LocalPool(ENGINE, fatal, tmp_path / "work") as broken:
        with pytest.raises(EngineError, match="killed by SIGABRT"):
            answers(broken, shard(1))
        assert broken.num_loads == 1
