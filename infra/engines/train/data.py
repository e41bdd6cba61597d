"""The rows a training phase learns from, as its objective eats them.

Used inside the engine program `train_program.py`.
"""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig

from configs.errors import EngineError
from configs.schema.objective import Dpo, Kto, Sft, SoftLabelDpo
from infra.engines.train.preference_rows import (
    LABELLED_COLUMNS,
    PAIR_COLUMNS,
    TokenPair,
    encode_labelled,
    encode_pairs,
    lay_out_batches,
)
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import encode_rows, read_rows

TokenRows = list[dict[str, Any]]

COUPLED_LOSSES = ("aot", "aot_unpaired")
"""they sort the log-ratios of a batch, so that no loss belongs to one pair"""


def load_rows(request: TrainRequest, tokenizer: Any) -> tuple[TokenRows, int]:
    """Token rows, and the number of rows that are too long for `max_length` or for the model's context.

    Raises:
        EngineError: no row is left, a row lacks a column, or the objective cannot be trained on these rows.
    """
    objective = request.objective
    max_length = _max_length(request)
    settings = (tokenizer, request.model.chat_template, max_length)
    if isinstance(objective, Sft):
        examples, num_too_long = encode_rows(read_rows(request.rows), *settings, skip_prefix=objective.skip_prefix)
        rows: TokenRows = [dict(row) for row in examples]
    elif isinstance(objective, Kto):
        labelled, num_too_long = encode_labelled(read_rows(request.rows, LABELLED_COLUMNS), *settings)
        if len(labelled) == 1:
            raise EngineError(
                f"kto needs two rows or more, and there is one ({num_too_long} are too long)", "keep more samples"
            )
        rows = lay_out_batches(labelled, request.optimizer.batch_size, request.seed)
    else:
        pairs, num_too_long = encode_pairs(read_rows(request.rows, PAIR_COLUMNS), *settings)
        rows = [_finish_pair(pair, objective) for pair in pairs]
    if not rows:
        raise _no_rows(num_too_long, max_length)
    return rows, num_too_long


def _max_length(request: TrainRequest) -> int:
    files = request.model
    config = AutoConfig.from_pretrained(files.weights, trust_remote_code=files.trust_remote_code, local_files_only=True)
    context = getattr(config.get_text_config(), "max_position_embeddings", None)
    return min(filter(None, (request.optimizer.max_length, context)))


def _finish_pair(pair: TokenPair, objective: Any) -> dict[str, Any]:
    """The pair with what its objective needs, and nothing else."""
    row: dict[str, Any] = dict(pair)
    if not isinstance(objective, SoftLabelDpo):
        del row["soft_label"]
    elif objective.label is not None:
        row["soft_label"] = objective.label
    elif row["soft_label"] is None or not 0.5 < row["soft_label"] <= 1:
        raise EngineError(
            f"a pair has the soft label {row['soft_label']}, which is not in (0.5, 1]",
            "write train.objective.label, or select pairs in a way that gives each its soft label",
        )
    if isinstance(objective, Dpo) and objective.loss in COUPLED_LOSSES and row["weight"] != 1:
        raise EngineError(
            f"a pair has weight {row['weight']}, and the loss {objective.loss} takes no weights: it sorts the batch",
            "take another loss, or pairs without weights",
        )
    return row


def _no_rows(num_too_long: int, max_length: int) -> EngineError:
    return EngineError(
        f"all {num_too_long} examples are longer than {max_length} tokens" if num_too_long else "there are no examples",
        "write a larger max_length (the model's context is the limit), or let the model write shorter texts",
    )
