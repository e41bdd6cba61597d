"""The sampler `continued`, in a project to which docs/parts/sampler.md has added it, with answers by rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.engines.questions import Completion, Request
from tasks.core.paths import check_depth_first
from tasks.core.records import Message, Problem
from tasks.sample.drive import Partners, drive
from tasks.sample.episode import POLICY
from tasks.sample.samplers.given import Given
from tasks.sample.samplers.registry import make_sampler
from tests.build.records import make_recipe
from tests.tasks.core.scripted import Killed, ScriptedPool, answerer, make_answers

PROBLEMS = [Problem(name, (Message("user", f"ask {name}"),)) for name in ("p", "q")]
SAMPLER = make_sampler(Given(make_recipe(generate={"kind": "continued", "num_samples": 3, "max_tokens": 4}), "m"))


class CutOff(ScriptedPool):
    """Of each problem's first draws, that of number 1 ends; none of `q` goes on to an end."""

    def _complete(self, request: Request, draw: int) -> Completion:
        row = super()._complete(request, draw)
        ends = draw == 1 or (request.prefix and request.messages[0][1] == "ask p")
        return row if ends else replace(row, finish_reason="length")


def write(request: Request, draw: int) -> str:
    return f" and {request.prefix.split()[-1]}" if request.prefix else f"text {draw}"


def run(folder: Path, pool: CutOff) -> list[Any]:
    partners = Partners(make_answers(folder, shard_size=2), {POLICY: answerer(pool)})
    return list(drive(SAMPLER, PROBLEMS, partners, seed=5))


def test_what_was_cut_off_goes_on_once(tmp_path: Path) -> None:
    pool = CutOff(write=write)
    p, q = run(tmp_path, pool)
    assert [(node.id, node.parent_id, node.text, node.finish_reason) for node in p.nodes] == [
        ("p/0", None, "text 0", "length"),
        ("p/3", "p/0", "text 0 and 0", "stop"),
        ("p/1", None, "text 1", "stop"),
        ("p/2", None, "text 2", "length"),
        ("p/5", "p/2", "text 2 and 2", "stop"),
    ]
    assert [node.is_truncated for node in q.nodes] == [True, True, False, True, True]
    longer = p.nodes[1]
    assert (longer.num_tokens, longer.logprob, longer.prefix) == (12, -3.0, "")
    assert longer.messages == PROBLEMS[0].messages, "it was asked the same, and not after its own beginning"
    check_depth_first(p.nodes)
    assert len({request.seed for shard in pool.shards for request in shard.requests}) == 2 + 4
    numbers = SAMPLER.numbers(p)
    assert (numbers, SAMPLER.summary(2, {"num_continued": 4})) == ({"num_continued": 2}, {"num_continued": 4})


def test_a_kill_changes_nothing(tmp_path: Path) -> None:
    straight = run(tmp_path / "straight", CutOff(write=write))
    with pytest.raises(Killed):
        run(tmp_path / "killed", CutOff(write=write, lives=2))
    assert run(tmp_path / "killed", CutOff(write=write)) == straight
