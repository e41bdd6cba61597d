"""Rounds judged by a model behind a server: its cost is counted, and a judge that says the same of everything stops
the round before it trains. The server is a real HTTP server on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.micro import micro_recipe, selfloop, write_recipe
from tests.infra.engines.chat_server import Body, ChatServer, Reply, serving

pytestmark = pytest.mark.slow
KEY = "sk-planted-4711"


def judged_recipe(server: ChatServer) -> dict[str, Any]:
    engine = {"kind": "endpoint", "url": server.url, "model": "teacher", "price_per_million_input": 1.0,
              "price_per_million_output": 2.0}  # fmt: skip
    return micro_recipe(
        roles={"teacher": {"engine": engine}},
        judge=[{"kind": "rubric", "role": "teacher", "repeats": 1}],
        select=[{"kind": "threshold", "at_least": 3}],
        evaluate={"verifier": {"kind": "number"}},
        rounds={"max": 1},
    )


def says(grade: Callable[[str], int]) -> Callable[[Body], Reply]:
    """A server whose every answer is a grade of what it was asked."""

    def respond(body: Body) -> Reply:
        text = f"It adds up.\nScore: {grade(body['messages'][-1]['content'])}"
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return Reply(text=json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}))

    return respond


def run(tmp_path: Path, prefect_url: str, grade: Callable[[str], int]) -> tuple[Any, Path, ChatServer]:
    with serving() as server:
        server.respond = says(grade)
        recipe = write_recipe(tmp_path, judged_recipe(server))
        done = selfloop("run", recipe, cwd=tmp_path, PREFECT_API_URL=prefect_url, SELFLOOP_ENDPOINT_KEY=KEY)
    return done, tmp_path / "home" / "store" / "micro", server


def test_a_judge_behind_a_server_is_asked_once_a_sample_and_its_cost_is_counted(
    tmp_path: Path, prefect_url: str
) -> None:
    done, store, server = run(tmp_path, prefect_url, lambda asked: sum(map(ord, asked)) % 6)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics = json.loads((store / "reports" / "round-001.json").read_text())["report"]["metrics"]
    asked = metrics["num_samples"] - metrics["num_truncated"]
    answered = metrics["endpoint_requests"] - metrics["endpoint_retries"]
    assert answered == len(server.bodies) == asked
    assert metrics["endpoint_cost"] == pytest.approx(asked * (100 * 1.0 + 10 * 2.0) / 1e6)
    assert metrics["judge_parse_rate"] == 1.0
    assert metrics["num_kept"] > 0
    assert "judge_precision" in metrics, "gold is known, so the judge is compared with it"
    written = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert KEY.encode() not in written
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


def test_a_judge_that_always_answers_the_maximum_stops_the_round_before_training(
    tmp_path: Path, prefect_url: str
) -> None:
    done, store, _ = run(tmp_path, prefect_url, lambda asked: 5)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "judge_mode_share" in done.stderr
    assert not list(store.glob("round-001/train/*"))
    decision = json.loads(next(store.glob("round-001/decide/*/decision.json")).read_text())
    assert (decision["action"], decision["stop"]) == ("stop", "guard")
