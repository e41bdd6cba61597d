"""Generation by a `vllm serve` whose weights follow a training. Loaded by `session_program.py`.

This process knows the tokenizer and the chat's format, and no weights: it makes tokens of what is asked, has as many
draws under way as the server takes, and makes texts of the tokens that come back. It draws and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.engines.chat.load import load_chat
from infra.engines.generate.open_job import OpenJob
from infra.engines.generate.prompts import decode_continuation, encode_all, encode_request, stop_texts
from infra.engines.generate.token_ends import TokenEnds
from infra.engines.generate.vllm_server import Answer, VllmServer
from infra.engines.live_weights import Follows, LiveWeights
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import check_probe, read_probe
from infra.engines.questions import (
    Completion,
    Missing,
    MissingReason,
    Request,
    Tokens,
    draw_seed,
)
from infra.engines.runner import Progress, Result
from infra.engines.server_engine import ServerEngine
from infra.engines.wire import Job, Shard

STEP_SECONDS = 0.2
SERVED = "bfloat16"
"""the coarsest number format that a server is expected to compute in"""
Asked = tuple[Any, list[int], Callable[[], Answer] | None]
"""(request, number of the draw) or a Missing, the tokens of its prefix, and how it is asked; None where it cannot be"""


class ServerRunner:
    """See `runner.LiveRunner`."""

    def __init__(self, settings: ServerEngine, model: ModelFiles, follows: Follows) -> None:
        self._files, self._chat = model, load_chat(model)
        self._ends = TokenEnds(self._chat)
        self._server = VllmServer(settings.url, str(model.weights), follows.rank, settings.silence_seconds)
        self._context = min(self._server.context, settings.max_model_length or self._server.context)
        self._threads = ThreadPoolExecutor(settings.max_concurrent)
        self._open: dict[str, OpenJob] = {}
        self._under_way: dict[Future[Answer], tuple[str, int]] = {}

    @property
    def is_idle(self) -> bool:
        return not self._open

    def follow(self, weights: LiveWeights) -> None:
        self._server.follow(weights)
        before = read_probe(weights.files(self._files))
        assert before is not None, "the learner leaves one"
        tokens = before.tokens[: self._context - 1]
        found = self._server.complete(tokens, max_tokens=1, prompt_logprobs=0).prompt_logprobs
        known = replace(before, tokens=tokens, logprobs=before.logprobs[: len(found)])
        check_probe(self._files.name, f"on the server, with the weights of {weights.name},", known, found, SERVED)

    def submit(self, job: Job) -> None:
        assert isinstance(job, Shard), "the learner scores"
        asked = self._draws(job)
        work = OpenJob.of(job, [what for what, _, _ in asked], [given for _, given, _ in asked])
        self._open[job.name] = work
        for place, (_, _, ask) in enumerate(asked):
            if ask is not None:
                self._under_way[self._threads.submit(ask)] = job.name, place

    def step(self) -> list[Progress | Result]:
        """Take what the server answered meanwhile."""
        done, _ = wait(self._under_way, STEP_SECONDS, FIRST_COMPLETED)
        events: list[Progress | Result] = [self._take(*self._under_way.pop(one), one.result()) for one in done]
        for name in [name for name, work in self._open.items() if work.num_open == 0]:
            events.append(Result(name, self._open.pop(name).rows))
        return events

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._server.close()

    def _draws(self, shard: Shard) -> list[Asked]:
        end, sampling = self._chat.end, shard.sampling
        watched = [end.token] if end.token is not None and len(end.stops) > 1 else []
        common = {
            "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k,
            "min_p": sampling.min_p, "stop": list(stop_texts(self._chat, sampling.stop)),
            "stop_token_ids": list(end.stops), "watched": watched,
        }  # fmt: skip
        encoded = encode_all(
            shard.requests, lambda request: encode_request(self._chat, self._files, request, self._context)
        )
        asked: list[Asked] = []
        for request, tokens in zip(shard.requests, encoded, strict=True):
            if isinstance(tokens, list):
                asked += [(row, [], None) for row in tokens]
                continue
            prompt, prefix = tokens[0] + tokens[1], tokens[1]
            limit = min(request.max_tokens or sampling.max_tokens, sampling.max_tokens, self._context - len(prompt))
            for draw in request.draws:
                own = {**common, "max_tokens": limit, "seed": draw_seed(request.seed, draw)}
                asked.append(((request, draw), prefix, self._asking(prompt, own)))
        return asked

    def _asking(self, prompt: list[int], settings: dict[str, Any]) -> Callable[[], Answer]:
        return lambda: self._server.complete(prompt, **settings)

    def _take(self, name: str, place: int, answer: Answer) -> Progress:
        work = self._open[name]
        assert isinstance(work.job, Shard), "nothing else was asked"
        request, number = work.asked[place]
        row = self._completion(request, number, work.given[place], work.job.sampling.stop, answer)
        work.answer(place, row)
        return Progress(name, 1, 0 if isinstance(row, Missing) else row.num_tokens)

    def _completion(
        self, request: Request, number: int, prefix: list[int], stop: tuple[str, ...], answer: Answer
    ) -> Completion | Missing:
        if answer.finish_reason not in ("stop", "length"):
            words = f"the server gave up on request '{request.id}': {answer.finish_reason}"
            return Missing(request.id, MissingReason.FAILED, words, number)
        text, stop_text = decode_continuation(self._chat, prefix, answer.written, stop)
        total, end = sum(answer.logprobs), self._chat.end
        if end.token is not None and end.token in answer.watched and answer.written[-1] in end.stops:
            total += answer.watched[end.token] - answer.logprobs[-1]
        ends = self._ends.of(prefix, answer.written, len(text))
        return Completion(
            request.id, number, text, "stop" if answer.finish_reason == "stop" else "length", len(answer.written),
            total, stop_text, Tokens(answer.prompt, answer.written, answer.logprobs, ends),
        )  # fmt: skip


def load(settings: ServerEngine, model: ModelFiles, scratch: Path, follows: Follows) -> ServerRunner:
    """Called by the session program; needs no scratch folder."""
    return ServerRunner(settings, model, follows)
