"""An endpoint answers like a pool of one's own; what goes wrong is retried, and then named. Against a real server."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from configs.schema.engine import EndpointEngine
from infra.engines.endpoint.loop import THREAD_NAME
from infra.engines.endpoint.pool import EndpointPool
from infra.engines.questions import (
    Completion,
    Missing,
    Rating,
    Request,
    Scoring,
    draw_seed,
)
from infra.engines.wire import Shard
from tests.infra.engines.chat_server import Body, ChatServer, Reply, answer, serving

pytestmark = pytest.mark.slow

KEY = "sk-secret-0123456789"
CHAT = (("user", "hello"),)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as opened:
        yield opened


def engine(server: ChatServer, **settings: Any) -> EndpointEngine:
    return EndpointEngine(**{"url": server.url, "model": "judge-1", "timeout_seconds": 5, "max_retries": 2, **settings})


def shard(name: str, num_requests: int = 2, num_samples: int = 1, **sampling: Any) -> Shard:
    requests = tuple(
        Request(f"{name}/{place}", (("user", f"{name}{place}"),), num_samples) for place in range(num_requests)
    )
    return Shard(name, requests, Sampling(**{"max_tokens": 20, **sampling}))


def answers(pool: EndpointPool, *shards: Shard) -> dict[str, list[Completion | Missing]]:
    return {done.name: completions for done, completions in pool.generate(shards)}


def texts(rows: Sequence[Completion | Missing]) -> list[str]:
    """What was written; the reason of what is missing."""
    return [row.reason if isinstance(row, Missing) else row.text for row in rows]


def test_every_request_gets_its_samples_in_order(server: ChatServer) -> None:
    reports: list[tuple[int, int]] = []
    with EndpointPool(engine(server)) as pool:
        shards = [shard(name, 3, 4, temperature=0) for name in ("a", "b", "c", "d", "e")]
        found = {done.name: rows for done, rows in pool.generate(iter(shards), lambda *report: reports.append(report))}
        assert pool.num_loads == 0
    assert set(found) == {"a", "b", "c", "d", "e"}
    for name, rows in found.items():
        assert rows == [
            Completion(f"{name}/{place}", index, f"{name.upper()}{place}{index}", "stop", 4, None)
            for place in range(3)
            for index in range(4)
        ]
    assert reports == sorted(reports) and reports[-1] == (60, 240)
    assert len(server.bodies) == 15, "one call for all samples of a request"
    assert (pool.usage.requests, pool.usage.retries) == (15, 0)
    assert (pool.usage.input_tokens, pool.usage.output_tokens, pool.usage.cost) == (150, 240, None)


def test_settings_are_sent_only_where_they_are_asked_for(server: ChatServer) -> None:
    with EndpointPool(engine(server)) as pool:
        answers(pool, shard("a", 1, temperature=0, max_tokens=7))
        answers(pool, shard("b", 1, 1, temperature=0.5, top_p=0.9, top_k=5, min_p=0.1, stop=("END",)))
        answers(pool, shard("c", 1, 3, temperature=0))
    plain, full, many = server.bodies
    assert plain == {
        "model": "judge-1", "messages": [{"role": "user", "content": "a0"}], "temperature": 0, "max_tokens": 7
    }  # fmt: skip
    expected = {"temperature": 0.5, "top_p": 0.9, "top_k": 5, "min_p": 0.1, "stop": ["END"]}
    assert {name: full[name] for name in expected} == expected
    assert (many["n"], "seed" in many, "n" in full) == (3, False, False)


def test_a_server_that_ignores_n_is_asked_for_each_sample(server: ChatServer) -> None:
    server.respond = lambda body: answer(body, 1)
    with EndpointPool(engine(server)) as pool:
        (rows,) = answers(pool, shard("a", 1, 5, temperature=0)).values()
        assert [row.index for row in rows] == [0, 1, 2, 3, 4]
        answers(pool, shard("b", 1, 3, temperature=0))
    assert [body.get("n") for body in server.bodies] == [5] + [None] * 7


def test_a_seed_of_its_own_goes_with_every_draw_unless_the_server_refuses_it(server: ChatServer) -> None:
    with EndpointPool(engine(server)) as pool:
        answers(pool, shard("a", 2, temperature=1))
        first, second = sorted(server.bodies, key=lambda body: body["messages"][0]["content"])
        assert first["seed"] == second["seed"] == draw_seed(0, 0) % 2**31, "requests of one seed"
        later = replace(shard("a", 1, temperature=1).requests[0], seed=5, first=8)
        answers(pool, Shard("b", (later,), Sampling(temperature=1)))
        assert server.bodies[-1]["seed"] == draw_seed(5, 8) % 2**31
        server.respond = lambda body: Reply(400, '{"error": "unknown: seed"}') if "seed" in body else answer(body)
        (rows,) = answers(pool, Shard("c", (later,), Sampling(temperature=1))).values()
        assert [row.index for row in rows] == [8] and texts(rows) == ["A00"]
        answers(pool, Shard("d", (later,), Sampling(temperature=1)))
    assert ["seed" in body for body in server.bodies[-3:]] == [True, False, False]


def test_a_draw_is_the_same_whatever_is_asked_for_beside_it(server: ChatServer) -> None:
    server.respond = lambda body: answer({**body, "messages": [{"content": f"seed {body['seed']} "}]})
    (request,) = shard("a", 1, 8).requests
    with EndpointPool(engine(server)) as pool:
        found = [
            [row.text for rows in answers(pool, Shard("s", (replace(request, num_samples=num, first=first),),
                                                      Sampling(temperature=1))).values() for row in rows]
            for num, first in ((8, 0), (3, 0), (5, 3))
        ]  # fmt: skip
    assert found[0] == found[1] + found[2] and len(set(found[0])) == 8
    assert all("n" not in body for body in server.bodies)


def test_a_server_without_seeds_is_asked_for_all_draws_at_once(server: ChatServer) -> None:
    server.respond = lambda body: Reply(400, '{"error": "unknown: seed"}') if "seed" in body else answer(body)
    with EndpointPool(engine(server, max_concurrent=1)) as pool:
        answers(pool, shard("a", 1, 1, temperature=1))
        (rows,) = answers(pool, shard("b", 1, 4, temperature=1)).values()
    assert [row.index for row in rows] == [0, 1, 2, 3]
    assert [body.get("n") for body in server.bodies] == [None, None, 4]


def test_a_server_that_refuses_n_or_max_tokens_is_asked_in_its_own_way(server: ChatServer) -> None:
    def respond(body: Body) -> Reply:
        if "max_tokens" in body:
            words = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return Reply(400, json.dumps({"error": {"message": words}}))
        if "n" in body:
            return Reply(422, json.dumps({"error": {"message": "n must be 1", "param": "n"}}))
        return answer(body)

    server.respond = respond
    with EndpointPool(engine(server, max_retries=0)) as pool:
        (rows,) = answers(pool, shard("a", 1, 3, temperature=0)).values()
        assert len(rows) == 3
        answers(pool, shard("b", 1, 3, temperature=0))
    assert [(body.get("n"), "max_tokens" in body) for body in server.bodies[:3]] == [
        (3, True),
        (3, False),
        (None, False),
    ]
    assert all("n" not in body and body["max_completion_tokens"] == 20 for body in server.bodies[3:])


def test_a_truncated_answer_is_marked_and_its_text_may_be_empty(server: ChatServer) -> None:
    server.respond = lambda body: answer(body, finish_reason="length", message={"role": "assistant", "content": None})
    with EndpointPool(engine(server)) as pool:
        (rows,) = answers(pool, shard("a", 1)).values()
    assert rows == [Completion("a/0", 0, "", "length", 4, None)]


def good() -> str:
    return answer({"messages": [{"content": "x"}]}).text


MISBEHAVIOURS = {
    "time-out": (Reply(text=good(), wait_seconds=6.0), "no answer within 2 s"),
    "429": (Reply(429, '{"error": "slow down"}', {"retry-after": "0.01"}), 'status 429.*"slow down"'),
    "500": (Reply(500, "internal trouble"), "status 500.*internal trouble"),
    "cut JSON": (Reply(text=good()[:30]), 'no complete JSON, status 200.*: {"id": "x"'),
    "cut connection": (Reply(text=good()[:30], announced=400), "no connection"),
    "error page": (Reply(text="<html>busy</html>"), "no complete JSON, status 200.*<html>busy"),
    "no choices": (Reply(text='{"usage": {"prompt_tokens": 1, "completion_tokens": 0}}'), "has no choices"),
    "deep JSON": (Reply(text="[" * 100_000), "no complete JSON"),
    "a number of 5,000 digits": (Reply(text='{"created": ' + "9" * 5000 + "}"), "no complete JSON"),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_what_fails_for_a_while_is_asked_again(server: ChatServer, name: str) -> None:
    reply, _ = MISBEHAVIOURS[name]
    server.fail(reply, times=1)
    with EndpointPool(engine(server, timeout_seconds=2 if name == "time-out" else 5)) as pool:
        found = answers(pool, shard("a", 3))
    assert texts(found["a"]) == ["A00", "A10", "A20"]
    assert (pool.usage.requests, pool.usage.retries) == (6, 3)


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_what_fails_for_ever_is_an_error_that_names_request_status_and_body(server: ChatServer, name: str) -> None:
    reply, words = MISBEHAVIOURS[name]
    server.fail(reply)
    settings = {"timeout_seconds": 2 if name == "time-out" else 5, "max_retries": 1}
    with (
        EndpointPool(engine(server, **settings)) as pool,
        pytest.raises(EngineError, match=rf"model judge-1: request 'a/0': .*{words}") as caught,
    ):
        answers(pool, shard("a", 1))
    assert "tries: 2" in caught.value.message and caught.value.fix
    assert pool.usage.requests == (2 if name == "429" else 3), (
        "the last is a harmless one, which would show that the server answers others"
    )


def test_retries_of_both_kinds_share_one_limit(server: ChatServer) -> None:
    replies = iter([Reply(500, "x"), Reply(text="{"), Reply(500, "x"), *[Reply(text="{")] * 2])
    server.respond = lambda body: next(replies)
    with EndpointPool(engine(server, max_retries=3)) as pool, pytest.raises(EngineError, match="tries: 4"):
        answers(pool, shard("a", 1))
    assert len(server.bodies) == 5, "and one that asks whether others are answered"


@pytest.mark.parametrize("status", [400, 401, 404])
def test_what_asking_again_cannot_mend_is_asked_once(server: ChatServer, status: int) -> None:
    server.fail(Reply(status, json.dumps({"error": {"message": "not so"}})))
    with EndpointPool(engine(server)) as pool, pytest.raises(EngineError, match=f"status {status}.*not so") as caught:
        answers(pool, shard("a", 1))
    assert len(server.bodies) == (2 if status == 400 else 1), "whether it is the text or a setting, another one shows"
    assert ("SELFLOOP_ENDPOINT_KEY" in str(caught.value.fix)) == (status == 401)


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = EndpointEngine(url="http://127.0.0.1:9/v1", model="m", max_retries=0)
    with EndpointPool(nowhere) as pool, pytest.raises(EngineError, match=r"127\.0\.0\.1:9/v1.*no connection"):
        answers(pool, shard("a", 1))


def test_the_key_is_sent_and_never_shown(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    server.fail(Reply(401, json.dumps({"error": {"message": f"wrong key {KEY}"}})))
    lines: list[str] = []
    with (
        caplog.at_level(logging.DEBUG),
        EndpointPool(engine(server, key_env="MY_KEY"), lines.append) as pool,
        pytest.raises(EngineError, match=r"wrong key \*\*\*") as caught,
    ):
        answers(pool, shard("a", 1))
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert lines == [f"endpoint: judge-1 at {server.url}"]
    shown = [str(caught.value), repr(caught.value.__cause__), repr(caught.value.__context__), *lines, caplog.text]
    assert not [text for text in shown if KEY in text]
    assert "MY_KEY" in str(caught.value.fix)


def test_without_a_key_none_is_sent(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SELFLOOP_ENDPOINT_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with EndpointPool(engine(server)) as pool:
        answers(pool, shard("a", 1))
    assert "authorization" not in server.headers[0]
    assert KEY not in str(server.headers)


def test_requests_under_way_are_bounded(server: ChatServer) -> None:
    server.respond = lambda body: Reply(text=answer(body).text, wait_seconds=0.3)
    with EndpointPool(engine(server, max_concurrent=3)) as pool:
        answers(pool, *(shard(name, 4) for name in "abcdef"))
    assert server.most_open == 3


def test_requests_keep_their_distance_retries_included(server: ChatServer) -> None:
    server.fail(Reply(429, "", {"retry-after": "0.01"}), times=1)
    with EndpointPool(engine(server, requests_per_minute=120)) as pool:
        answers(pool, shard("a", 3))
    assert len(server.times) == 6
    assert server.times[-1] - server.times[0] >= 2.25, "five times half a second"


def test_a_run_ends_when_its_money_is_spent(server: ChatServer) -> None:
    prices = {"price_per_million_input": 1000.0, "price_per_million_output": 5000.0}  # 0.01 + 0.02 a request
    with EndpointPool(engine(server, **prices, max_cost=0.1, max_concurrent=1)) as pool:
        with pytest.raises(EngineError, match=r"0\.12 is spent .* and max_cost is 0\.1") as caught:
            answers(pool, shard("a", 100))
        assert "max_cost" in str(caught.value.fix)
        assert pool.usage.cost == pytest.approx(0.12)
        assert len(server.bodies) == 4
        with pytest.raises(EngineError, match="is spent"):
            answers(pool, shard("b", 1))
        assert len(server.bodies) == 4


def test_leaving_in_the_middle_asks_no_more(server: ChatServer) -> None:
    server.respond = lambda body: Reply(text=answer(body).text, wait_seconds=0.01)
    with EndpointPool(engine(server, max_concurrent=2)) as pool:
        stream = pool.generate(shard(f"s{number}", 20) for number in range(1000))
        next(stream)
        stream.close()
        asked = len(server.bodies)
        time.sleep(0.2)
        assert len(server.bodies) <= asked + 2
        assert list(answers(pool, shard("again"))) == ["again"]
        assert THREAD_NAME in {thread.name for thread in threading.enumerate()}
    assert THREAD_NAME not in {thread.name for thread in threading.enumerate()}


def test_a_pool_works_within_a_running_event_loop(server: ChatServer) -> None:
    import asyncio

    async def flow() -> dict[str, list[Completion]]:
        with EndpointPool(engine(server)) as pool:
            return answers(pool, shard("a", 2))

    assert len(asyncio.run(flow())["a"]) == 2


def test_what_a_server_cannot_do_is_an_error(server: ChatServer) -> None:
    with EndpointPool(engine(server)) as pool:
        led = Shard("s", (Request("a", CHAT, prefix="Score: "),), Sampling())
        with pytest.raises(EngineError, match=r"request 'a' .* this server cannot continue a given text"):
            answers(pool, led)
        with pytest.raises(EngineError, match="no log-probabilities of given texts"):
            pool.score([Scoring("a", CHAT, "2")])
        with pytest.raises(EngineError, match="no reward model"):
            pool.rate([Rating("a", CHAT, "2")])
    assert server.bodies == []
