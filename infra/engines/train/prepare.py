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
from infra.engines.train.objectives.registry import objective_of
from infra.engines.train.packing import check_packing, pack_batches
from infra.engines.train.request import TrainRequest
from infra.engines.train.rows import Encoder, read_rows, tokens_of
from infra.engines.train.settings import choose_settings, planned_steps
from infra.engines.train.setup import arithmetic, micro_size
from infra.engines.train.steps import CountedSteps
from infra.engines.train.token_rows import encode_file, read_token_rows, write_token_rows

ROWS_FILE, LAID_OUT_FILE = "token_rows.arrow", "laid_out.arrow"


def load_rows(request: TrainRequest, tokenizer: Any, work_dir: Path) -> tuple[Dataset, int]:
    """Token rows, and the number of rows that are too long for `max_length` or for the model's context.

    The first process of a machine encodes them; all there map the same file of `work_dir` into memory.

    Raises:
        UserError: see `make_chat`.
        EngineError: no row is left, a row lacks a column, or the objective cannot be trained on these rows.
    """
    objective = objective_of(request.objective)
    encoder = Encoder(make_chat(tokenizer, request.model), _max_length(request))
    path, laid_out = work_dir / ROWS_FILE, work_dir / LAID_OUT_FILE
    rows = read_rows(request.rows, objective.rows.columns)
    found = group.decided_on_each_machine(lambda: encode_file(path, rows, objective, request, encoder))
    if not found.num_rows:
        raise _no_rows(found.num_too_long, encoder.max_length)
    encoded = read_token_rows(path, found.dropped)
    if (lay_out := objective.lay_out) is None:
        return encoded, found.num_too_long
    group.decided_on_each_machine(lambda: write_token_rows(laid_out, lay_out(encoded, request)))
    return read_token_rows(laid_out), found.num_too_long


def remove_rows(work_dir: Path) -> None:
    """What `load_rows` left behind, once nothing is to be resumed."""
    for name in (ROWS_FILE, LAID_OUT_FILE, f"{Path(ROWS_FILE).stem}.json"):
        (work_dir / name).unlink(missing_ok=True)


def make_trainer(
    request: TrainRequest,
    tokenizer: Any,
    model: Any,
    rows: Dataset,
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
    has_weights = any(weight != 1 for weight in rows["weight"])
    padding = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    made: Any = objective.trainer
    trainer: CountedSteps = made(
        model=model,
        args=choose_settings(request, len(rows), checkpoints, has_weights=has_weights),
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=list(callbacks),
        data_collator=objective.rows.collator(pad_token_id=padding),
        **objective.arguments(request.objective),
    )
    trainer.planned_steps = planned_steps(request, len(rows))
    trainer.writes_parts = request.tune.can_be_shared
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
