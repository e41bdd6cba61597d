"""Loading a reward model, and refusing checkpoints without a trained head. Used by `runner.py`.

`from_pretrained` gives a checkpoint whose head is missing a fresh random one and only logs a warning. Scores of such
a model look like scores, so the checkpoint's own architecture and the loading report are both checked.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoModelForTokenClassification

from configs.errors import EngineError
from infra.engines.models.model_files import ModelFiles

Head = Literal["sequence", "token"]

NEEDED = (
    "a reward model is a checkpoint saved from AutoModelForSequenceClassification with num_labels: 1 (one score an "
    "answer) or from AutoModelForTokenClassification (one probability a step)"
)


def load_reward_model(model: ModelFiles, dtype: torch.dtype) -> tuple[Any, Head]:
    """The model on the CPU, and what kind of head it has.

    Raises:
        EngineError: the checkpoint has another head, several outputs, or lacks trained weights.
    """
    if model.adapter is not None:
        raise EngineError(
            f"reward model '{model.name}': adapters of reward models are not merged here",
            "give a folder with merged weights",
        )
    config = AutoConfig.from_pretrained(model.weights, trust_remote_code=model.trust_remote_code)
    head = find_head(model.name, config.architectures or [], config.num_labels)
    kind = AutoModelForSequenceClassification if head == "sequence" else AutoModelForTokenClassification
    loaded, report = kind.from_pretrained(
        model.weights,
        config=config,
        dtype=dtype,
        trust_remote_code=model.trust_remote_code,
        local_files_only=True,
        output_loading_info=True,
    )
    untrained = sorted(map(str, report["missing_keys"]))
    if untrained:
        raise EngineError(
            f"reward model '{model.name}': the checkpoint has no weights for {', '.join(untrained[:3])}"
            f"{' and others' if len(untrained) > 3 else ''}; they would be random",
            NEEDED,
        )
    return loaded.eval(), head


def find_head(name: str, architectures: list[str], num_labels: int) -> Head:
    """What the checkpoint was saved as.

    Raises:
        EngineError: names the head that was found and the one that is needed.
    """
    if len(architectures) != 1:
        found = " and ".join(architectures) or "no architecture"
        raise EngineError(f"reward model '{name}': its config.json names {found}", NEEDED)
    (found,) = architectures
    if found.endswith("ForTokenClassification"):
        return "token"
    if not found.endswith("ForSequenceClassification"):
        what = "a generative head" if found.endswith(("ForCausalLM", "LMHeadModel", "Generation")) else "another head"
        raise EngineError(f"reward model '{name}': the checkpoint is a {found}, which has {what}", NEEDED)
    if num_labels != 1:
        raise EngineError(
            f"reward model '{name}': the head of {found} has {num_labels} outputs, and one number is a score", NEEDED
        )
    return "sequence"
