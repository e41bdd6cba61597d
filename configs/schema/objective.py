"""What training minimises. Each objective says which rows it eats: examples, pairs, or labelled examples.

Those of online rounds stand in `online/objectives.py`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, default_kind

Rows = Literal["examples", "pairs", "labelled", "streams"]
"""what objectives eat; streams: numbers of tokens, which an online round makes (`online/objectives.py`)"""

DpoLoss = Literal[
    "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired",
    "apo_zero", "apo_down", "discopop", "sigmoid_norm",
]  # fmt: skip


class TrainingObjective(Component):
    """Base of all objectives: what the rest of a recipe has to know of one.

    Attributes:
        rows: kind of rows that it eats.
        needs_reference: it compares the model with a frozen one.
        min_batch_size: smallest batch on which it is defined.
    """

    rows: ClassVar[Rows]
    needs_reference: ClassVar[bool] = True
    min_batch_size: ClassVar[int] = 1

    @property
    def needs_soft_labels(self) -> bool:
        """Whether every pair must come with its soft label."""
        return False


class Sft(TrainingObjective):
    """Negative log-likelihood of the completion's tokens.

    `token_mean` pools all tokens of a batch; `sequence_mean` is the mean over examples of each example's own mean.
    """

    rows: ClassVar[Rows] = "examples"
    needs_reference: ClassVar[bool] = False
    kind: Literal["sft"] = "sft"
    normalise: Literal["token_mean", "sequence_mean"] = Field(
        "token_mean", description="what the sum over tokens is divided by, as told above"
    )


class Dpo(TrainingObjective):
    """Direct preference optimisation (arXiv 2305.18290) with any loss of TRL's DPOTrainer, by its name there."""

    rows: ClassVar[Rows] = "pairs"
    kind: Literal["dpo"] = "dpo"
    loss: DpoLoss = Field("sigmoid", description="TRL's name of the loss")
    beta: float = Field(0.1, gt=0, description="strength of the tie to the reference; its meaning is the loss's own")
    label_smoothing: float = Field(0.0, ge=0, lt=0.5, description="read by the losses robust and exo_pair only")
    discopop_tau: float = Field(0.05, gt=0, description="read by the loss discopop only: temperature of its mixture")

    @model_validator(mode="after")
    def _smoothing_is_read(self) -> Dpo:
        if self.label_smoothing and self.loss not in ("robust", "exo_pair"):
            raise ValueError(
                f"label_smoothing: the loss '{self.loss}' does not read it: "
                "write loss: robust or exo_pair, or kind: soft_label_dpo with label"
            )
        if self.loss == "exo_pair" and not self.label_smoothing:
            raise ValueError("label_smoothing: exo_pair takes its logarithm: write 0.001, the value of its paper")
        return self


class WeightedDpoNll(TrainingObjective):
    """DPO plus the likelihood of the chosen text, both times the pair's weight (ScPO, arXiv 2411.04109).

    L = -w ln sigma(beta h) - alpha (w / |y+|) logp(y+). With every weight 1 it is the loss of IRPO (arXiv 2404.19733).
    """

    rows: ClassVar[Rows] = "pairs"
    kind: Literal["weighted_dpo_nll"] = "weighted_dpo_nll"
    beta: float = Field(0.5, gt=0, description="strength of the tie to the reference")
    alpha: float = Field(1.0, ge=0, description="weight of the likelihood term; 0: none")


class SoftLabelDpo(TrainingObjective):
    """Conservative DPO: C L(w, l) + (1 - C) L(l, w), with C the chance that the chosen side is the better one.

    CREAM (arXiv 2410.12735) takes C from the pair's `soft_label`; `label` fixes it for all pairs.
    """

    rows: ClassVar[Rows] = "pairs"
    kind: Literal["soft_label_dpo"] = "soft_label_dpo"
    beta: float = Field(0.1, gt=0, description="strength of the tie to the reference")
    label: float | None = Field(None, gt=0.5, le=1, description="default: each pair's own soft label")

    @property
    def needs_soft_labels(self) -> bool:
        return self.label is None


class Kto(TrainingObjective):
    """Kahneman-Tversky optimisation (arXiv 2402.01306) on single samples labelled desirable or undesirable."""

    rows: ClassVar[Rows] = "labelled"
    min_batch_size: ClassVar[int] = 2
    kind: Literal["kto"] = "kto"
    beta: float = Field(0.1, gt=0, description="strength of the tie to the reference")
    desirable_weight: float = Field(1.0, gt=0, description="factor of the loss of desirable samples")
    undesirable_weight: float = Field(1.0, gt=0, description="factor of the loss of undesirable samples")


Objective = Annotated[Sft | Dpo | WeightedDpoNll | SoftLabelDpo | Kto, Field(discriminator="kind"), default_kind("sft")]
