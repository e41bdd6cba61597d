"""Sessions whose machines are lost: their work goes to others, and they wait, come back, or are left out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.scale import AtOnce
from configs.errors import EngineEndedError, StoreError
from configs.schema.engine import TransformersEngine
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.session import MAX_MACHINES
from infra.engines.wire import Message
from infra.process.child import Inbox
from tests.infra.engines.shards import answers, shard

SHARDS = [shard(number) for number in range(12)]


class Anything(ModelFiles):
    """A model that nobody loads."""

    def check(self) -> None:
        pass


class Elsewhere(AtOnce):
    """A session on another machine.

    Args:
        fate: what becomes of it: it works; it is lost with its first work, or before it is ready; it is refused by its
            machine; there is no machine, and nothing is heard of it.
    """

    def __init__(self, fate: str, log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox) -> None:
        super().__init__(log_path, env, forks, inbox)
        self._fate, self._lost = fate, False

    def send(self, message: Message) -> None:
        if self._fate == "refused":
            refusal = {"kind": "error", "name": "StoreError", "message": "node n7 has no keys", "fix": "give it some"}
            self._inbox.put((self, refusal))
        elif self._fate == "lost at once" or (self._fate == "lost" and message["kind"] != "load"):
            self._lost = True
            self._inbox.put((self, None))
        elif self._fate != "absent":
            super().send(message)

    def lost_machine(self) -> str | None:
        return "its node died" if self._lost else None


def pool_of(folder: Path, *fates: str, num_sessions: int = 2, load_seconds: float = 60) -> LocalPool:
    """A pool whose sessions have these fates, in the order in which they start; later ones work."""
    left = list(fates)

    def start(log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox) -> Elsewhere:
        return Elsewhere(left.pop(0) if left else "works", log_path, env, forks, inbox)

    engine = TransformersEngine(devices=("cpu",) * num_sessions, load_seconds=load_seconds)
    return LocalPool(engine, Anything("any", folder), folder, start=start)


@pytest.mark.parametrize("num_sessions", [1, 2])
@pytest.mark.parametrize("fate", ["lost", "lost at once"])
def test_a_session_that_loses_its_machine_goes_on_elsewhere_and_nothing_is_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, num_sessions: int, fate: str
) -> None:
    with caplog.at_level(logging.WARNING), pool_of(tmp_path, fate, num_sessions=num_sessions) as pool:
        found = answers(pool, *SHARDS)
        assert {name: len(rows) for name, rows in found.items()} == {one.name: one.num_samples for one in SHARDS}
        assert pool.num_loads == num_sessions + 1
        assert answers(pool, *SHARDS) == found, "in a later call too"
    assert "session 0 lost its machine: its node died" in caplog.text


def test_a_machine_that_refuses_in_the_place_of_a_lost_one_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), pool_of(tmp_path, "lost", "works", "refused") as pool:
        assert len(answers(pool, *SHARDS)) == len(SHARDS)
        assert pool.num_loads == 3
    assert "session 0 found no machine and is left out; the others go on: node n7 has no keys" in caplog.text


def test_a_machine_that_refuses_at_the_start_is_an_error(tmp_path: Path) -> None:
    with pool_of(tmp_path, "works", "refused") as pool, pytest.raises(StoreError, match="node n7 has no keys"):
        answers(pool, *SHARDS)


def test_where_no_machine_comes_for_the_last_session_the_run_ends(tmp_path: Path) -> None:
    with pool_of(tmp_path, "lost", "lost", "absent", "absent", load_seconds=0.1) as pool:
        with pytest.raises(EngineEndedError, match=r"no machine took the place of the lost one within 0.1 s") as caught:
            answers(pool, *SHARDS)
        assert "engine.load_seconds" in str(caught.value.fix)
        assert len(answers(pool, *SHARDS)) == len(SHARDS), "a later call starts again"


def test_a_session_that_loses_machine_after_machine_does_not_go_on_for_ever(tmp_path: Path) -> None:
    with pool_of(tmp_path, *["lost at once"] * 99, num_sessions=1) as pool:
        with pytest.raises(EngineEndedError, match="lost its machine: its node died"):
            answers(pool, *SHARDS)
        assert pool.num_loads == MAX_MACHINES + 1
