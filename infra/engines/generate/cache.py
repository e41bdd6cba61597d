"""A key-value cache that grows in steps. Used by `decode.py`.

Transformers' own dynamic cache copies itself for every token: with a small model that is most of the time.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer

MIN_GROWTH = 64
"""tokens; larger caches grow by a quarter"""


class GrowingLayer(DynamicLayer):
    """One layer's keys and values, (batch, heads, tokens, width); `keys` and `values` are views of larger storage."""

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Append, and return all keys and values."""
        start = self.get_seq_length()
        stop = start + key_states.shape[-2]
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._key_storage, self._value_storage = (_grown(new, 0, stop) for new in (key_states, value_states))
        elif stop > self._key_storage.shape[-2]:
            self._key_storage = _grown(self._key_storage, start, stop)
            self._value_storage = _grown(self._value_storage, start, stop)
        self._key_storage[..., start:stop, :] = key_states
        self._value_storage[..., start:stop, :] = value_states
        self._view(stop)
        return self._key_storage[..., :stop, :], self._value_storage[..., :stop, :]

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Keep, repeat or reorder rows."""
        length = self.get_seq_length()
        self._key_storage = self._key_storage[indices]
        self._value_storage = self._value_storage[indices]
        self._view(length)

    def _view(self, length: int) -> None:
        self.keys = self._key_storage[..., :length, :]
        self.values = self._value_storage[..., :length, :]


def new_cache(config: Any) -> Cache:
    """An empty cache for a model; models with other than plain attention layers keep transformers' own."""
    cache = DynamicCache(config=config)
    if all(type(layer) is DynamicLayer for layer in cache.layers):
        cache.layers = [GrowingLayer() for _ in cache.layers]
    return cache


def _grown(storage: torch.Tensor, length: int, needed: int) -> torch.Tensor:
    batch, heads, _, width = storage.shape
    capacity = needed + max(MIN_GROWTH, needed // 4)
    larger = storage.new_empty(batch, heads, capacity, width)
    larger[..., :length, :] = storage[..., :length, :]
    return larger
