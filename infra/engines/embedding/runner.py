"""Vectors of texts, on any device. Loaded by `session_program.py`.

A text is read as the tokenizer writes it alone, with its own tokens at the ends, and not as a chat. The hidden states
of the model's last layer become one vector: those of the first token (cls), the mean over all tokens, or those of the
last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from configs.schema.engine import EmbeddingEngine
from infra.engines.devices import limit_threads
from infra.engines.embedding.model import load_encoder
from infra.engines.generate.decode import pad_right
from infra.engines.generate.prompts import Unanswerable, encode_all, naming
from infra.engines.generate.transformers_runner import context_length, torch_dtype
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Embedded, Embedding, MissingReason
from infra.engines.runner import Progress, Result, SerialRunner
from infra.engines.wire import EmbeddingJob, Job


class EmbeddingRunner(SerialRunner):
    """Embeds texts with a model's hidden states."""

    def __init__(self, settings: EmbeddingEngine, model: ModelFiles) -> None:
        super().__init__()
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._files = model
        self._batch_size = settings.batch_size
        self._tokenizer = AutoTokenizer.from_pretrained(
            model.weights, trust_remote_code=model.trust_remote_code, local_files_only=True
        )
        self._model = load_encoder(model, torch_dtype(settings.dtype, device)).to(device)
        limit_threads(self._model)
        self._context = context_length(settings.max_model_length, model, self._model.config)

    def _work(self, job: Job) -> Iterator[Progress | Result]:
        assert isinstance(job, EmbeddingJob)
        encoded = encode_all(job.requests, self._encode)
        texts = [(place, tokens) for place, tokens in enumerate(encoded) if isinstance(tokens, tuple)]
        texts.sort(key=lambda text: len(text[1]))
        vectors: dict[int, tuple[float, ...]] = {}
        for start in range(0, len(texts), self._batch_size):
            batch = texts[start : start + self._batch_size]
            found = embed_batch(
                self._model,
                [list(tokens) for _, tokens in batch],
                [job.requests[place].pooling for place, _ in batch],
                self._tokenizer.pad_token_id or 0,
            )
            vectors.update((place, vector) for (place, _), vector in zip(batch, found, strict=True))
            yield Progress(job.name, len(batch), sum(len(tokens) for _, tokens in batch))
        yield Result(
            job.name,
            [
                Embedded(request.id, vectors[place]) if isinstance(tokens, tuple) else tokens[0]
                for place, (request, tokens) in enumerate(zip(job.requests, encoded, strict=True))
            ],
        )

    def _encode(self, item: Embedding) -> tuple[int, ...]:
        """Tokens of a text, cut off where the model, or the question, reads no more.

        Raises:
            Unanswerable: the tokenizer refuses it, or makes no token of it.
        """
        limit = min(item.max_tokens, self._context)
        with naming(self._files, item.id):
            tokens = self._tokenizer(item.text, truncation=True, max_length=limit)["input_ids"]
        if not tokens:
            words = f"request '{item.id}': the tokenizer of model '{self._files.name}' makes no token of this text"
            raise Unanswerable(MissingReason.UNREADABLE, words, "")
        return tuple(tokens)


def load(settings: EmbeddingEngine, model: ModelFiles, scratch: Path) -> EmbeddingRunner:
    """Called by the session program; needs no scratch folder."""
    return EmbeddingRunner(settings, model)


@torch.inference_mode()
def embed_batch(
    model: Any, texts: Sequence[list[int]], poolings: Sequence[str], padding: int
) -> list[tuple[float, ...]]:
    """The vector of each text, in single precision.

    Args:
        padding: the token that fills up shorter texts; the models that count places by it need their own.
    """
    tokens, mask = pad_right(texts, padding, model.device)
    states = model(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
    rows = zip(states, map(len, texts), poolings, strict=True)
    return [tuple(_pool(row[:length], pooling).tolist()) for row, length, pooling in rows]


def _pool(states: torch.Tensor, pooling: str) -> torch.Tensor:
    """One vector of the states of a text's tokens, (tokens, width)."""
    if pooling == "mean":
        return states.mean(dim=0)
    return states[0] if pooling == "cls" else states[-1]
