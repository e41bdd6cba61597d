"""What training minimises. Each objective says which rows it eats: examples, pairs, labelled examples, trajectories.

Those of online rounds stand in `online/objectives.py`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, default_kind
from configs.schema.draws.fewer import TakesFewerDraws
from configs.schema.marks import Content

Rows = Literal["examples", "pairs", "labelled", "trajectories", "streams"]
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
    def sorts_batch(self) -> bool:
        """Whether the loss sorts the rows of a backward pass, which is then a whole `batch_size` on one device."""
        return False

    @property
    def needs_soft_labels(self) -> bool:
        """Whether every pair must come with its soft label."""
        return False

    @property
    def reads_chances(self) -> Literal["of_each", "of_the_pair"] | None:
        """Which chances to win every pair must come with: of each side against any sample, or against the other."""
        return None

    @property
    def further_references(self) -> tuple[str, ...]:
        """Frozen models that it compares with besides `train.reference`, each once: base or seed."""
        return ()


class Sft(TakesFewerDraws, TrainingObjective):
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

    @property
    def sorts_batch(self) -> bool:
        return self.loss in ("aot", "aot_unpaired")

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
    With `nll: after_prefix` y+ in the second term is what the chosen side has after the pieces that both sides
    begin with, and the whole side where it goes no further (ReVISE, arXiv 2502.14565).
    """

    rows: ClassVar[Rows] = "pairs"
    kind: Literal["weighted_dpo_nll"] = "weighted_dpo_nll"
    beta: float = Field(0.5, gt=0, description="strength of the tie to the reference")
    alpha: float = Field(1.0, ge=0, description="weight of the likelihood term; 0: none")
    nll: Literal["chosen", "after_prefix"] = Field("chosen", description="what the likelihood is of, as told above")


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


class Regulariser(Component):
    """A distance to a frozen model, added to a loss (RSPO, arXiv 2503.00030): see `sppo.py` for the estimators."""

    kind: Literal["reverse_kl", "forward_kl"] = Field("reverse_kl", description="which of the two divergences")
    weight: float = Field(0.1, gt=0, description="factor of the term")
    reference: Annotated[Literal["base", "seed"], Content("model")] = Field(
        "base", description="the frozen model, the same in every round"
    )


class Sppo(TrainingObjective):
    """Self-play preference optimisation (SPPO, arXiv 2405.00675): the log-ratio of each side is moved to its win rate.

    L = ((g_w - (p_w - 1/2) / beta)^2 + (g_l - (p_l - 1/2) / beta)^2) / 2, plus the regularisers (RSPO, arXiv
    2503.00030). With `form: single` p_w is the chance of the chosen side to beat the rejected, and p_l = 1 - p_w.
    """

    rows: ClassVar[Rows] = "pairs"
    kind: Literal["sppo"] = "sppo"
    beta: float = Field(0.001, gt=0, description="a win rate of 1 is a log-ratio of 1 / (2 beta)")
    form: Literal["win_rate", "single"] = Field("win_rate", description="whose chances are the targets")
    regularise: tuple[Regulariser, ...] = Field((), description="distances to frozen models, summed")

    @property
    def reads_chances(self) -> Literal["of_each", "of_the_pair"]:
        return "of_the_pair" if self.form == "single" else "of_each"

    @property
    def further_references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.reference for part in self.regularise))


class Kto(TrainingObjective):
    """Kahneman-Tversky optimisation (arXiv 2402.01306) on single samples labelled desirable or undesirable."""

    rows: ClassVar[Rows] = "labelled"
    min_batch_size: ClassVar[int] = 2
    kind: Literal["kto"] = "kto"
    beta: float = Field(0.1, gt=0, description="strength of the tie to the reference")
    desirable_weight: float = Field(1.0, gt=0, description="factor of the loss of desirable samples")
    undesirable_weight: float = Field(1.0, gt=0, description="factor of the loss of undesirable samples")


class OfflinePg(TrainingObjective):
    """Policy gradient on texts that were drawn before, with an advantage for each part (S2R, arXiv 2502.12853).

    Of a part with advantage A: d = mean log-probability of a token - the reference's, q = exp(d),
    A' = A - kl d, loss -min(q A', clip(q, 1 - clip, 1 + clip) A'); of a text the mean over its parts. `reference` is
    the model that drew the texts. Rows without advantages, as those of the seed data or of a replay, are learnt by
    their likelihood, times `sft_share` (SPC, arXiv 2504.19162, with kl 0).
    """

    rows: ClassVar[Rows] = "trajectories"
    kind: Literal["offline_pg"] = "offline_pg"
    clip: float = Field(0.2, gt=0, lt=1, description="how far q counts from 1")
    kl: float = Field(0.15, ge=0, description="what an advantage loses by d; no gradient goes through it")
    sft_share: float = Field(0.15, ge=0, description="factor of the mean loss of a token in rows without advantages")
    normalise: Literal["row_mean", "two_means"] = Field(
        "row_mean", description="of a step: the mean over all rows, or that of each of the two kinds, added"
    )


Objective = Annotated[
    Sft | Dpo | WeightedDpoNll | SoftLabelDpo | Sppo | Kto | OfflinePg,
    Field(discriminator="kind"),
    default_kind("sft"),
]
