"""Rating with reward models, on any device. Loaded by `session_program.py`.

A sequence-classification head gives its one raw output. A token-classification head gives, for each step, the
probability of the last class (of the single output, where there is one) at the step's last token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from configs.schema.engine import RewardEngine
from infra.engines.chat.load import load_chat
from infra.engines.devices import limit_threads
from infra.engines.generate.decode import pad_right
from infra.engines.generate.prompts import encode_all
from infra.engines.generate.transformers_runner import context_length, torch_dtype
from infra.engines.models.model_files import ModelFiles
from infra.engines.questions import Rated
from infra.engines.reward.head import load_reward_model
from infra.engines.reward.text import RatingTokens, encode_answer, encode_steps
from infra.engines.runner import Progress, Result, SerialRunner
from infra.engines.wire import Job, RatingJob


class RewardRunner(SerialRunner):
    """Rates answers with a reward model."""

    def __init__(self, settings: RewardEngine, model: ModelFiles) -> None:
        super().__init__()
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._files = model
        self._batch_size = settings.batch_size
        self._chat = load_chat(model)
        loaded, self._head = load_reward_model(model, torch_dtype(settings.dtype, device))
        self._model = loaded.to(device)
        limit_threads(self._model)
        self._context = context_length(settings.max_model_length, model, self._model.config)

    def _work(self, job: Job) -> Iterator[Progress | Result]:
        assert isinstance(job, RatingJob)
        encode = encode_answer if self._head == "sequence" else encode_steps
        encoded = encode_all(job.requests, lambda rating: encode(self._chat, self._files, rating, self._context))
        rows = [tokens for tokens in encoded if isinstance(tokens, RatingTokens)]
        scores: list[tuple[float, ...]] = [()] * len(rows)
        by_length = sorted(range(len(rows)), key=lambda number: len(rows[number].tokens))
        for start in range(0, len(rows), self._batch_size):
            batch = by_length[start : start + self._batch_size]
            found = rate_batch(self._model, [rows[number] for number in batch])
            for number, row_scores in zip(batch, found, strict=True):
                scores[number] = row_scores
            yield Progress(job.name, len(batch), sum(len(rows[number].tokens) for number in batch))
        rated = iter(scores)
        yield Result(
            job.name,
            [
                Rated(rating.id, next(rated)) if isinstance(tokens, RatingTokens) else tokens[0]
                for rating, tokens in zip(job.requests, encoded, strict=True)
            ],
        )


def load(settings: RewardEngine, model: ModelFiles, scratch: Path) -> RewardRunner:
    """Called by the session program; needs no scratch folder."""
    return RewardRunner(settings, model)


@torch.inference_mode()
def rate_batch(model: Any, rows: Sequence[RatingTokens]) -> list[tuple[float, ...]]:
    """Scores of each row: one, or one a step where the rows name the ends of their steps."""
    texts = [row.tokens for row in rows]
    config = model.config.get_text_config()
    own_pad = config.pad_token_id
    pad = unused_token(texts, config.vocab_size) if own_pad is None else own_pad
    if pad is None and len(rows) > 1:
        return [scores for row in rows for scores in rate_batch(model, [row])]
    tokens, mask = pad_right(texts, pad or 0, model.device)
    config.pad_token_id = pad  # by it transformers finds each row's last token
    try:
        logits = model(input_ids=tokens, attention_mask=mask).logits.float()
    finally:
        config.pad_token_id = own_pad
    if logits.dim() == 2:
        return [(value,) for value in logits[:, 0].tolist()]
    chances = logits[..., 0].sigmoid() if logits.shape[-1] == 1 else logits.softmax(-1)[..., -1]
    return [tuple(chances[place, row.step_ends].tolist()) for place, row in enumerate(rows)]


def unused_token(texts: Sequence[list[int]], vocabulary: int) -> int | None:
    """A token that none of the texts has, so that padding with it cannot be taken for text."""
    used = set().union(*texts)
    return next((token for token in range(vocabulary) if token not in used), None)
