"""Log-probabilities of given continuations with a Hugging Face model. Used by `transformers_runner.py`.

Rows with one prompt lie in one batch, where it is read once: several short completions of a long prompt, as in
judging by constrained choice, cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import torch

from configs.schema.engine import TransformersEngine
from infra.engines.chat.format import ChatFormat
from infra.engines.generate.decode import Decoder, pad_left, pad_right, token_logprobs
from infra.engines.generate.prompts import Prompts, check_reading, encode_all, encode_scoring
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Read, Score
from infra.engines.runner import Progress, Result
from infra.engines.wire import ReadingJob, ScoringJob

Row = tuple[list[int], list[int]]
"""tokens of a prompt and of its completion"""
Scores = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""of all places of completions: raw scores (rows, width, vocabulary), token, and whether there is one (rows, width)"""
Found = TypeVar("Found")
BEYOND = TransformersEngine.reads_beyond

MAX_SCORES = 64_000_000
"""raw scores held at once: rows x completion tokens x vocabulary; 256 MB in float32"""


def score(
    job: ScoringJob, decoder: Decoder, chat: ChatFormat, model: ModelFiles, context: int, batch_size: int
) -> Iterator[Progress | Result]:
    """Score a job batch by batch, long rows apart from short ones."""
    seen: Prompts = {}
    encoded = encode_all(job.requests, lambda scoring: encode_scoring(chat, model, scoring, context, seen))
    rows = [row for row in encoded if isinstance(row, tuple)]
    sums: list[float] = [0.0] * len(rows)
    yield from _in_batches(job.name, decoder, rows, batch_size, sum_logprobs, sums)
    values = iter(sums)
    results = [
        Score(scoring.id, next(values), len(row[1])) if isinstance(row, tuple) else row[0]
        for scoring, row in zip(job.requests, encoded, strict=True)
    ]
    yield Result(job.name, results)


def read(
    job: ReadingJob, decoder: Decoder, model: ModelFiles, context: int, batch_size: int
) -> Iterator[Progress | Result]:
    """Read the tokens of a job, as `score` does those of texts."""
    encoded = encode_all(job.requests, lambda reading: check_reading(model, reading, context + BEYOND))
    rows = [row for row in encoded if isinstance(row, tuple)]
    found: list[tuple[float, bool]] = [(0.0, False)] * len(rows)
    yield from _in_batches(job.name, decoder, rows, batch_size, sum_and_compare, found)
    values = iter(found)
    results = [
        Read(reading.id, *next(values), len(row[1])) if isinstance(row, tuple) else row[0]
        for reading, row in zip(job.requests, encoded, strict=True)
    ]
    yield Result(job.name, results)


def _in_batches(
    name: str,
    decoder: Decoder,
    rows: Sequence[Row],
    batch_size: int,
    work: Callable[[Decoder, Sequence[Row]], Sequence[Found]],
    found: list[Found],
) -> Iterator[Progress]:
    """Work on rows batch by batch; what is found is put into the places of the rows."""
    for batch in batches(rows, batch_size, decoder.model.config.get_text_config().vocab_size):
        for number, value in zip(batch, work(decoder, [rows[number] for number in batch]), strict=True):
            found[number] = value
        yield Progress(name, len(batch), sum(len(rows[number][1]) for number in batch))


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
    scores, tokens, is_completion = _scores(decoder, rows)
    return _sums(scores, tokens, is_completion)


@torch.inference_mode()
def sum_and_compare(decoder: Decoder, rows: Sequence[Row]) -> list[tuple[float, bool]]:
    """As `sum_logprobs`, and whether each token of the completion is the likeliest in its place."""
    scores, tokens, is_completion = _scores(decoder, rows)
    are_greedy: list[bool] = ((scores.argmax(-1) == tokens) | ~is_completion).all(-1).tolist()
    return list(zip(_sums(scores, tokens, is_completion), are_greedy, strict=True))


def _sums(scores: torch.Tensor, tokens: torch.Tensor, is_completion: torch.Tensor) -> list[float]:
    sums: list[float] = token_logprobs(scores, tokens).where(is_completion, 0.0).sum(-1).tolist()
    return sums


def _scores(decoder: Decoder, rows: Sequence[Row]) -> Scores:
    is_shared = any(row[0] == after[0] for row, after in pairwise(rows))
    return (_after_prompts if is_shared and decoder.reads_on else _of_whole_rows)(decoder, rows)


def _of_whole_rows(decoder: Decoder, rows: Sequence[Row]) -> Scores:
    """Rows end together; their last tokens predict nothing and stay unread."""
    tokens, mask = pad_left([prompt + completion for prompt, completion in rows], decoder.pad_id, decoder.model.device)
    width = max(len(completion) for _, completion in rows)
    scores = decoder.forward(tokens[:, :-1], mask[:, :-1], None, num_kept=width)
    counts = torch.tensor([len(completion) for _, completion in rows], device=scores.device)
    is_completion = torch.arange(width, 0, -1, device=scores.device) <= counts[:, None]
    return scores, tokens[:, -width:], is_completion


def _after_prompts(decoder: Decoder, rows: Sequence[Row]) -> Scores:
    """Completions are read on top of the prompts' cache; their last tokens predict nothing and stay unread."""
    after_prompt, cache, mask = decoder.read_prompts([prompt for prompt, _ in rows])
    tokens, is_completion = pad_right([completion for _, completion in rows], decoder.pad_id, decoder.model.device)
    scores = after_prompt[:, None]
    if tokens.shape[1] > 1:
        mask = torch.cat([mask, is_completion[:, :-1]], dim=1)
        rest = decoder.forward(tokens[:, :-1], mask, cache, num_kept=tokens.shape[1] - 1)
        scores = torch.cat([scores, rest], dim=1)
    return scores, tokens, is_completion.bool()
