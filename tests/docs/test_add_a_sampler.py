"""The sampler of docs/add-a-sampler.md, run as it stands there."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from configs.schema.generate import Sampling
from tasks.core.paths import check_depth_first
from tasks.core.records import Message, Problem
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tests.tasks.core.scripted import Killed, ScriptedPool, answerer, make_answers

PAGE = Path(__file__).parents[2] / "docs" / "add-a-sampler.md"
PROBLEMS = [Problem(f"p{place}", (Message("user", f"q{place}"),)) for place in range(6)]


@pytest.fixture
def second_look(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    module = types.ModuleType("second_look")
    monkeypatch.setitem(sys.modules, "second_look", module)  # dataclasses look their module up
    exec(found[1], module.__dict__)
    return module.__dict__["SecondLook"](Sampling(temperature=1.0), "m")


def run(folder: Path, sampler: Any, pool: ScriptedPool) -> list[Any]:
    partners = Partners(make_answers(folder), {POLICY: answerer(pool)})
    return list(drive(sampler, PROBLEMS, partners, 3))


def test_every_answer_is_looked_at_once_more(second_look: Any, tmp_path: Path) -> None:
    pool = ScriptedPool()
    episodes = run(tmp_path / "straight", second_look, pool)
    for episode in episodes:
        first, second = episode.nodes
        check_depth_first(episode.nodes)
        assert (second.parent_id, second.id) == (first.id, f"{first.id}/0")
        assert second.text.startswith("Look again.")
        assert second_look.summary(1, second_look.numbers(episode)) == {"num_second_looks": 1}
    asked = [request.messages for shard in pool.shards for request in shard.requests if len(request.messages) == 3]
    assert [messages[1] for messages in asked] == [("assistant", episode.nodes[0].text) for episode in episodes]


def test_a_kill_costs_the_shards_in_flight(second_look: Any, tmp_path: Path) -> None:
    straight = run(tmp_path / "straight", second_look, ScriptedPool())
    killed, last = ScriptedPool(lives=3), ScriptedPool()
    with pytest.raises(Killed):
        run(tmp_path / "killed", second_look, killed)
    assert run(tmp_path / "killed", second_look, last) == straight
    assert len(killed.draws) + len(last.draws) == 12
