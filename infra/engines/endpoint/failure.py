"""Why a request to a server has no answer, in words that name the fix. Pure; called by `client.py`."""

from __future__ import annotations

from dataclasses import dataclass

from configs.errors import EngineError
from configs.schema.engine import EndpointEngine
from infra.engines.endpoint.answer import excerpt

NEVER_THE_REQUEST = (401, 402, 403, 404, 407, 429)
"""what a server says about who asks, where and how often"""

FIXES = {
    400: "see what the server says; not every server takes every sampling setting",
    401: "put a valid key into the environment variable {key_env}",
    403: "put a valid key into the environment variable {key_env}",
    404: "check url (most end in /v1) and model",
    429: "write a smaller requests_per_minute or max_concurrent, or a larger max_retries",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request has no answer.

    Attributes:
        status: of the last HTTP answer; None where none came.
        tries: how often it was asked.
    """

    what: str
    tries: int
    status: int | None = None
    body: str = ""

    def words(self, tries: int, key: str) -> str:
        """What happened, without the key: some servers repeat the one that they refuse.

        Args:
            tries: how often it was asked in all.
            key: of the server; empty where there is none.
        """
        status = "" if self.status is None else f", status {self.status}"
        body = f": {excerpt(self.body)}" if self.body else ""
        return _without(key, f"{self.what}{status}, tries: {tries}{body}")

    def as_error(self, engine: EndpointEngine, request_id: str, tries: int, key: str) -> EngineError:
        """The error that ends the stage; names server, model and request; arguments as of `words`."""
        fix = FIXES.get(self.status or 0, "see that the server runs; what was published is kept for the next run")
        if self.status is None:
            fix = "see that the server runs, or write a larger timeout_seconds or a smaller max_concurrent"
        message = f"endpoint {engine.url}, model {engine.model}: request '{request_id}': {self.words(tries, key)}"
        return EngineError(_without(key, message), fix.format(key_env=engine.key_env))


def _without(key: str, text: str) -> str:
    return text.replace(key, "***") if key else text
