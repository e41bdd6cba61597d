"""Which trainer learns which objective. Used inside the engine program `train_program.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import TrainerCallback

from configs.schema.objective import Dpo, Kto, Sft
from infra.engines.train.data import TokenRows
from infra.engines.train.objectives.preference_dpo import OwnPairLossTrainer, PairCollator, WeightedDPOTrainer
from infra.engines.train.objectives.preference_kto import LabelledCollator, WeightedKTOTrainer
from infra.engines.train.objectives.weighted_sft import WeightedCollator, WeightedSFTTrainer
from infra.engines.train.request import TrainRequest
from infra.engines.train.settings import choose_settings
from infra.engines.train.steps import CountedSteps


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
        rows: of `load_rows`; for a preference objective with the columns of `add_reference`.

    Raises:
        EngineError: the objective's settings contradict each other.
    """
    objective = request.objective
    has_weights = any(row["weight"] != 1 for row in rows)
    pad = {"pad_token_id": tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id}
    shared: dict[str, Any] = {
        "model": model,
        "args": choose_settings(request, len(rows), checkpoints, has_weights=has_weights),
        "train_dataset": Dataset.from_list(rows),
        "processing_class": tokenizer,
        "callbacks": list(callbacks),
    }
    if isinstance(objective, Sft):
        trainer = WeightedSFTTrainer(**shared, data_collator=WeightedCollator(**pad), normalise=objective.normalise)
    elif isinstance(objective, Kto):
        trainer = WeightedKTOTrainer(**shared, data_collator=LabelledCollator(**pad))
    elif isinstance(objective, Dpo):
        trainer = WeightedDPOTrainer(**shared, data_collator=PairCollator(**pad))
    else:
        trainer = OwnPairLossTrainer(**shared, data_collator=PairCollator(**pad), objective=objective)
    trainer.planned_steps = request.total_steps
    return trainer
