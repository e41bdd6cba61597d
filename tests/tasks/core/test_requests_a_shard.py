"""What a stage that asks models costs in requests of the store: few for each shard, however many there are."""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from configs.schema.drawing import Sampling
from configs.schema.marks import as_written
from infra.engines.questions import Request
from infra.store.s3.store import S3Store
from tasks.core.answers import Answers
from tasks.core.ledger import Ledger
from tasks.core.missing import MissingTally
from tasks.core.progress import Silent
from tests.infra.store.conftest import BUCKET, connect, moto  # noqa: F401
from tests.tasks.core.scripted import ScriptedPool, answerer

pytestmark = pytest.mark.slow
NUM_SHARDS = 500


def counted(address: str) -> tuple[Any, Counter[str]]:
    """A client, and what it sends, tries again included."""
    client, sent = connect(address), Counter[str]()
    client.meta.events.register("before-send.s3", lambda event_name, **_: sent.update([event_name.rpartition(".")[2]]))
    return client, sent


def test_a_shard_takes_three_requests_and_one_when_it_is_there(moto: str, tmp_path: Path) -> None:  # noqa: F811
    place = uuid.uuid4().hex
    requests = [Request(f"p{number}", (("user", f"q{number}"),), 1, seed=number) for number in range(NUM_SHARDS * 8)]
    spent: list[Counter[str]] = []
    for run in ("fresh", "again"):
        client, sent = counted(moto)
        store = S3Store(BUCKET, place, client)
        store.check()
        sent.clear()
        ledger, tally = Ledger(store, tmp_path / "work", {}, lambda: None), MissingTally(1.0, "round 1 generate")
        answers = Answers(ledger, "x/round-001/generate/answers", 8, Silent(), as_written, tally)
        pool = ScriptedPool()
        found = list(answers.ask(answerer(pool), Sampling(temperature=1.0), requests))
        assert len(found) == len(requests) and len(pool.draws) == (len(requests) if run == "fresh" else 0)
        spent.append(sent)
    fresh, again = spent
    assert sum(fresh.values()) <= 3 * NUM_SHARDS + 10, fresh
    assert sum(again.values()) <= NUM_SHARDS + 10, again
