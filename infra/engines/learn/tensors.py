"""A wave's rows as tensors. Used inside the learner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from infra.engines.learn.rows import StreamRow


def tensors_of(
    rows: Sequence[StreamRow], streams: Iterable[str], num_rows: int, pad_id: int, device: torch.device
) -> dict[str, torch.Tensor]:
    """A wave's tensors by TRL's names, and each stream as NAME and NAME_mask, all (num_rows, tokens).

    Rows that are missing are filled up with ones without tokens: they take part in no sum and no count.

    Args:
        streams: names; one that no row has is 0 everywhere.
    """
    streams = tuple(streams)
    full = [*rows, *[StreamRow((pad_id,), (pad_id,), (0.0,), ())] * (num_rows - len(rows))]
    width, before = max(len(row.written) for row in full), max(len(row.prompt) for row in full)
    tensors = {
        "prompt_ids": torch.tensor([[pad_id] * (before - len(row.prompt)) + list(row.prompt) for row in full]),
        "prompt_mask": torch.tensor([[0] * (before - len(row.prompt)) + [1] * len(row.prompt) for row in full]),
        "completion_ids": torch.tensor([list(row.written) + [pad_id] * (width - len(row.written)) for row in full]),
        "completion_mask": torch.zeros(num_rows, width, dtype=torch.long),
        "sampler_logps": torch.zeros(num_rows, width),
    }
    for name in streams:
        tensors[name], tensors[f"{name}_mask"] = torch.zeros(num_rows, width), torch.zeros(num_rows, width)
    if "distil" in streams:
        tensors |= _teachers(full, pad_id)
    for place, row in enumerate(rows):
        tensors["completion_mask"][place, : len(row.written)] = 1
        tensors["sampler_logps"][place, : len(row.logprobs)] = torch.tensor(row.logprobs)
        for name, start, end, value in row.spans:
            tensors[name][place, start:end] = value
            tensors[f"{name}_mask"][place, start:end] = 1
    return {name: tensor.to(device) for name, tensor in tensors.items()}


def _teachers(rows: Sequence[StreamRow], pad_id: int) -> dict[str, torch.Tensor]:
    """What a teacher sees before each row, padded at the left; of rows without one it is their prompt."""
    seen = [list(row.teacher or row.prompt) for row in rows]
    width = max(map(len, seen))
    return {
        "teacher_ids": torch.tensor([[pad_id] * (width - len(ids)) + ids for ids in seen]),
        "teacher_mask": torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in seen]),
    }
