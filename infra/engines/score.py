"""Log-probabilities of given continuations with a Hugging Face model. Used by `transformers_engine.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from infra.engines.decode import Decoder, pad_left, token_logprobs
from infra.engines.jobs import Progress, Result, ScoringJob
from infra.engines.model_files import ModelFiles
from infra.engines.prompts import encode_scoring
from infra.engines.requests import Score

Row = tuple[list[int], list[int]]
"""tokens of a prompt and of its completion"""

MAX_SCORES = 64_000_000
"""raw scores held at once: rows x completion tokens x vocabulary; 256 MB in float32"""


def score(
    job: ScoringJob, decoder: Decoder, tokenizer: Any, model: ModelFiles, context: int, batch_size: int
) -> Iterator[Progress | Result]:
    """Score a job batch by batch, long rows apart from short ones."""
    rows = [encode_scoring(tokenizer, model, scoring, context) for scoring in job.scorings]
    logprobs = [0.0] * len(rows)
    for batch in batches(rows, batch_size, decoder.model.config.get_text_config().vocab_size):
        sums = sum_logprobs(decoder, [rows[number] for number in batch])
        for number, value in zip(batch, sums, strict=True):
            logprobs[number] = value
        yield Progress(job.name, len(batch), sum(len(rows[number][1]) for number in batch))
    results = zip(job.scorings, logprobs, rows, strict=True)
    yield Result(job.name, [Score(scoring.id, value, len(row[1])) for scoring, value, row in results])


def batches(rows: Sequence[Row], batch_size: int, vocabulary: int) -> Iterator[list[int]]:
    """Numbers of the rows of each batch, sorted by completion length and bounded in memory."""
    batch: list[int] = []
    for number in sorted(range(len(rows)), key=lambda number: len(rows[number][1])):
        width = len(rows[number][1]) + 1
        if batch and (len(batch) == batch_size or (len(batch) + 1) * width * vocabulary > MAX_SCORES):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


@torch.inference_mode()
def sum_logprobs(decoder: Decoder, rows: Sequence[Row]) -> list[float]:
    """Sum over the completion's tokens of each row."""
    tokens, mask = pad_left([prompt + completion for prompt, completion in rows], decoder.pad_id, decoder.model.device)
    width = max(len(completion) for _, completion in rows)
    scores = decoder.forward(tokens, mask, None, num_kept=width + 1)[:, :-1]
    logprobs = token_logprobs(scores, tokens[:, -width:])
    counts = torch.tensor([len(completion) for _, completion in rows], device=logprobs.device)
    is_completion = torch.arange(width, 0, -1, device=logprobs.device) <= counts[:, None]
    sums: list[float] = logprobs.where(is_completion, 0.0).sum(-1).tolist()
    return sums
