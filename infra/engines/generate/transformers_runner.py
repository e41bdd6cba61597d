"""Generation with Hugging Face models, on any device. Loaded by `session_program.py`.

A completion depends on the model, its request and the number of its draw. What it is decoded together with changes the
scores in their last bits alone, which turns a draw in about one token of a million.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from configs.errors import EngineError
from configs.schema.engine import TransformersEngine
from infra.engines.chat.load import load_chat
from infra.engines.devices import limit_threads
from infra.engines.generate.decode import Decoder, Draft
from infra.engines.generate.prompts import decode_continuation, encode_all, encode_request, encode_scoring, stop_texts
from infra.engines.generate.score import read, score
from infra.engines.generate.stops import StopTexts
from infra.engines.generate.token_ends import TokenEnds
from infra.engines.models.merge import load_merged
from infra.engines.models.model_files import ModelFiles
from infra.engines.models.probe import check_loaded
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Scoring,
    Tokens,
    draw_seed,
)
from infra.engines.runner import Progress, Result, SerialRunner
from infra.engines.wire import Job, ReadingJob, ScoringJob, Shard


class TransformersRunner(SerialRunner):
    """Generates and scores with a causal language model.

    Args:
        files: where the model comes from; its chat and its name are read here.
        model: on its device. A learner's is trained between two jobs (`infra/engines/learn`).
        with_tokens: completions say their tokens, and the prompt's.
    """

    def __init__(
        self, settings: TransformersEngine, files: ModelFiles, model: Any, *, with_tokens: bool = False
    ) -> None:
        super().__init__()
        self._settings = settings
        self._files = files
        self._with_tokens = with_tokens
        self._chat = load_chat(files)
        self._context = context_length(settings.max_model_length, files, model.config)
        end, padding = self._chat.end, self._chat.tokenizer.pad_token_id
        self._decoder = Decoder(model, end.stops, end.ids[-1] if padding is None else padding, end.token)
        self._stops = StopTexts(self._chat.tokenizer)
        self._ends = TokenEnds(self._chat)

    def encode(self, texts: Sequence[Scoring]) -> list[tuple[list[int], list[int]] | Missing]:
        """Tokens of each text's chat and of the turn that answers it, as they would be scored."""
        found = encode_all(texts, lambda text: encode_scoring(self._chat, self._files, text, self._context, {}))
        return [row if isinstance(row, tuple) else row[0] for row in found]

    def _work(self, job: Job) -> Iterator[Progress | Result]:
        if isinstance(job, Shard):
            return self._generate(job)
        if isinstance(job, ReadingJob):
            return read(job, self._decoder, self._files, self._context, self._settings.batch_size)
        assert isinstance(job, ScoringJob)
        return score(job, self._decoder, self._chat, self._files, self._context, self._settings.batch_size)

    def _generate(self, shard: Shard) -> Iterator[Progress | Result]:
        limit = shard.sampling.max_tokens
        drafts: list[tuple[Request, int, list[int], Draft] | Missing] = []
        encoded = encode_all(
            shard.requests, lambda request: encode_request(self._chat, self._files, request, self._context)
        )
        for request, tokens in zip(shard.requests, encoded, strict=True):
            if isinstance(tokens, list):
                drafts += tokens
                continue
            prompt, prefix = tokens
            room = min(request.max_tokens or limit, self._context - len(prompt) - len(prefix))
            drafts += [
                (request, draw, prefix, Draft(prompt + prefix, room, draw_seed(request.seed, draw)))
                for draw in request.draws
            ]
        reaches_stop = self._stops.watch(stop_texts(self._chat, shard.sampling.stop))
        open_ones = [one[-1] for one in drafts if isinstance(one, tuple)]
        waiting = sorted(open_ones, key=lambda draft: len(draft.prompt))
        for start in range(0, len(waiting), self._settings.batch_size):
            batch = waiting[start : start + self._settings.batch_size]
            num_done = 0
            for num_tokens in self._decoder.decode(batch, shard.sampling, reaches_stop):
                now_done = sum(draft.is_done for draft in batch)
                yield Progress(shard.name, now_done - num_done, num_tokens)
                num_done = now_done
        stop = shard.sampling.stop
        rows = [one if isinstance(one, Missing) else self._completion(*one, stop) for one in drafts]
        yield Result(shard.name, rows)

    def _completion(
        self, request: Request, index: int, prefix: list[int], draft: Draft, stop: tuple[str, ...]
    ) -> Completion:
        text, stop_text = decode_continuation(self._chat, prefix, draft.tokens, stop)
        tokens = None
        if self._with_tokens:
            ends = self._ends.of(prefix, draft.tokens, len(text))
            tokens = Tokens(tuple(draft.prompt), tuple(draft.tokens), tuple(draft.logprobs), ends)
        return Completion(
            request_id=request.id,
            index=index,
            text=text,
            finish_reason="stop" if draft.is_stopped else "length",
            num_tokens=len(draft.tokens),
            logprob=draft.logprob,
            stop_text=stop_text,
            tokens=tokens,
            repeats=draft.repeats,
        )


def load(settings: TransformersEngine, model: ModelFiles, scratch: Path) -> TransformersRunner:
    """Called by the session program; needs no scratch folder."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    loaded = load_merged(model, torch_dtype(settings.dtype, device)).to(device)
    check_loaded(loaded, model, f"in {settings.kind} on {device.type}")
    limit_threads(loaded)
    return TransformersRunner(settings, model, loaded)


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


def torch_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number format asked for; auto is bfloat16 on a GPU and float32 on a CPU."""
    if name == "auto":
        name = "float32" if device.type == "cpu" else "bfloat16"
    dtype: torch.dtype = getattr(torch, name)
    return dtype
