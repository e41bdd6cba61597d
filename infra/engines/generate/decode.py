"""Decoding of one batch with a Hugging Face model. Used by `transformers_runner.py`.

Differences from transformers' `generate`, all for speed where rows end at different times:

1. Equal prompts next to each other are read once, and their cache is copied to every sample.
2. Rows that ended leave the batch, instead of being decoded on until the last row ends.
3. The cache grows in steps (`cache.py`), instead of being copied for every token.
4. The log-probability of each chosen token is taken from the raw scores, in passing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from configs.schema.drawing import Sampling
from configs.schema.repetition import Repetition
from infra.engines.generate.cache import GrowingLayer, new_cache
from infra.engines.generate.randomness import uniforms
from infra.engines.generate.repetition import repeats

SHRINK_SHARE = 0.75
"""Ended rows leave the batch when no more than this share of its rows is under way."""


@dataclass(slots=True)
class Draft:
    """One sample under way.

    Attributes:
        prompt: token ids.
        limit: most tokens to generate, at least 1.
        seed: of the draw, see `randomness.py`; greedy ones read none.
        tokens, logprobs: what was generated so far; `logprob` is what it is scored at, with the end of the turn.
        is_stopped: the model or a stop text ended it.
        repeats: it said the same over and over.
    """

    prompt: list[int]
    limit: int
    seed: int = 0
    tokens: list[int] = field(default_factory=list)
    logprob: float = 0.0
    is_stopped: bool = False
    logprobs: list[float] = field(default_factory=list)
    repeats: bool = False

    @property
    def is_done(self) -> bool:
        return self.is_stopped or self.repeats or len(self.tokens) >= self.limit


class Decoder:
    """A model ready to continue batches of prompts.

    Args:
        model: a causal language model, on its device.
        end_ids: tokens that end a sample.
        end: the end of a turn, which scoring and training read. Where another token ends a sample, this one's
            log-probability counts; None: always the token's own.
        pad_id: fills the left of shorter prompts; never attended to.

    Attributes:
        reads_on: whether several tokens at once may be read on top of a cache. Plain attention only: recurrent
            layers take one token a step, and given several they forget what they read before.
    """

    def __init__(self, model: Any, end_ids: Sequence[int], pad_id: int, end: int | None = None) -> None:
        self.model = model
        self.end = end
        self.end_ids = frozenset(end_ids)
        self.pad_id = pad_id
        self.reads_on = all(type(layer) is GrowingLayer for layer in new_cache(model.config).layers)
        self._known = set(inspect.signature(model.forward).parameters)

    @torch.inference_mode()
    def decode(
        self,
        drafts: Sequence[Draft],
        sampling: Sampling,
        reaches_stop: Callable[[Draft], bool] | None = None,
    ) -> Iterator[int]:
        """Complete the drafts in place; yields the number of tokens of every step.

        Args:
            reaches_stop: whether a draft's text now contains a stop text.
        """
        warp = warper(sampling)
        rows = list(drafts)
        scores, cache, mask = self.read_prompts([draft.prompt for draft in rows])
        for place in count():
            chosen = scores.argmax(-1) if warp is None else draw(warp(None, scores).softmax(-1), rows, place)
            num_tokens = self._append(rows, chosen, scores, reaches_stop)
            if sampling.repetition is not None:
                _end_repeating(rows, sampling.repetition)
            yield num_tokens
            live = [row for row, draft in enumerate(rows) if not draft.is_done]
            if not live:
                return
            if len(live) <= SHRINK_SHARE * len(rows):
                kept = torch.tensor(live, device=chosen.device)
                rows, chosen, mask = [rows[row] for row in live], chosen[kept], mask[kept]
                cache.batch_select_indices(kept)
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            scores = self.forward(chosen[:, None], mask, cache)[:, -1]

    def _append(
        self,
        rows: list[Draft],
        chosen: torch.Tensor,
        scores: torch.Tensor,
        reaches_stop: Callable[[Draft], bool] | None,
    ) -> int:
        logprobs = token_logprobs(scores, chosen)
        ended = self._as_scored(chosen)
        scored = logprobs if ended is chosen else token_logprobs(scores, ended)
        told = zip(rows, chosen.tolist(), logprobs.tolist(), scored.tolist(), strict=True)
        num_tokens = 0
        for draft, token, logprob, as_scored in told:
            if not draft.is_done:
                num_tokens += 1
                draft.tokens.append(token)
                draft.logprob += as_scored
                draft.logprobs.append(logprob)
                draft.is_stopped = token in self.end_ids or (reaches_stop is not None and reaches_stop(draft))
        return num_tokens

    def _as_scored(self, chosen: torch.Tensor) -> torch.Tensor:
        """The tokens, where another end than the turn's was chosen with the turn's in its place."""
        if self.end is None or self.end_ids == {self.end}:
            return chosen
        others = torch.tensor(sorted(self.end_ids - {self.end}), device=chosen.device, dtype=chosen.dtype)
        return torch.where(torch.isin(chosen, others), self.end, chosen)

    def read_prompts(self, rows: Sequence[list[int]]) -> tuple[torch.Tensor, Any, torch.Tensor]:
        """Scores (rows, vocabulary) of the first token, cache, and mask (rows, tokens), from one pass.

        Args:
            rows: token ids; equal ones next to each other are read once.
        """
        prompts: list[list[int]] = []
        source = []
        for prompt in rows:
            if not prompts or prompt != prompts[-1]:
                prompts.append(prompt)
            source.append(len(prompts) - 1)
        tokens, mask = pad_left(prompts, self.pad_id, self.model.device)
        cache = new_cache(self.model.config)
        scores = self.forward(tokens, mask, cache)[:, -1]
        if len(prompts) < len(rows):
            copies = torch.tensor(source, device=scores.device)
            cache.batch_select_indices(copies)
            scores, mask = scores[copies], mask[copies]
        return scores, cache, mask

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor, cache: Any, num_kept: int = 1) -> torch.Tensor:
        """Scores (rows, num_kept, vocabulary) after the last tokens, float32. `mask` covers the cached tokens too."""
        inputs: dict[str, Any] = {"input_ids": tokens, "attention_mask": mask}
        inputs |= {"use_cache": False} if cache is None else {"use_cache": True, "past_key_values": cache}
        if "position_ids" in self._known:
            inputs["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        if "logits_to_keep" in self._known:
            inputs["logits_to_keep"] = num_kept
        scores: torch.Tensor = self.model(**inputs).logits[:, -num_kept:].float()
        return scores


def _end_repeating(rows: Sequence[Draft], rule: Repetition) -> None:
    """End those under way that say the same over and over."""
    for draft in rows:
        if not draft.is_done:
            draft.repeats = repeats(draft.tokens, rule)


def warper(sampling: Sampling) -> Any:
    """The settings of one draw as changes of the scores, in the order of `generate`; None for greedy."""
    if sampling.temperature == 0:
        return None
    steps = LogitsProcessorList()
    if sampling.temperature != 1:
        steps.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k > 0:
        steps.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        steps.append(TopPLogitsWarper(sampling.top_p))
    if sampling.min_p > 0:
        steps.append(MinPLogitsWarper(sampling.min_p))
    return steps


def draw(chances: torch.Tensor, rows: Sequence[Draft], place: int) -> torch.Tensor:
    """One token a row, by inversion of the sum of chances at the row's number for this place.

    Sums are float64: in float32 the tail of a large vocabulary would be lost.

    Args:
        chances: (rows, vocabulary), adding up to about 1 in every row.
        place: of the token in its draft, from 0.
    """
    numbers = torch.from_numpy(uniforms([draft.seed for draft in rows], place))
    sums = chances.cumsum(-1, dtype=torch.float64)
    wanted = numbers.to(sums.device)[:, None] * sums[:, -1:]
    return torch.searchsorted(sums, wanted, right=True)[:, 0]


def token_logprobs(scores: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Log-probability of `tokens` (...) under `scores` (..., vocabulary) at temperature 1."""
    return scores.gather(-1, tokens[..., None])[..., 0] - scores.logsumexp(-1)


def pad_left(prompts: Sequence[list[int]], pad_id: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both (prompts, longest)."""
    width = max(map(len, prompts))
    tokens = [[pad_id] * (width - len(prompt)) + prompt for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)


def pad_right(texts: Sequence[list[int]], pad_id: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both (texts, longest)."""
    width = max(map(len, texts))
    tokens = [text + [pad_id] * (width - len(text)) for text in texts]
    mask = [[1] * len(text) + [0] * (width - len(text)) for text in texts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)
