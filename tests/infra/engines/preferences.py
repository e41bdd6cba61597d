"""Pairs and labelled rows of four small sums, and trainers on them: ours, and TRL's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from configs.schema.objective import Dpo, Objective
from infra.engines.models.model_files import ModelFiles
from tests.infra.engines.training import encode_rows, make_request, said

TEXTS = [("4+8=", "12", "132"), ("1+1=", "2", "11"), ("2+3=", "5", "6"), ("7+7=", "14", "7 7")]
REFERENCES = [(-20.0, -30.0), (-11.0, -15.0), (-12.0, -9.0), (-16.0, -21.0)]
"""made-up log-probabilities of chosen and rejected; the rewards are then far from 0"""


def pair_rows(base: Path, *weights: float) -> list[dict[str, Any]]:
    from infra.engines.chat.load import load_chat
    from infra.engines.train.objectives.pairs import PAIRS
    from infra.engines.train.rows import Encoder

    texts = [
        {
            "messages": [{"role": "user", "content": prompt}],
            "chosen": said(chosen),
            "rejected": said(rejected),
            "weight": weight,
        }
        for (prompt, chosen, rejected), weight in zip(TEXTS, weights or [1.0] * len(TEXTS), strict=True)
    ]
    pairs, _ = encode_rows(PAIRS, texts, Encoder(load_chat(ModelFiles("start", base)), 64))
    return [
        {**pair, "soft_label": 0.8, "ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
        for pair, (chosen, rejected) in zip(pairs, REFERENCES, strict=True)
    ]


def make_trainer(base: Path, objective: Objective, rows: list[dict[str, Any]], folder: Path, **optimizer: Any) -> Any:
    from datasets import Dataset

    from infra.engines.train.prepare import make_trainer as make
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base, objective, **{"batch_size": len(TEXTS), **optimizer})
    return make(request, load_tokenizer(request.model), load_trainable(request), Dataset.from_list(rows), folder)


def make_trl_trainer(base: Path, objective: Dpo, folder: Path, **optimizer: Any) -> Any:
    """TRL's own trainer on texts: its tokens, its reference, its losses."""
    from datasets import Dataset
    from trl import DPOTrainer

    from infra.engines.train.settings import choose_settings
    from infra.engines.train.setup import load_tokenizer, load_trainable

    request = make_request(base, objective, **{"batch_size": len(TEXTS), **optimizer})
    settings = dataclasses.replace(
        choose_settings(request, len(TEXTS), folder), precompute_ref_log_probs=False, remove_unused_columns=True
    )
    # what the tiny model's template renders: the message itself
    rows = [{"prompt": prompt, "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in TEXTS]
    return DPOTrainer(
        model=load_trainable(request),
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=load_tokenizer(request.model),
    )


def loss_of(trainer: Any, rows: list[dict[str, Any]]) -> float:
    loss: float = trainer.compute_loss(trainer.model, trainer.data_collator(rows)).item()
    return loss
