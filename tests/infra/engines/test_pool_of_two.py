"""A pool of several sessions whose programs are scripted: one that always dies, and one whose answers come too late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from configs.errors import EngineEndedError
from configs.schema.drawing import Sampling
from configs.schema.engine import TransformersEngine
from infra.engines import schedule
from infra.engines.local_pool import LocalPool
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Completion, Request
from infra.engines.wire import Message, Shard, read_job, write_rows
from infra.process.child import Inbox

ENGINE = TransformersEngine(devices=("cuda:0", "cuda:1"), batch_size=2)
Script = Callable[["Scripted", Message], None]


class Scripted:
    """A transport whose program does with a job what the script says. See `infra/engines/transport.py`."""

    def __init__(self, inbox: Inbox, script: Script) -> None:
        self.inbox, self.script = inbox, script

    @property
    def source(self) -> object:
        return self

    def say(self, message: Message | None) -> None:
        self.inbox.put((self, message))

    def answer(self, job: Message) -> None:
        asked = read_job(job).requests
        rows = [Completion(one.id, draw, one.id, "stop", 1, None) for one in asked for draw in one.draws]  # type: ignore[union-attr]
        for message in write_rows(job["name"], rows):
            self.say(message)
        self.say({"kind": "finished", "name": job["name"]})

    def send(self, message: Message) -> None:
        if message["kind"] == "load":
            self.say({"kind": "ready"})
        else:
            self.script(self, message)

    def describe_end(self) -> str:
        return "killed by SIGBUS"

    def was_killed(self) -> bool:
        return True

    def lost_machine(self) -> str | None:
        return None

    def log_tail(self) -> str:
        return ""

    def close(self, *, politely: bool) -> bool:
        return True


def dies(program: Scripted, job: Message) -> None:
    program.say(None)


def answers(program: Scripted, job: Message) -> None:
    program.answer(job)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What passes for a model's folder."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    return tmp_path


def pool_of(folder: Path, *scripts: Script) -> LocalPool:
    def start(log_path: Path, env: Mapping[str, str], forks: bool, inbox: Inbox) -> Any:
        return Scripted(inbox, scripts[int(log_path.stem.rpartition("-")[2])])

    return LocalPool(ENGINE, ModelFiles("scripted", folder), folder / "work", start=start)


def shards(number: int, name: str = "s") -> list[Shard]:
    """Of two requests each, a with two draws."""
    ids = [f"{name}{place}" for place in range(number)]
    return [Shard(id, (Request(f"{id}/a", (), 2), Request(f"{id}/b", ())), Sampling()) for id in ids]


def asked(pool: LocalPool, wanted: list[Shard]) -> dict[str, list[str]]:
    """Ids of the rows of each shard, by its name."""
    rows: Iterator[tuple[Shard, list[Any]]] = pool.generate(wanted)
    return {shard.name: [asdict(row).get("request_id", "missing") for row in found] for shard, found in rows}


def test_a_session_that_always_dies_is_left_out_and_the_other_does_all(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = shards(40)
    with pool_of(folder, dies, answers) as pool:
        assert asked(pool, wanted) == {one.name: [f"{one.name}/a", f"{one.name}/a", f"{one.name}/b"] for one in wanted}
        assert sum("is left out" in line for line in caplog.messages) == 1
        loads = pool.num_loads
        assert len(asked(pool, shards(4, "later"))) == 4 and pool.num_loads == loads, "in later calls too"


def test_where_all_always_die_the_run_ends(folder: Path) -> None:
    with pool_of(folder, dies, dies) as pool, pytest.raises(EngineEndedError, match="killed by SIGBUS"):
        asked(pool, shards(400))


def test_an_answer_that_comes_after_the_copys_belongs_to_no_later_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Session 0 keeps what it gets to itself, until a later call asks the same."""
    monkeypatch.setattr(schedule, "LATE_SECONDS", 0.2)
    kept: list[Message] = []

    def is_late(program: Scripted, job: Message) -> None:
        if job["name"].rpartition("@")[2].startswith("1"):
            kept.append(job)
            return
        while kept:
            program.answer(kept.pop())
        program.answer(job)

    with pool_of(folder, is_late, answers) as pool:
        first = asked(pool, shards(20))
        assert len(first) == 20 and kept, "the other session took copies"
        assert asked(pool, shards(20)) == first and not kept
