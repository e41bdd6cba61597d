"""A batch computed without its padding: examples lie one behind the other in a few rows. Used by `prepare.py`.

    padded   [a a a a a a]       packed   [a a a a a a]
             [b b - - - -]                [b b c c c -]
             [c c c - - -]

Each example keeps its own positions, from 0, by which transformers masks all others of its row ("padding-free"
training, arXiv 2407.09105). What the model says is put back where the padded batch has it, so that losses, metrics and
divisors of every objective are those of the padded batch, to rounding. There are as many rows as leave at most 5 % of
padding: with short rows less attention is computed for nothing.

TRL packs examples into rows before training, for one loss and without weights; here a step has the examples that it
has without packing.
"""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import pad

from configs.errors import EngineError
from infra.engines.train.rows import IGNORED

MOST_COMPUTED = 1.05
"""tokens that are computed for each token of an example, at most"""
PER_TOKEN = ("log_probs", "entropy", "log_sum_sq_probs", "mean_logits", "is_top1", "label_mask")
"""outputs of TRL's `FusedCausalLMOutput` of shape (rows, tokens - 1)"""
TOLERANCE, COARSE = 1e-4, 0.02
"""log-probability of a token by which an example may differ behind another one, on average; in coarser formats than
float32"""


@dataclass(frozen=True)
class Packed:
    """Where the tokens of a padded batch lie in packed rows.

    Attributes:
        shape: of the padded batch, (examples, longest).
        places: (rows, longest row) of the tokens in the flattened padded batch; its size where there is none.
        positions: (rows, longest row) of the tokens in their examples, from 0.
    """

    shape: tuple[int, int]
    places: torch.Tensor
    positions: torch.Tensor

    @classmethod
    def of(cls, mask: torch.Tensor, is_one: bool = False) -> Packed:
        """The packing of a batch.

        Args:
            mask: (examples, longest), 1 where there is a token; those of an example lie together.
            is_one: all lie in one row, without any padding.
        """
        lengths, firsts = mask.sum(1).tolist(), mask.argmax(1).tolist()
        rows = arrange(lengths, is_one)
        longest = max(sum(lengths[example] for example in row) for row in rows)
        places, positions = [], []
        for row in rows:
            begins = [example * mask.size(1) + firsts[example] for example in row]
            own = [
                begin + token for begin, example in zip(begins, row, strict=True) for token in range(lengths[example])
            ]
            counted = [token for example in row for token in range(lengths[example])]
            rest = longest - len(own)
            places.append(own + [mask.numel()] * rest)
            positions.append(counted + list(range(rest)))
        made = torch.tensor([places, positions], device=mask.device)
        return cls((mask.size(0), mask.size(1)), made[0], made[1])

    def pack(self, values: torch.Tensor, filled: int) -> torch.Tensor:
        """Values of a padded batch in packed rows; `filled` where there is no token."""
        return torch.cat([values.flatten(), values.new_tensor([filled])])[self.places]

    def unpack(self, values: torch.Tensor) -> torch.Tensor:
        """Values of packed rows in the places of the padded batch; 0 where there is no token."""
        flat = values.new_zeros(self.shape[0] * self.shape[1] + 1)
        return flat.scatter(0, self.places.flatten(), values.flatten())[:-1].view(self.shape)


def arrange(lengths: Sequence[int], is_one: bool = False) -> list[list[int]]:
    """Examples of each row: as many rows as leave at most 5 % of padding, each about equally long.

    Args:
        lengths: tokens of each example, 1 or more.
        is_one: all lie in one row.
    """
    total = sum(lengths)
    num_rows = 1 if is_one else max(1, min(len(lengths), int(MOST_COMPUTED * total / max(lengths))))
    while True:
        rows = _share_out(lengths, num_rows)
        longest = max(sum(lengths[example] for example in row) for row in rows)
        if num_rows == 1 or num_rows * longest <= MOST_COMPUTED * total:
            return rows
        num_rows -= max(1, num_rows // 16)


def _share_out(lengths: Sequence[int], num_rows: int) -> list[list[int]]:
    """Longest first, each into the row that is shortest so far."""
    rows: list[list[int]] = [[] for _ in range(num_rows)]
    sizes = [0] * num_rows
    for example in sorted(range(len(lengths)), key=lambda example: -lengths[example]):
        row = sizes.index(min(sizes))
        rows[row].append(example)
        sizes[row] += lengths[example]
    return rows


def pack_batches(model: Any) -> None:
    """Have a model that TRL asks for log-probabilities (`add_fused_lm_head`) compute its batches packed.

    Args:
        model: without its adapter's wrapper.
    """
    padded = model.forward

    def forward(self: Any, *args: Any, **inputs: Any) -> Any:
        mask, labels = inputs.get("attention_mask"), inputs.get("labels")
        if not inputs.get("fused_lm_head") or mask is None or labels is None:
            return padded(*args, **inputs)
        packed = Packed.of(mask, is_one=bool(inputs.get("output_router_logits")))  # their balance counts every token
        rest = {name: value for name, value in inputs.items() if name not in ("attention_mask", "labels", "input_ids")}
        outputs = padded(
            input_ids=packed.pack(inputs["input_ids"], 0),
            position_ids=packed.positions,
            shift_labels=packed.pack(pad(labels[:, 1:], (0, 1), value=IGNORED), IGNORED),
            **rest,
        )
        for name in PER_TOKEN:
            if outputs.get(name) is not None:
                outputs[name] = packed.unpack(outputs[name])[:, :-1]
        return outputs

    model.forward = types.MethodType(forward, model)


@torch.no_grad()
def check_packing(model: Any, tokens: Sequence[int], name: str) -> None:
    """See that a model tells the examples of a row apart.

    Args:
        tokens: of any text, two or more.
        name: of the model, for the message.

    Raises:
        EngineError: an example behind another one has other log-probabilities than alone: the model carries a state
            from token to token, or has positions of its own.
    """
    was_training = model.training
    model.eval()
    ids = torch.tensor([list(tokens)], device=next(model.parameters()).device)
    count = torch.arange(ids.size(1), device=ids.device)[None]
    alone = model(input_ids=ids, position_ids=count, use_cache=False).logits.float().log_softmax(-1)
    twice = model(input_ids=ids.repeat(1, 2), position_ids=count.repeat(1, 2), use_cache=False).logits
    behind = twice[:, ids.size(1) :].float().log_softmax(-1)
    model.train(was_training)
    own = [found[0, :-1].gather(1, ids[0, 1:, None]) for found in (alone, behind)]
    if (own[0] - own[1]).abs().mean() > (TOLERANCE if twice.dtype == torch.float32 else COARSE):
        raise EngineError(
            f"train.batching: packed: {name} cannot be packed: to it an example is another one behind a first",
            "write batching: padded, or take a model with plain attention",
        )
