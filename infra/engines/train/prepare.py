"""From a request to rows and a trainer, for any objective. Used inside the engine program `train_program.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import AutoConfig, TrainerCallback

from configs.errors import EngineError
from infra.engines.chat.load import make_chat
from infra.engines.train import group
from infra.engines.train.layout import Layout
from infra.engines.train.objectives.objective import TokenRows
from infra.engines.train.objectives.registry import objective_of
from infra.engines.train.packing import check_packing, pack_batches
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import Encoder, read_rows, tokens_of
from infra.engines.train.settings import choose_settings, planned_steps
from infra.engines.train.setup import arithmetic, micro_size
from infra.engines.train.steps import CountedSteps


def load_rows(request: TrainRequest, tokenizer: Any) -> tuple[TokenRows, int]:
    """Token rows, and the number of rows that are too long for `max_length` or for the model's context.

    Raises:
        UserError: see `make_chat`.
        EngineError: no row is left, a row lacks a column, or the objective cannot be trained on these rows.
    """
    objective = objective_of(request.objective)
    encoder = Encoder(make_chat(tokenizer, request.model), _max_length(request))
    rows, num_too_long = objective.rows.encode(read_rows(request.rows, objective.rows.columns), encoder)
    if not rows:
        raise _no_rows(num_too_long, encoder.max_length)
    return objective.prepare(rows, request), num_too_long


def make_trainer(
    request: TrainRequest,
    tokenizer: Any,
    model: Any,
    rows: TokenRows,
    checkpoints: Path,
    callbacks: Sequence[TrainerCallback] = (),
) -> CountedSteps:
    """The trainer of the request's objective.

    Args:
        rows: of `load_rows`; with the columns of `add_reference` where the objective has a reference.

    Raises:
        EngineError: the objective's settings contradict each other.
    """
    objective = objective_of(request.objective)
    has_weights = any(row["weight"] != 1 for row in rows)
    padding = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    made: Any = objective.trainer
    trainer: CountedSteps = made(
        model=model,
        args=choose_settings(request, len(rows), checkpoints, has_weights=has_weights),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=list(callbacks),
        data_collator=objective.rows.collator(pad_token_id=padding),
        **objective.arguments(request.objective),
    )
    trainer.planned_steps = planned_steps(request, len(rows))
    if request.optimizer.batching == "packed":
        with arithmetic(request, trainer.accelerator.device):
            check_packing(trainer.model, tokens_of(rows[0]), request.model.name)
        pack_batches(trainer.model.get_base_model() if hasattr(trainer.model, "peft_config") else trainer.model)
    if group.size() > 1:
        trainer.layout = Layout(request.optimizer.step_size, group.size(), micro_size(request))
    return trainer


def _max_length(request: TrainRequest) -> int:
    files = request.model
    config = AutoConfig.from_pretrained(files.weights, trust_remote_code=files.trust_remote_code, local_files_only=True)
    context = getattr(config.get_text_config(), "max_position_embeddings", None)
    return min(filter(None, (request.optimizer.max_length, context)))


def _no_rows(num_too_long: int, max_length: int) -> EngineError:
    return EngineError(
        f"all {num_too_long} examples are longer than {max_length} tokens" if num_too_long else "there are no examples",
        "write a larger max_length (the model's context is the limit), or let the model write shorter texts",
    )
