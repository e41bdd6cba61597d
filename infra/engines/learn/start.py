"""The weights that a segment began with, kept beside the live ones to say how far these went. Used inside the learner.

Only what is trained is kept, on the host: an adapter, or all weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


class StartWeights:
    """Taken as the model is loaded, before a checkpoint is: a segment that was killed compares with the same."""

    def __init__(self, model: Any) -> None:
        self._kept = {name: weights.detach().cpu().clone() for name, weights in _trained(model)}

    @contextmanager
    def instead(self, model: Any) -> Iterator[None]:
        """The model has them for a while, and then its own again, bit for bit."""
        self._exchange(model)
        try:
            yield
        finally:
            self._exchange(model)

    @torch.no_grad()
    def _exchange(self, model: Any) -> None:
        for name, weights in _trained(model):
            other = weights.detach().cpu().clone()
            weights.copy_(self._kept[name])
            self._kept[name] = other


def _trained(model: Any) -> Iterator[tuple[str, Any]]:
    return ((name, weights) for name, weights in model.named_parameters() if weights.requires_grad)
