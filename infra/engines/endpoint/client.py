"""Requests to one chat-completions server: limits, retries, and errors that name the request. Used by `endpoint.py`.

The openai package retries time-outs, lost connections and the status codes 408, 409, 429 and 5xx, waiting longer each
time or as long as Retry-After says. Answers of status 200 without a usable text are asked for again here; both kinds
share `max_retries`.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any

from configs.errors import EngineError
from configs.schema.engine import EndpointEngine
from configs.schema.generate import Sampling
from infra.engines.endpoint.answer import (
    BadAnswer,
    Choice,
    excerpt,
    read_body,
    read_choices,
    read_usage,
    refuses_many,
    refuses_max_tokens,
    refuses_seed,
    share_tokens,
)
from infra.engines.endpoint.usage import Usage
from infra.engines.wire import Completion, Request, draw_seed

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 8.0
NO_KEY = "none"
"""the package wants some key; the header that it makes of this one is not sent"""

FIXES = {
    400: "see what the server says; not every server takes every sampling setting",
    401: "put a valid key into the environment variable {key_env}",
    403: "put a valid key into the environment variable {key_env}",
    404: "check url (most end in /v1) and model",
    429: "write a smaller requests_per_minute or max_concurrent, or a larger max_retries",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request has no answer.

    Attributes:
        status: of the last HTTP answer; None where none came.
        tries: how often it was asked.
    """

    what: str
    tries: int
    status: int | None = None
    body: str = ""


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
        http = openai.DefaultAsyncHttpxClient(
            event_hooks={"request": [self._before_sending]}, timeout=engine.timeout_seconds
        )
        self._client = openai.AsyncOpenAI(
            base_url=engine.url, api_key=self._key or NO_KEY, timeout=engine.timeout_seconds, http_client=http
        )

    async def close(self) -> None:
        await self._client.close()

    async def complete(self, request: Request, sampling: Sampling) -> list[Completion]:
        """All samples of a request: one call each, with a seed of its own; without seeds in one, where it takes `n`.

        A call has one seed for all it returns, so draws that are asked for together would be others than the same ones
        asked for after a kill, or beside more of them. Its price: the prompt is sent, and billed, once a draw.

        Raises:
            EngineError: names the request, the status and how the answer begins; never the key.
        """
        rows: list[tuple[Choice, int]] = []
        while (missing := request.num_samples - len(rows)) > 0:
            if missing == 1 or self._takes_many is False or self._sends_seed(sampling):
                calls = [self._ask(request, sampling, draw, 1) for draw in request.draws[len(rows) :]]
                found = [row for answer in await asyncio.gather(*calls) for row in answer[:1]]
            else:
                found = await self._ask(request, sampling, request.draws[len(rows)], missing)
                self._takes_many = len(found) == missing
            rows += found[:missing]
        return [
            Completion(request.id, draw, choice.text, choice.finish_reason, num_tokens, None)
            for draw, (choice, num_tokens) in zip(request.draws, rows, strict=True)
        ]

    async def _ask(self, request: Request, sampling: Sampling, first: int, num: int) -> list[tuple[Choice, int]]:
        """At least one choice with its number of tokens; fewer than `num` where the server does not take `n`.

        Args:
            first: number of the first draw that is asked for.
        """
        seed = draw_seed(request.seed, first) % 2**31  # what the narrowest servers take
        async with self._places:
            tries = 0
            while True:
                parameters = self._parameters(request, sampling, seed, num)
                answer = await self._try(parameters, self._engine.max_retries - tries)
                if not isinstance(answer, Problem):
                    return answer
                tries += answer.tries
                if self._learns_from(answer, parameters):
                    num = 1 if self._takes_many is False else num
                elif answer.status != 200 or tries > self._engine.max_retries:
                    break
                else:
                    self._usage.retries += 1
                    await asyncio.sleep(min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), LONGEST_WAIT_SECONDS))
        raise self._error(request, answer, tries)

    async def _try(self, parameters: dict[str, Any], max_retries: int) -> list[tuple[Choice, int]] | Problem:
        """One call of the package, which itself asks up to 1 + `max_retries` times."""
        chat = self._client.with_options(max_retries=max(0, max_retries)).chat
        try:
            answer = await chat.completions.with_raw_response.create(**parameters)
        except self._openai.APIStatusError as error:
            return Problem("the server refused", _tries(error), error.status_code, error.response.text)
        except self._openai.APITimeoutError as error:
            return Problem(f"no answer within {self._engine.timeout_seconds:g} s", _tries(error))
        except self._openai.APIConnectionError as error:
            return Problem(f"no connection ({error.__cause__ or error})", _tries(error))
        tries = answer.retries_taken + 1
        try:
            body = read_body(answer.text)
            num_read, num_written = read_usage(body)
            self._usage.input_tokens += num_read
            self._usage.output_tokens += num_written
            choices = read_choices(body)
        except BadAnswer as error:
            return Problem(str(error), tries, answer.status_code, answer.text)
        return list(zip(choices, share_tokens(choices, num_written), strict=True))

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
            self._limit_name: sampling.max_tokens,
            **{name: value for name, value in wanted.items() if value},
        }

    def _sends_seed(self, sampling: Sampling) -> bool:
        return self._takes_seed and sampling.temperature > 0

    def _learns_from(self, problem: Problem, parameters: dict[str, Any]) -> bool:
        """Whether the server refused a parameter for which there is another way."""
        if problem.status not in (400, 422):
            return False
        if "max_tokens" in parameters and refuses_max_tokens(problem.body):
            self._limit_name = "max_completion_tokens"
            return True
        if "n" in parameters and refuses_many(problem.body):
            self._takes_many = False
            return True
        if "seed" in parameters and refuses_seed(problem.body):
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

    def _error(self, request: Request, problem: Problem, tries: int) -> EngineError:
        status = "" if problem.status is None else f", status {problem.status}"
        body = f": {excerpt(problem.body)}" if problem.body else ""
        message = (
            f"endpoint {self._engine.url}, model {self._engine.model}: request '{request.id}': "
            f"{problem.what}{status}, tries: {tries}{body}"
        )
        fix = FIXES.get(problem.status or 0, "see that the server runs; what was published is kept for the next run")
        if problem.status is None:
            fix = "see that the server runs, or write a larger timeout_seconds or a smaller max_concurrent"
        return EngineError(self._without_key(message), fix.format(key_env=self._engine.key_env))

    def _without_key(self, text: str) -> str:
        """Some servers repeat the key that they refuse."""
        return text.replace(self._key, "***") if self._key else text


def _tries(error: Any) -> int:
    return int(error.request.headers.get("x-stainless-retry-count", "0")) + 1
