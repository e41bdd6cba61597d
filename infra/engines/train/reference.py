"""The references' log-probabilities of all rows, computed once before training. Used inside `train_program.py`.

The reference is whatever model the request names: it is loaded, asked and let go before the model to be trained is
loaded. Its arithmetic is the trained model's, so that a reference equal to the start gives rewards of 0.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from datasets import Dataset
from torch.nn.utils.rnn import pad_sequence
from trl.trainer.utils import add_fused_lm_head

from infra.engines.models.model_files import ModelFiles
from infra.engines.train import group
from infra.engines.train.objectives.objective import PARTS, WEIGHTS, further_column
from infra.engines.train.objectives.registry import objective_of
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import IGNORED
from infra.engines.train.saved import REFERENCE_FILE
from infra.engines.train.setup import arithmetic, load_frozen, micro_size, shares_weights
from infra.engines.train.shared_weights import is_shared
from infra.engines.train.steps import pad_parts, pad_weights, sum_by_part, weigh_tokens

Asked = tuple[list[int], list[int], list[float] | None, list[int] | None]
"""tokens of a prompt and of a completion, weights of the completion's tokens where they are not all 1, and the part
that each belongs to where sums are wanted by part"""
Sums = float | list[float]


def add_reference(request: TrainRequest, rows: Dataset, work_dir: Path, fingerprint: str) -> Dataset:
    """The rows with the reference's summed log-probabilities of every completion, natural log.

    They are kept in `work_dir`, so that a resumed phase reads them.

    Args:
        fingerprint: the request's; the numbers of another request are not read.
    """
    path = work_dir / REFERENCE_FILE
    columns = group.decided_once(lambda: _read(path, fingerprint))
    if columns is None:
        columns = _compute(request, rows)
        if group.is_first():
            partial = path.with_suffix(".part")
            partial.write_text(json.dumps({"fingerprint": fingerprint, "columns": columns}), encoding="utf-8")
            os.replace(partial, path)
    for name, values in columns.items():
        rows = rows.add_column(name, values)
    return rows


def _read(path: Path, fingerprint: str) -> dict[str, list[Sums]] | None:
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found["columns"] if found.get("fingerprint") == fingerprint else None


def _compute(request: TrainRequest, rows: Dataset) -> dict[str, list[Sums]]:
    """What the reference says, and then each further one; one model is loaded at a time."""
    assert request.reference is not None, "the request was validated"
    columns = _compute_one(request, request.reference, rows)
    for name, files in request.further_references.items():
        columns |= {
            further_column(name, column): values for column, values in _compute_one(request, files, rows).items()
        }
    return columns


def _compute_one(request: TrainRequest, files: ModelFiles, rows: Dataset) -> dict[str, list[Sums]]:
    """Every device scores its share; all get the whole."""
    state = PartialState(cpu=not torch.cuda.is_available())
    model = load_reference(request, files)
    if not is_shared(model):
        model = model.to(state.device)
    columns = {}
    for name, completion in objective_of(request.objective).rows.reference.items():
        share = own_share(len(rows), state.process_index, state.num_processes)
        with arithmetic(request, state.device):
            sums = sum_logprobs(model, Sequences(rows, completion, share), 2 * micro_size(request))
        values = dict(gather_object(list(zip(share, sums, strict=True))))
        columns[name] = [values[number] for number in range(len(rows))]
    del model
    gc.collect()  # shared weights hang in cycles
    return columns


def own_share(num_rows: int, device: int, num_devices: int) -> list[int]:
    """Rows of a device: as many as of every other, the last of all once more where they do not go round. So all take
    equally many batches, which weights that are shared want."""
    num_own = -(-num_rows // num_devices)
    return [min(device + number * num_devices, num_rows - 1) for number in range(num_own)]


class Sequences(Sequence[Asked]):
    """One of the completions of some rows, read when it is asked for.

    Args:
        completion: its column.
        numbers: of the rows.
    """

    def __init__(self, rows: Dataset, completion: str, numbers: Sequence[int]) -> None:
        columns = ("prompt_ids", completion, completion + WEIGHTS, completion + PARTS)
        self._columns = columns
        self._rows = rows.select_columns([name for name in columns if name in rows.column_names])
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: Any) -> Any:
        row = self._rows[self._numbers[place]]
        prompt, completion, weights, parts = (row.get(name) for name in self._columns)
        return prompt, completion, weights, parts


@torch.no_grad()
def sum_logprobs(model: Any, sequences: Sequence[Asked], batch_size: int) -> list[Sums]:
    """Sum of the log-probabilities of each completion's tokens, each times its weight, in the order of the sequences;
    of one with parts a list of such sums.

    Args:
        model: patched by `add_fused_lm_head`, in evaluation mode.
    """
    sums: list[Sums] = [0.0] * len(sequences)
    order = sorted(range(len(sequences)), key=lambda number: sum(map(len, sequences[number][:2])))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        asked = [sequences[number] for number in batch]
        tokens, mask, labels = _pad(asked, model.device)
        weighed = weigh_tokens(model, _weights(asked, model.device))
        outputs = weighed(input_ids=tokens, attention_mask=mask, labels=labels, use_cache=False, fused_lm_head=True)
        for number, value in zip(batch, _sums(outputs.log_probs.float(), asked), strict=True):
            sums[number] = value
    return sums


def _sums(log_probs: torch.Tensor, asked: Sequence[Asked]) -> list[Sums]:
    if all(parts is None for *_, parts in asked):
        return list(log_probs.sum(1).tolist())
    own = pad_parts([(len(prompt), parts or [0] * len(completion)) for prompt, completion, _, parts in asked])
    own = own.to(log_probs.device)
    found = sum_by_part(log_probs, own[:, 1:], max(1, int(own.max()) + 1)).tolist()
    return [values[: max([-1, *parts]) + 1] if parts else values[0]
            for values, (*_, parts) in zip(found, asked, strict=True)]  # fmt: skip


def _pad(sequences: Sequence[Asked], device: torch.device) -> tuple[torch.Tensor, ...]:
    """Tokens, attention mask and labels of a batch, filled up on the right."""
    whole = [torch.tensor(prompt + completion) for prompt, completion, *_ in sequences]
    labels = [torch.tensor([IGNORED] * len(prompt) + completion) for prompt, completion, *_ in sequences]
    masks = [torch.ones(len(tokens), dtype=torch.long) for tokens in whole]
    padded = (
        pad_sequence(whole, batch_first=True),
        pad_sequence(masks, batch_first=True),
        pad_sequence(labels, batch_first=True, padding_value=IGNORED),
    )
    return tuple(tensor.to(device) for tensor in padded)


def _weights(sequences: Sequence[Asked], device: torch.device) -> torch.Tensor | None:
    if all(weights is None for _, _, weights, _ in sequences):
        return None
    rows = [[0.0] * len(prompt) + (weights or [1.0] * len(completion)) for prompt, completion, weights, _ in sequences]
    return pad_weights(rows).to(device)


def load_reference(request: TrainRequest, files: ModelFiles) -> Any:
    """A reference model, ready for `sum_logprobs`."""
    model = load_frozen(request, files, shared=shares_weights(request))
    add_fused_lm_head(model.get_base_model() if hasattr(model, "peft_config") else model)
    return model
