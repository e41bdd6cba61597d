"""How the next model is trained on what was kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind
from configs.schema.marks import Content, Execution, Horizon
from configs.schema.objective import Objective, Sft

StartFrom = Literal["base", "seed", "previous", "previous_with_optimizer", "champion"]
Reference = Literal["base", "seed", "start", "previous"]


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
    gradient_checkpointing: Annotated[bool, Execution] = False
    checkpoint_seconds: Annotated[float, Execution] = Field(
        120.0, gt=0, description="time between checkpoints inside the phase"
    )


class Replay(Component):
    """Rows from outside mixed with the round's own, as DICE does with its offline pairs (arXiv 2406.09760)."""

    path: Annotated[str, Content("file")] = Field(
        description="JSONL: prompt or messages, with completion, or with chosen and rejected"
    )
    share: float = Field(0.5, gt=0, lt=1, description="share of the mixture that is replayed")


class Format(Component):
    """One way to write a kept sample for training: prompt and completion as Jinja files of configs/prompts."""

    prompt: Annotated[str, Content("prompt")] = Field(
        description="prompt of configs/prompts, or path of a .j2 file; sees prompt, answer"
    )
    completion: Literal["text", "answer"] = "text"


class Train(Optimizer):
    """Training of one round. Three choices that papers leave silent stand here: `start_from`, `reference`, `data`.

    Defaults: ReST-EM (arXiv 2312.06585): from the base model each round, on this round's samples alone.
    """

    objective: Objective = Sft()
    tune: Tune = Lora()
    start_from: Annotated[StartFrom, Content("model")] = "base"
    reference: Annotated[Reference, Content("model")] = Field(
        "start", description="frozen model of a preference objective; sft reads none"
    )
    data: Annotated[Literal["this_round", "last_two_rounds", "accumulate"], Content("steps")] = "this_round"
    replay: Replay | None = None
    formats: tuple[Format, ...] = Field((), description="each kept sample is written in every one of these")
    with_seed_data: bool = Field(False, description="train on the warm start's examples too")
    step_growth: float | None = Field(None, gt=1, description="round t trains floor(max_steps * step_growth^(t-1))")
    min_examples: Annotated[int, Horizon] = Field(
        1, ge=1, description="fewer rows than this stop the experiment: no data"
    )

    @model_validator(mode="after")
    def _steps_are_planned(self) -> Train:
        for field, needs in (("step_growth", self.step_growth), ("start_from", self.carries_optimizer or None)):
            if needs is not None and self.max_steps is None:
                raise ValueError(f"{field}: {needs if field == 'step_growth' else self.start_from} counts in optimizer "
                                 "steps: write max_steps, the steps of one round")  # fmt: skip
        if self.step_growth is not None and self.carries_optimizer:
            raise ValueError("step_growth: a carried schedule has equal rounds: leave it out")
        if self.batch_size < (least := self.objective.min_batch_size):
            raise ValueError(f"batch_size: {self.objective.kind} compares the rows of a batch: write {least} or more")
        return self

    @property
    def carries_optimizer(self) -> bool:
        """Whether optimizer and learning-rate schedule go on from round to round."""
        return self.start_from == "previous_with_optimizer"
