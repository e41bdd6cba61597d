"""Log-probabilities of all words at the places of what was written, by the policy and by its teacher. Used inside the
learner, for distillation; a batch of rows x tokens x vocabulary is held twice."""

from __future__ import annotations

from typing import Any

import torch


def word_logps(
    model: Any, prompt: torch.Tensor, prompt_mask: torch.Tensor, written: torch.Tensor, mask: torch.Tensor, heat: float
) -> torch.Tensor:
    """Shape (rows, tokens, words), float32.

    Args:
        prompt: padded at the left; `written`: at the right, its `mask` 1 where there are tokens.
        heat: temperature that scores are divided by.
    """
    ids, attention = torch.cat([prompt, written], dim=1), torch.cat([prompt_mask, mask], dim=1)
    scores = model(input_ids=ids, attention_mask=attention, logits_to_keep=written.size(1) + 1).logits[:, :-1]
    return torch.log_softmax(scores.float() / heat, dim=-1)
