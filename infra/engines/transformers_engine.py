"""Generation with Hugging Face models, on any device. Loaded by `generator.py` inside a child process.

A shard's completions depend on the model, the shard, its seed and the batch size, never on what ran before:
batches do not cross shards, and each shard has its own source of randomness.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import torch
from transformers import AutoTokenizer

from configs.errors import EngineError
from configs.schema.engine import TransformersEngine as Settings
from infra.engines.chat import decode_completion, end_token_ids
from infra.engines.decode import Decoder, Draft
from infra.engines.jobs import Job, Progress, Result
from infra.engines.merge import load_merged
from infra.engines.model_files import ModelFiles
from infra.engines.prompts import encode_request
from infra.engines.requests import Completion, Request, Shard
from infra.engines.score import score
from infra.engines.stops import StopTexts
from infra.engines.threads import limit_threads


class TransformersEngine:
    """See `jobs.GeneratorEngine`. Works on one job after the other."""

    def __init__(self, settings: Settings, model: ModelFiles) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = _dtype(settings, device)
        self._settings = settings
        self._files = model
        self._tokenizer = AutoTokenizer.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
        self._model = load_merged(model, dtype).to(device)
        limit_threads(self._model)
        self._context = context_length(settings.max_model_length, model, self._model.config)
        ends = end_token_ids(self._tokenizer, self._model.generation_config)
        padding = self._tokenizer.pad_token_id
        self._decoder = Decoder(self._model, ends, ends[0] if padding is None else padding)
        self._stops = StopTexts(self._tokenizer)
        self._jobs: deque[Job] = deque()
        self._events: Iterator[Progress | Result] | None = None

    @property
    def is_idle(self) -> bool:
        return self._events is None and not self._jobs

    def submit(self, job: Job) -> None:
        self._jobs.append(job)

    def step(self) -> list[Progress | Result]:
        """One decoding step of the current batch, or one batch of scores."""
        if self._events is None:
            self._events = self._work(self._jobs.popleft())
        event = next(self._events)
        if isinstance(event, Result):
            self._events = None
        return [event]

    def close(self) -> None:
        pass

    def _work(self, job: Job) -> Iterator[Progress | Result]:
        if isinstance(job, Shard):
            return self._generate(job)
        return score(job, self._decoder, self._tokenizer, self._files, self._context, self._settings.batch_size)

    def _generate(self, shard: Shard) -> Iterator[Progress | Result]:
        limit = shard.sampling.max_tokens
        drafts: list[tuple[Request, int, Draft]] = []
        for request in shard.requests:
            prompt = encode_request(self._tokenizer, self._files, request, self._context)
            room = min(limit, self._context - len(prompt))
            drafts += [(request, index, Draft(prompt, room)) for index in range(request.num_samples)]
        randomness = torch.Generator(self._model.device).manual_seed(shard.seed)
        reaches_stop = self._stops.watch(shard.sampling.stop)
        waiting = sorted((draft for _, _, draft in drafts), key=lambda draft: len(draft.prompt))
        for start in range(0, len(waiting), self._settings.batch_size):
            batch = waiting[start : start + self._settings.batch_size]
            num_done = 0
            for num_tokens in self._decoder.decode(batch, shard.sampling, randomness, reaches_stop):
                now_done = sum(draft.is_done for draft in batch)
                yield Progress(shard.name, now_done - num_done, num_tokens)
                num_done = now_done
        yield Result(shard.name, [self._completion(*draft, shard.sampling.stop) for draft in drafts])

    def _completion(self, request: Request, index: int, draft: Draft, stop: tuple[str, ...]) -> Completion:
        return Completion(
            request_id=request.id,
            index=index,
            text=decode_completion(self._tokenizer, draft.tokens, stop),
            finish_reason="stop" if draft.is_stopped else "length",
            num_tokens=len(draft.tokens),
            logprob=draft.logprob,
        )


def context_length(wanted: int | None, model: ModelFiles, config: Any) -> int:
    """The context in tokens: the model's own, or the shorter one asked for.

    Raises:
        EngineError: more was asked than the model has.
    """
    own = getattr(config.get_text_config(), "max_position_embeddings", None) or sys.maxsize
    if wanted is not None and wanted > own:
        raise EngineError(
            f"engine.max_model_length: {wanted} is more than the {own} tokens of model '{model.name}'",
            f"write {own} or less",
        )
    return wanted or own


def _dtype(settings: Settings, device: torch.device) -> torch.dtype:
    name = settings.dtype
    if name == "auto":
        name = "float32" if device.type == "cpu" else "bfloat16"
    dtype: torch.dtype = getattr(torch, name)
    return dtype
