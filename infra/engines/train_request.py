"""What a training process is asked for, and what it reports.

Made by `trainer.py` on the control side, read by `sft.py` in the engine program.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from configs.schema.train import Objective, Optimizer, Sft, Tune
from infra.engines.model_files import ModelFiles


class TrainRequest(BaseModel):
    """One training phase.

    Attributes:
        model: where training starts; with an adapter, that adapter is continued.
        optimizer: only the fields of `Optimizer` are read.
        rows: JSONL, one example a line: messages [{role, content}, ...], completion, weight.
        seed: order of the examples, and the random weights of a fresh adapter.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelFiles
    tune: Tune
    optimizer: Optimizer
    rows: Path
    seed: int
    objective: Objective = Sft()

    def fingerprint(self) -> str:
        """Digest of what decides the weights; paths do not. A checkpoint is resumed only under the same digest."""
        settings = self.model_dump_json(exclude={"rows": True, "model": {"weights", "adapter"}})
        return hashlib.sha256(settings.encode() + self.rows.read_bytes()).hexdigest()


class TrainReport(BaseModel):
    """What a training phase did.

    Attributes:
        num_examples: rows trained on.
        num_too_long: rows dropped because they exceed `max_length` or the model's context.
        num_tokens: completion tokens trained on, over all steps; a row counts once for each epoch.
        first_loss, last_loss, mean_loss: token means of the first, of the last and over all steps.
        seconds: wall time of loading, training and writing; imports are not counted.
        resumed_from_step: 0 for a straight run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_examples: int
    num_too_long: int
    num_tokens: int
    num_steps: int
    first_loss: float
    last_loss: float
    mean_loss: float
    seconds: float
    resumed_from_step: int
