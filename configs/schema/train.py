"""How the next model is trained on what was kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from configs.schema.base import Component, by_kind, default_kind


class Lora(Component):
    """Low-rank adapters (arXiv 2106.09685) on every linear layer."""

    kind: Literal["lora"] = "lora"
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.0, ge=0, lt=1)
    target_modules: str | tuple[str, ...] = "all-linear"


class FullWeights(Component):
    """Every weight is trained, and the whole model is published each round."""

    kind: Literal["full"] = "full"


Tune = Annotated[Lora | FullWeights, by_kind]


class Sft(Component):
    """Negative log-likelihood of the completion's tokens, mean over the tokens of a batch (token_mean).

    `weight_by_problem` gives each problem the same total weight, however many of its samples were kept.
    """

    kind: Literal["sft"] = "sft"
    weight_by_problem: bool = False


Objective = Annotated[Sft, default_kind("sft")]


class Optimizer(Component):
    """Optimisation settings, shared by the warm start and the rounds. Optimizer: AdamW."""

    learning_rate: float = Field(1e-4, gt=0)
    epochs: float = Field(1.0, gt=0, description="passes over the training set; ignored where max_steps is given")
    max_steps: int | None = Field(None, ge=1)
    batch_size: int = Field(16, ge=1, description="examples per device and step")
    gradient_accumulation: int = Field(1, ge=1)
    warmup_share: float = Field(0.03, ge=0, le=1, description="share of the steps with rising learning rate")
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    max_length: int = Field(1024, ge=8, description="tokens; longer examples are dropped and counted")
    dtype: Literal["auto", "float32", "bfloat16"] = Field("auto", description="auto: bfloat16 on GPU, float32 on CPU")
    gradient_checkpointing: bool = False
    checkpoint_seconds: float = Field(120.0, gt=0, description="time between checkpoints inside the phase")


class Train(Optimizer):
    """Training of one round. The three choices that papers leave silent are `start_from`, `data` and `tune`.

    Defaults: ReST-EM (arXiv 2312.06585): from the base model each round, on this round's samples alone.
    """

    objective: Objective = Sft()
    tune: Tune = Lora()
    start_from: Literal["base", "seed", "previous", "champion"] = "base"
    data: Literal["this_round", "accumulate"] = "this_round"
    min_examples: int = Field(1, ge=1, description="fewer kept samples than this stop the experiment: no data")
