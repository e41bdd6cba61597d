"""One request that a server does not answer is missing, with its reason, and ends nothing. Against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from configs.errors import EngineError
from configs.schema.drawing import Sampling
from configs.schema.engine import EndpointEngine
from infra.engines.endpoint.pool import EndpointPool
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    draw_seed,
)
from infra.engines.wire import Shard
from tests.infra.engines.chat_server import Body, ChatServer, Reply, answer, serving

pytestmark = pytest.mark.slow

KEY = "sk-secret-0123456789"


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with serving() as opened:
        yield opened


def error(status: int, message: str, **more: Any) -> Reply:
    return Reply(status, json.dumps({"error": {"message": message, **more}}))


def to_x(**choice: Any) -> Reply:
    return answer({"messages": [{"content": "x"}]}, **choice)


OPENAI_LENGTH = "This model's maximum context length is 4096 tokens. However, your messages resulted in 5012 tokens."
VLLM_LENGTH = "The decoder prompt (length 900) is longer than the maximum model length of 512."
LLAMA_LENGTH = "the request exceeds the available context size. try increasing the context size"
POLICY = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
ONE_BAD = {
    "content_filter": (to_x(finish_reason="content_filter"), "filtered", "content_filter"),
    "SAFETY": (to_x(finish_reason="SAFETY"), "filtered", "SAFETY"),
    "refusal": (to_x(message={"content": None, "refusal": "I can't help"}), "filtered", "I can't help"),
    "half a refusal": (to_x(message={"content": None, "refusal": "no\ud800"}), "filtered", "no\ufffd"),
    "null content": (to_x(message={"content": None}), "no_text", "content is null"),
    "no content": (to_x(message={}), "no_text", "content is null"),
    "content is a number": (to_x(message={"content": 7}), "no_text", "content is null"),
    "a tool call": (to_x(finish_reason="tool_calls", message={"content": None}), "no_text", "tool_calls"),
    "no finish reason": (to_x(finish_reason=None), "no_text", "finish_reason null"),
    "a finish reason that is a list": (to_x(finish_reason=["stop"]), "no_text", "finish_reason"),
    "no message": (Reply(text='{"choices": [{"finish_reason": "stop"}]}'), "no_text", "without a message"),
    "400 length": (error(400, OPENAI_LENGTH, code="context_length_exceeded"), "too_long", "4096 tokens"),
    "400 length, vLLM": (error(400, VLLM_LENGTH), "too_long", "longer than the maximum"),
    "400 length, llama.cpp": (error(400, LLAMA_LENGTH), "too_long", "context size"),
    "413": (error(413, "Payload Too Large"), "too_long", "status 413"),
    "422 length": (error(422, "`inputs` must have less than 4095 tokens. Input length was 5000"), "too_long", "4095"),
    "400 policy": (error(400, POLICY, code="content_filter"), "filtered", "content management policy"),
    "403 policy": (error(403, "Your input was flagged by moderation"), "filtered", "flagged"),
    "400 of another kind": (error(400, "I do not like this text"), "refused", "I do not like this text"),
    "422 of another kind": (error(422, "unprocessable"), "refused", "unprocessable"),
    "500 time after time": (Reply(500, "internal trouble"), "failed", "internal trouble"),
    "cut off time after time": (Reply(text='{"choices": ['), "failed", "no complete JSON"),
    "no answer in time": (Reply(wait_seconds=1.5), "failed", "no answer within 0.5 s"),
}  # fmt: skip


def engine(server: ChatServer, **settings: Any) -> EndpointEngine:
    return EndpointEngine(**{"url": server.url, "model": "m", "timeout_seconds": 5, "max_retries": 1, **settings})


def ask(pool: EndpointPool, *texts: str, num_samples: int = 1, temperature: float = 1.0) -> list[Completion | Missing]:
    """At temperature 0 no seeds are sent, and all draws are asked for in one call."""
    requests = tuple(Request(f"r{place}", (("user", text),), num_samples) for place, text in enumerate(texts))
    ((_, rows),) = pool.generate([Shard("s", requests, Sampling(max_tokens=20, temperature=temperature))])
    return rows


def bad_for(word: str, reply: Reply) -> Any:
    return lambda body: reply if word in body["messages"][-1]["content"] else answer(body)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("name", ONE_BAD)
def test_one_bad_item_is_missing_wherever_it_stands(server: ChatServer, name: str, place: int) -> None:
    reply, reason, words = ONE_BAD[name]
    server.respond = bad_for("bad", reply)
    texts = [f"good{number}" for number in range(3)]
    texts[place] = "bad"
    settings = {"timeout_seconds": 0.5} if name == "no answer in time" else {}
    with EndpointPool(engine(server, max_concurrent=1, **settings)) as pool:
        rows = ask(pool, *texts)
    gone = rows.pop(place)
    assert isinstance(gone, Missing) and (gone.id, gone.reason) == (f"r{place}", reason)
    assert words in gone.detail
    assert [row.text for row in rows if isinstance(row, Completion)] == [
        f"GOOD{number}0" for number in range(3) if number != place
    ]


@pytest.mark.parametrize("name", ONE_BAD)
def test_the_only_item_is_missing_too_since_a_harmless_one_is_answered(server: ChatServer, name: str) -> None:
    reply, reason, _ = ONE_BAD[name]
    server.respond = bad_for("bad", reply)
    settings = {"timeout_seconds": 0.5} if name == "no answer in time" else {}
    with EndpointPool(engine(server, **settings)) as pool:
        (gone,) = ask(pool, "bad")
    assert isinstance(gone, Missing) and gone.reason == reason
    harmless = [body for body in server.bodies if "bad" not in body["messages"][-1]["content"]]
    assert len(harmless) <= 1 and all(body["max_tokens"] <= 20 for body in harmless)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 429])
def test_what_a_server_says_of_the_asker_is_an_error_though_others_were_answered(
    server: ChatServer, status: int
) -> None:
    server.respond = bad_for("bad", Reply(status, '{"error": "no"}', {"retry-after": "0.01"}))
    with (
        EndpointPool(engine(server, max_concurrent=1)) as pool,
        pytest.raises(EngineError, match=f"request 'r1'.*status {status}"),
    ):
        ask(pool, "good", "bad")


def test_a_filtered_draw_costs_itself_and_not_the_draws_beside_it(server: ChatServer) -> None:
    def respond(body: Body) -> Reply:
        reply = json.loads(answer(body).text)
        if len(reply["choices"]) > 1:
            reply["choices"][1]["finish_reason"] = "content_filter"
        return Reply(text=json.dumps(reply))

    server.respond = respond
    with EndpointPool(engine(server)) as pool:
        rows = ask(pool, "x", num_samples=3, temperature=0)
        assert [(row.index, isinstance(row, Missing)) for row in rows] == [(0, False), (1, True), (2, False)]
        assert (pool.usage.input_tokens, pool.usage.output_tokens) == (10, 12), "the server counts it, and so do we"


def test_each_draw_of_a_refused_request_is_missing(server: ChatServer) -> None:
    server.respond = bad_for("bad", error(400, OPENAI_LENGTH))
    with EndpointPool(engine(server)) as pool:
        rows = ask(pool, "bad", "good", num_samples=3, temperature=0)
        assert [isinstance(row, Missing) for row in rows] == [True] * 3 + [False] * 3
        assert [row.index for row in rows] == [0, 1, 2, 0, 1, 2]
        assert pool.usage.requests == 2, "one call for all draws, whatever became of the other"


def test_a_draw_of_its_own_seed_that_is_filtered_costs_itself_alone(server: ChatServer) -> None:
    filtered = draw_seed(0, 1) % 2**31

    def respond(body: Body) -> Reply:
        reply = json.loads(answer(body).text)
        if body["seed"] == filtered:
            reply["choices"][0]["finish_reason"] = "content_filter"
        return Reply(text=json.dumps(reply))

    server.respond = respond
    with EndpointPool(engine(server)) as pool:
        rows = ask(pool, "x", num_samples=3)
    assert [(row.index, isinstance(row, Missing)) for row in rows] == [(0, False), (1, True), (2, False)]
    assert len(server.bodies) == 3


@pytest.mark.parametrize("words", ["temperature must be 1", "max_tokens is too large: 20. This model takes at most 16"])
def test_a_setting_that_the_server_refuses_for_all_is_an_error_at_once(server: ChatServer, words: str) -> None:
    server.respond = lambda body: error(400, words) if body["max_tokens"] > 16 else answer(body)
    with EndpointPool(engine(server)) as pool, pytest.raises(EngineError, match=words):
        ask(pool, *(f"t{number}" for number in range(50)))
    assert len(server.bodies) < 50


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": None},
        {"prompt_tokens": -1, "completion_tokens": 2},
        [1],
        {"prompt_tokens": 10**30, "completion_tokens": 2},
    ],
)
def test_an_answer_without_usage_is_an_answer(server: ChatServer, usage: Any) -> None:
    def respond(body: Body) -> Reply:
        return Reply(text=json.dumps({**json.loads(answer(body).text), "usage": usage}))

    server.respond = respond
    with EndpointPool(engine(server)) as pool:
        (row,) = ask(pool, "x")
        assert row == Completion("r0", 0, "X0", "stop", 0, None)
        assert pool.spending() == {
            "endpoint_requests": 1, "endpoint_retries": 0, "endpoint_input_tokens": 0, "endpoint_output_tokens": 0,
            "endpoint_uncounted": 1,
        }  # fmt: skip


def test_a_limit_on_costs_holds_where_the_server_does_not_count(server: ChatServer) -> None:
    server.respond = lambda body: Reply(text=json.dumps({**json.loads(answer(body).text), "usage": None}))
    prices = {"price_per_million_input": 1e6, "price_per_million_output": 1e6}
    with (
        EndpointPool(engine(server, **prices, max_cost=10, max_concurrent=1)) as pool,
        pytest.raises(EngineError, match="is spent"),
    ):
        ask(pool, *["xxxx"] * 10)
    assert len(server.bodies) == 2, "four bytes there and five back"


def test_halves_of_characters_and_nuls_in_an_answer_are_replaced_and_counted(server: ChatServer) -> None:
    content = r"a\ud800b\u0000c\ud83d\ude00\u2028\ufeff\u202e"
    server.respond = lambda body: Reply(text=answer(body).text.replace("X0", content))
    with EndpointPool(engine(server)) as pool:
        (row,) = ask(pool, "x")
        assert isinstance(row, Completion)
        assert row.text == "a\ufffdb\ufffdc\U0001f600\u2028\ufeff\u202e", "the rest is text, and stays"
        assert pool.spending()["endpoint_replaced"] == 2


def test_a_question_of_which_no_bytes_can_be_made_is_missing(server: ChatServer) -> None:
    with EndpointPool(engine(server)) as pool:
        gone, good = ask(pool, "a\ud800", "b")
    assert isinstance(gone, Missing) and gone.reason == "unreadable" and "U+D800" in gone.detail
    assert isinstance(good, Completion) and len(server.bodies) == 1


def test_a_reason_never_shows_the_key(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server.respond = bad_for("bad", error(400, f"key {KEY}: context length exceeded"))
    with EndpointPool(engine(server, key_env="MY_KEY")) as pool:
        (gone,) = ask(pool, "bad")
    assert isinstance(gone, Missing) and KEY not in gone.detail and "***" in gone.detail
