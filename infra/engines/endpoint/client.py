"""Requests to one chat-completions server: limits, retries, and what becomes of those that fail. Used by `pool.py`.

The openai package retries time-outs, lost connections and the status codes 408, 409, 429 and 5xx, waiting longer each
time or as long as Retry-After says. Bodies of status 200 that cannot be read are asked for again here; both kinds share
`max_retries`.

Where a request has no answer at last, it is either the request or the server. The server's words tell (too long, a
filter), or the other requests do: where they were answered meanwhile, or a harmless one is answered now with the same
settings, this one is missing and the work goes on. Else nothing would be answered, and that is an error.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Sequence
from typing import Any

from configs.schema.drawing import Sampling
from configs.schema.engine import EndpointEngine
from infra.engines.endpoint.answer import (
    BadAnswer,
    Choice,
    NoChoice,
    read_body,
    read_choices,
    read_usage,
    refuses_many,
    refuses_max_tokens,
    refuses_seed,
    share_tokens,
    why_refused,
)
from infra.engines.endpoint.failure import NEVER_THE_REQUEST, Failure
from infra.engines.endpoint.usage import Usage
from infra.engines.questions import (
    Completion,
    Missing,
    MissingReason,
    Request,
    draw_seed,
    missing_draws,
)
from infra.text.outside import explain_text

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0
NO_KEY = "none"
"""the package wants some key; the header that it makes of this one is not sent"""

PROBE = [{"role": "user", "content": "What is 1 + 1?"}]
PROBE_TOKENS = 16

Found = tuple[Choice | NoChoice, int]
"""what was answered, and its number of tokens"""


class EndpointClient:
    """Made and used inside one running event loop."""

    def __init__(self, engine: EndpointEngine, usage: Usage) -> None:
        import openai

        self._openai = openai
        self._engine = engine
        self._usage = usage
        self._key = os.environ.get(engine.key_env, "").strip()
        self._places = asyncio.Semaphore(engine.max_concurrent)
        self._next_start = 0.0
        self._takes_many: bool | None = None
        self._takes_seed = True
        self._limit_name = "max_tokens"
        self._accepted: set[str] = set()
        self._answered_at = self._refused_at = float("-inf")
        self._probing = asyncio.Lock()
        http = openai.DefaultAsyncHttpxClient(
            event_hooks={"request": [self._before_sending]}, timeout=engine.timeout_seconds
        )
        self._client = openai.AsyncOpenAI(
            base_url=engine.url, api_key=self._key or NO_KEY, timeout=engine.timeout_seconds, http_client=http
        )

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, request: Request, sampling: Sampling) -> list[Completion | Missing]:
        """All samples of a request: one call each, with a seed of its own; without seeds in one, where it takes `n`.

        A call has one seed for all it returns, so draws that are asked for together would be others than the same ones
        asked for after a kill, or beside more of them. Its price: the prompt is sent, and billed, once a draw.

        Raises:
            EngineError: no request can be answered; names this one, the status and how the answer begins, not the key.
        """
        for _, text in request.messages:
            if (complaint := explain_text(text)) is not None:
                return list(missing_draws(request, MissingReason.UNREADABLE, f"its text holds {complaint}"))
        rows: list[Found] = []
        while (wanted := request.num_samples - len(rows)) > 0:
            if wanted == 1 or self._takes_many is False or self._sends_seed(sampling):
                calls = [self._ask(request, sampling, draw, 1) for draw in request.draws[len(rows) :]]
                answers = await asyncio.gather(*calls)
                rows += [(answer, 0) if isinstance(answer, NoChoice) else answer[0] for answer in answers]
                continue
            found = await self._ask(request, sampling, request.draws[len(rows)], wanted)
            if isinstance(found, NoChoice):
                rows += [(found, 0)] * wanted
                continue
            self._takes_many = len(found) >= wanted
            rows += found[:wanted]
        return [_to_row(request, draw, *row) for draw, row in zip(request.draws, rows, strict=True)]

    async def _ask(self, request: Request, sampling: Sampling, first: int, num: int) -> list[Found] | NoChoice:
        """At least one choice with its number of tokens; fewer than `num` where the server does not take `n`.

        Args:
            first: number of the first draw that is asked for.
        """
        started = asyncio.get_running_loop().time()
        seed = draw_seed(request.seed, first) % 2**31  # what the narrowest servers take
        async with self._places:
            tries = 0
            while True:
                parameters = self._parameters(request, sampling, seed, num)
                answer = await self._try(parameters, self._engine.max_retries - tries)
                if not isinstance(answer, Failure):
                    return answer
                tries += answer.tries
                if (reason := why_refused(answer.status, answer.body)) is not None:
                    return NoChoice(reason, answer.words(tries, self._key))
                if self._learns_from(answer, parameters):
                    num = 1 if self._takes_many is False else num
                elif answer.status != 200 or tries > self._engine.max_retries:
                    break
                else:
                    self._usage.retries += 1
                    await asyncio.sleep(min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), LONGEST_WAIT_SECONDS))
            if not await self._answers_others(answer, parameters, started):
                raise answer.as_error(self._engine, request.id, tries, self._key)
        is_refusal = answer.status is not None and 400 <= answer.status < 500
        reason = MissingReason.REFUSED if is_refusal else MissingReason.FAILED
        return NoChoice(reason, answer.words(tries, self._key))

    async def _answers_others(self, failure: Failure, parameters: dict[str, Any], started: float) -> bool:
        """Whether the server answers requests like this one, so that it is this one's text that it cannot answer.

        Args:
            started: when this one was asked first, by the loop's clock.
        """
        if failure.status in NEVER_THE_REQUEST:
            return False
        is_about_settings = failure.status in (400, 422)
        if is_about_settings and _shape(parameters) in self._accepted:
            return True
        async with self._probing:
            if max(self._answered_at, self._refused_at) <= started:
                probe = {**parameters, "messages": PROBE}
                if not is_about_settings:
                    probe[self._limit_name] = min(parameters[self._limit_name], PROBE_TOKENS)
                answer = await self._try(probe, 0)
                if isinstance(answer, Failure):
                    self._refused_at = asyncio.get_running_loop().time()
            return self._answered_at > self._refused_at

    async def _try(self, parameters: dict[str, Any], max_retries: int) -> list[Found] | Failure:
        """One call of the package, which itself asks up to 1 + `max_retries` times."""
        chat = self._client.with_options(max_retries=max(0, max_retries)).chat
        try:
            answer = await chat.completions.with_raw_response.create(**parameters)
        except self._openai.APIStatusError as error:
            return Failure("the server refused", _tries(error), error.status_code, error.response.text)
        except self._openai.APITimeoutError as error:
            return Failure(f"no answer within {self._engine.timeout_seconds:g} s", _tries(error))
        except self._openai.APIConnectionError as error:
            return Failure(f"no connection ({error.__cause__ or error})", _tries(error))
        tries = answer.retries_taken + 1
        try:
            body = read_body(answer.text)
            usage, choices = read_usage(body), read_choices(body)
        except BadAnswer as error:
            return Failure(str(error), tries, answer.status_code, answer.text)
        self._count(usage, parameters, choices)
        self._accepted.add(_shape(parameters))
        self._answered_at = asyncio.get_running_loop().time()
        return list(zip(choices, share_tokens(choices, usage[1] if usage else 0), strict=True))

    def _count(
        self, usage: tuple[int, int] | None, parameters: dict[str, Any], choices: Sequence[Choice | NoChoice]
    ) -> None:
        num_sent = sum(_num_bytes(message["content"]) for message in parameters["messages"])
        self._usage.add(usage, num_sent, sum(_num_bytes(choice.text) for choice in choices))
        self._usage.replaced += sum(choice.num_replaced for choice in choices if isinstance(choice, Choice))

    def _parameters(self, request: Request, sampling: Sampling, seed: int, num: int) -> dict[str, Any]:
        """What is not asked for is not sent: servers refuse settings that they do not know."""
        extra = {"top_k": sampling.top_k, "min_p": sampling.min_p}
        wanted = {
            "top_p": sampling.top_p if sampling.top_p < 1 else None,
            "stop": list(sampling.stop),
            "n": num if num > 1 else None,
            "seed": seed if self._sends_seed(sampling) else None,
            "extra_body": {name: value for name, value in extra.items() if value > 0},
        }
        return {
            "model": self._engine.model,
            "messages": [{"role": role, "content": content} for role, content in request.messages],
            "temperature": sampling.temperature,
            self._limit_name: request.max_tokens or sampling.max_tokens,
            **{name: value for name, value in wanted.items() if value},
        }

    def _sends_seed(self, sampling: Sampling) -> bool:
        return self._takes_seed and sampling.temperature > 0

    def _learns_from(self, failure: Failure, parameters: dict[str, Any]) -> bool:
        """Whether the server refused a parameter for which there is another way."""
        if failure.status not in (400, 422):
            return False
        if "max_tokens" in parameters and refuses_max_tokens(failure.body):
            self._limit_name = "max_completion_tokens"
            return True
        if "n" in parameters and refuses_many(failure.body):
            self._takes_many = False
            return True
        if "seed" in parameters and refuses_seed(failure.body):
            self._takes_seed = False
            return True
        return False

    async def _before_sending(self, http_request: Any) -> None:
        """Called by the HTTP client for every request, retries included."""
        if not self._key:
            http_request.headers.pop("authorization", None)
        if self._engine.requests_per_minute is not None:
            now = asyncio.get_running_loop().time()
            start = max(now, self._next_start)
            self._next_start = start + 60 / self._engine.requests_per_minute
            await asyncio.sleep(start - now)
        self._usage.check_cost()
        self._usage.requests += 1
        self._usage.retries += http_request.headers.get("x-stainless-retry-count", "0") != "0"


def _to_row(request: Request, draw: int, choice: Choice | NoChoice, num_tokens: int) -> Completion | Missing:
    if isinstance(choice, NoChoice):
        return Missing(request.id, choice.reason, choice.detail, draw)
    return Completion(request.id, draw, choice.text, choice.finish_reason, num_tokens, None)


def _shape(parameters: dict[str, Any]) -> str:
    """A request without its text: what a server takes once, it takes again."""
    return json.dumps({name: value for name, value in parameters.items() if name not in ("messages", "seed")})


def _num_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _tries(error: Any) -> int:
    return int(error.request.headers.get("x-stainless-retry-count", "0")) + 1
