"""Log-probabilities of given continuations with a Hugging Face model. Used by `transformers_runner.py`.

Rows with one prompt lie in one batch, where it is read once: several short completions of a long prompt, as in
judging by constrained choice, cost little more than one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch

from infra.engines.chat.format import ChatFormat
from infra.engines.generate.decode import Decoder, pad_left, pad_right, token_logprobs
from infra.engines.generate.prompts import Prompts, encode_all, encode_scoring
from infra.engines.models.model_files import ModelFiles
from infra.engines.runner import Progress, Result
from infra.engines.wire import Score, ScoringJob

Row = tuple[list[int], list[int]]
"""tokens of a prompt and of its completion"""

MAX_SCORES = 64_000_000
"""raw scores held at once: rows x completion tokens x vocabulary; 256 MB in float32"""


def score(
    job: ScoringJob, decoder: Decoder, chat: ChatFormat, model: ModelFiles, context: int, batch_size: int
) -> Iterator[Progress | Result]:
    """Score a job batch by batch, long rows apart from short ones."""
    seen: Prompts = {}
    encoded = encode_all(job.requests, lambda scoring: encode_scoring(chat, model, scoring, context, seen))
    rows = [row for row in encoded if isinstance(row, tuple)]
    logprobs = [0.0] * len(rows)
    for batch in batches(rows, batch_size, decoder.model.config.get_text_config().vocab_size):
        sums = sum_logprobs(decoder, [rows[number] for number in batch])
        for number, value in zip(batch, sums, strict=True):
            logprobs[number] = value
        yield Progress(job.name, len(batch), sum(len(rows[number][1]) for number in batch))
    values = iter(logprobs)
    results = [
        Score(scoring.id, next(values), len(row[1])) if isinstance(row, tuple) else row[0]
        for scoring, row in zip(job.requests, encoded, strict=True)
    ]
    yield Result(job.name, results)


def batches(rows: Sequence[Row], batch_size: int, vocabulary: int) -> Iterator[list[int]]:
    """Numbers of the rows of each batch: rows of one prompt together, sorted by length, bounded in memory."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, (prompt, _) in enumerate(rows):
        groups.setdefault(tuple(prompt), []).append(number)

    def length(number: int) -> int:
        return len(rows[number][1])

    batch: list[int] = []
    width = 0
    for group in sorted(groups.values(), key=lambda group: max(map(length, group))):
        for number in group:
            width = max(width, length(number) + 1)
            if batch and (len(batch) == batch_size or (len(batch) + 1) * width * vocabulary > MAX_SCORES):
                yield batch
                batch, width = [], length(number) + 1
            batch.append(number)
    if batch:
        yield batch


@torch.inference_mode()
def sum_logprobs(decoder: Decoder, rows: Sequence[Row]) -> list[float]:
    """Sum over the completion's tokens of each row."""
    is_shared = any(row[0] == after[0] for row, after in pairwise(rows))
    return (_sums_after_prompts if is_shared and decoder.reads_on else _sums_of_whole_rows)(decoder, rows)


def _sums_of_whole_rows(decoder: Decoder, rows: Sequence[Row]) -> list[float]:
    tokens, mask = pad_left([prompt + completion for prompt, completion in rows], decoder.pad_id, decoder.model.device)
    width = max(len(completion) for _, completion in rows)
    scores = decoder.forward(tokens, mask, None, num_kept=width + 1)[:, :-1]
    logprobs = token_logprobs(scores, tokens[:, -width:])
    counts = torch.tensor([len(completion) for _, completion in rows], device=logprobs.device)
    is_completion = torch.arange(width, 0, -1, device=logprobs.device) <= counts[:, None]
    sums: list[float] = logprobs.where(is_completion, 0.0).sum(-1).tolist()
    return sums


def _sums_after_prompts(decoder: Decoder, rows: Sequence[Row]) -> list[float]:
    """Completions are read on top of the prompts' cache; their last tokens predict nothing and stay unread."""
    after_prompt, cache, mask = decoder.read_prompts([prompt for prompt, _ in rows])
    tokens, is_completion = pad_right([completion for _, completion in rows], decoder.pad_id, decoder.model.device)
    scores = after_prompt[:, None]
    if tokens.shape[1] > 1:
        mask = torch.cat([mask, is_completion[:, :-1]], dim=1)
        rest = decoder.forward(tokens[:, :-1], mask, cache, num_kept=tokens.shape[1] - 1)
        scores = torch.cat([scores, rest], dim=1)
    logprobs = token_logprobs(scores, tokens)
    sums: list[float] = logprobs.where(is_completion.bool(), 0.0).sum(-1).tolist()
    return sums
