"""How many CPU threads a small model is worth. Used inside engine programs."""

from __future__ import annotations

from typing import Any

import torch

SINGLE_THREAD_PARAMETERS = 4_000_000
"""Models below run on one CPU thread: their operations last microseconds, and with any other busy process on
the machine a second thread makes them several times slower (measured: up to ten times). The bytes that such a
model's training ends with then do not depend on the number of cores either."""


def limit_threads(model: Any) -> None:
    """One thread for a small model where there is no GPU; larger models keep what they have."""
    if not torch.cuda.is_available() and model.num_parameters() < SINGLE_THREAD_PARAMETERS:
        torch.set_num_threads(1)
