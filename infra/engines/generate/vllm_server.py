"""The interface of a `vllm serve` whose weights follow a training, as `server_live.py` needs it.

    VLLM_SERVER_DEV_MODE=1 VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 vllm serve FOLDER --enable-lora --max-lora-rank 16

Tokens go in and come out; a draw is a request of its own, for a request has one seed. Weights come as files that the
server reads itself: both see one file system. The log-probabilities are those before temperature, vLLM's default.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from configs.errors import UserError
from infra.engines.live_weights import LiveWeights

NUM_TRIES = 5
"""of a request that the server fails at, with growing waits"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server wrote.

    Attributes:
        prompt: token ids.
        written: token ids, the end included.
        logprobs: of each of them.
        watched: log-probabilities of the tokens that were watched, at the last place.
        finish_reason: vLLM's: stop, length or what it could not do.
        prompt_logprobs: of each token of the prompt but the first, where they were asked for.
    """

    prompt: tuple[int, ...]
    written: tuple[int, ...]
    logprobs: tuple[float, ...]
    watched: Mapping[int, float]
    finish_reason: str
    prompt_logprobs: tuple[float, ...] = ()


class VllmServer:
    """A server; several threads may ask it.

    Args:
        url: ends in /v1.
        model: folder of the weights that it should serve, for messages.
        rank: of the adapters that come; 0: whole weights do.
        timeout: seconds that one request may take.

    Raises, from every method: UserError where it cannot be reached, or does not do what is asked.
    """

    def __init__(self, url: str, model: str, rank: int, timeout: float) -> None:
        import openai

        self._openai, self._url, self._model, self._rank = openai, url.rstrip("/"), model, rank
        self._client = openai.OpenAI(base_url=self._url, api_key="none", timeout=timeout, max_retries=NUM_TRIES)
        served = self._send(f"{self._url}/models", lambda: self._client.models.list().data[0])
        self._base: str = served.id
        self._answers = self._base
        self.context: int = (served.model_extra or {})["max_model_len"]

    def follow(self, weights: LiveWeights) -> None:
        """Answer by these weights from now on: an adapter under a name of its own, or whole weights in place."""
        if not self._rank:
            root = urlsplit(self._url)._replace(path="").geturl()
            asked = {"method": "reload_weights", "kwargs": {"weights_path": str(weights.path)}}
            self._post(f"{root}/collective_rpc", asked)
            told = self._post(f"{root}/reset_prefix_cache", {})
            if isinstance(told, dict) and not told.get("success", True):
                raise UserError(
                    f"the server at {self._url} keeps what it computed before: other requests are under way",
                    "let nobody else ask a server that follows a training",
                )
            return
        before, self._answers = self._answers, f"{weights.name}-{uuid.uuid4().hex[:8]}"
        told = {"lora_name": self._answers, "lora_path": str(weights.path)}
        self._post(f"{self._url}/load_lora_adapter", told)
        if before != self._base:
            self._post(f"{self._url}/unload_lora_adapter", {"lora_name": before})

    def complete(self, prompt: Sequence[int], watched: Sequence[int] = (), **settings: Any) -> Answer:
        """Continue a prompt.

        Args:
            watched: tokens whose log-probabilities are told beside those of what is written.
            settings: of the request, by the server's names.
        """
        body = {"return_token_ids": True, "return_tokens_as_token_ids": True, "repetition_penalty": 1.0, **settings}
        if watched:
            body |= {"logprob_token_ids": list(watched)}
        answer = self._send(
            f"{self._url}/completions",
            lambda: self._client.completions.create(
                model=self._answers, prompt=list(prompt), logprobs=len(watched), extra_body=body
            ),
        )
        return _read(answer.choices[0], watched)

    def close(self) -> None:
        self._client.close()

    def _post(self, url: str, body: Mapping[str, Any]) -> Any:
        return self._send(url, lambda: self._client.post(url, cast_to=object, body=body))

    def _send(self, url: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except self._openai.APIStatusError as error:
            raise UserError(
                f"the server of online.sampler.url answers {url} with {error.status_code}: {error.response.text[:300]}",
                f"it needs to read this machine's files, and to be started so: {self.command}",
            ) from error
        except self._openai.APIConnectionError as error:
            raise UserError(
                f"no server answers at online.sampler.url: {self._url} ({error})",
                f"start one: {self.command}; or write online: {{sampler: {{where: session}}}}, which starts its own",
            ) from error

    @property
    def command(self) -> str:
        """What starts such a server."""
        adapters = f" --enable-lora --max-loras 2 --max-lora-rank {self._rank}" if self._rank else ""
        name = "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1" if self._rank else "VLLM_SERVER_DEV_MODE=1"
        return f"{name} vllm serve {self._model} --generation-config vllm{adapters}"


def _read(choice: Any, watched: Sequence[int]) -> Answer:
    told = choice.model_extra or {}
    last = (choice.logprobs.top_logprobs or [{}])[-1] if choice.logprobs else {}
    known = {token: last[f"token_id:{token}"] for token in watched if f"token_id:{token}" in (last or {})}
    before = told.get("prompt_logprobs") or []
    prompt = tuple(told["prompt_token_ids"])
    pairs = list(zip(prompt, before, strict=True))[1:] if before else []
    return Answer(
        prompt,
        tuple(told["token_ids"]),
        tuple(choice.logprobs.token_logprobs) if choice.logprobs else (),
        known,
        choice.finish_reason,
        tuple(entry[str(token)]["logprob"] for token, entry in pairs),
    )
