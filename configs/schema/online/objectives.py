"""What an online round minimises: a preset of loss, ratio and clips, KL weight, and of fields of `online.credit`.

The learner knows five kernels over log-probabilities of tokens: policy gradient, KL, likelihood, NFT and distillation.
A kind says which of them it is made of; each field may be written otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import by_kind
from configs.schema.marks import Content, Later
from configs.schema.objective import Rows, TrainingObjective
from configs.schema.online.amount import Amount, KlEstimate, values_of

Loss = Literal["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "luspo", "vespo"]
"""names of TRL's GRPOTrainer"""
Ratio = Literal["token", "turn", "sequence", "sequence_sum"]
Correction = Literal["none", "sequence_mask", "sequence_truncate", "token_mask", "token_truncate"]


class StreamObjective(TrainingObjective):
    """Base of all online objectives.

    Attributes:
        credit: values of `online.credit` where the recipe writes none.
    """

    rows: ClassVar[Rows] = "streams"
    needs_reference: ClassVar[bool] = False
    credit: ClassVar[Mapping[str, str]] = {"baseline": "mean", "scale": "std", "normalise_by": "none"}
    kl_weight: Amount = Field(0.0, description="of the KL divergence to train.reference in the loss; 0: none is asked")
    kl_weight_by_turn: tuple[float, ...] = Field(
        (), description="of the first, second, ... text that the policy wrote in an episode, trained or not, the last "
        "for all after it; default: kl_weight for all that are trained"
    )  # fmt: skip
    kl_estimate: KlEstimate = Field("k3", description="k1: log-ratio; k2: half its square; k3: e^-k1 - 1 + k1")
    correction: Correction = Field(
        "sequence_mask", description="for what the sampler's log-probabilities differ from the learner's, by TRL's name"
    )
    correction_cap: float = Field(3.0, gt=1, description="largest ratio of learner to sampler that counts in full")

    @model_validator(mode="after")
    def _weights_are_not_negative(self) -> StreamObjective:
        if any(value < 0 for value in (*values_of(self.kl_weight), *self.kl_weight_by_turn)):
            raise ValueError("kl_weight: a negative weight drives the model away from the reference: write 0 or more")
        return self

    @property
    def has_divergence(self) -> bool:
        """Whether a KL term stands in the loss."""
        return any((*values_of(self.kl_weight), *self.kl_weight_by_turn))

    @property
    def compares_tokens(self) -> bool:
        """Whether the learner compares each token with train.reference."""
        return self.has_divergence

    @property
    def reads_reference(self) -> bool:
        """Whether the learner, or a reward that the objective brings, compares with train.reference."""
        return self.compares_tokens


class PolicyGradient(StreamObjective):
    """Base of objectives of the stream `advantage`: -min(q A, clip(q, 1 - clip_low, 1 + clip_high) A) with the ratio q
    to the policy that drew."""

    loss: Loss = Field(
        "grpo", description="TRL's name of what is clipped, and of what the sum over tokens is divided by"
    )
    ratio: Ratio = Field(
        "token",
        description="over what log-ratios are meaned before they are exponents; sequence_sum: added up over the row",
    )
    clip_low: float = Field(0.2, ge=0, lt=1, description="ratios below 1 - clip_low have no gradient where A < 0")
    clip_high: float = Field(0.2, ge=0, description="ratios above 1 + clip_high have no gradient where A > 0")
    delta: float | None = Field(None, gt=1, description="largest ratio where A < 0 (two-sided clip); default: none")
    mask_truncated: bool = Field(False, description="texts that ended at max_tokens are not trained on")
    entropy_weight: Annotated[float, Later] = Field(
        0.0, ge=0, description="of the mean entropy of the step's trained tokens, which the loss is less by"
    )


class Grpo(PolicyGradient):
    """Group-relative policy optimisation (arXiv 2402.03300): advantages in deviations of the group, mean over each
    row's tokens, KL to the reference."""

    kind: Literal["grpo"] = "grpo"
    kl_weight: Amount = Field(0.04, description="of the KL divergence to train.reference in the loss")


class DrGrpo(PolicyGradient):
    """Dr. GRPO (arXiv 2503.20783): no deviation in the advantage, sums over tokens divided by max_tokens."""

    credit: ClassVar[Mapping[str, str]] = {"baseline": "mean", "scale": "none", "normalise_by": "none"}
    kind: Literal["dr_grpo"] = "dr_grpo"
    loss: Loss = Field("dr_grpo", description="as in grpo")


class Dapo(PolicyGradient):
    """DAPO (arXiv 2503.14476): higher clip above, mean over all tokens of a wave, truncated texts not trained on. Its
    soft punishment of overlong texts is the reward term length, and flat groups are dropped by `online.flat_groups`."""

    kind: Literal["dapo"] = "dapo"
    loss: Loss = Field("dapo", description="as in grpo")
    clip_high: float = Field(0.28, ge=0, description="as in grpo")
    mask_truncated: bool = Field(True, description="as in grpo")


class Gspo(PolicyGradient):
    """GSPO (arXiv 2507.18071): one ratio a row, the geometric mean of its tokens'."""

    kind: Literal["gspo"] = "gspo"
    ratio: Ratio = Field("sequence", description="as in grpo")
    clip_low: float = Field(3e-4, ge=0, lt=1, description="as in grpo")
    clip_high: float = Field(4e-4, ge=0, description="as in grpo")


class Rloo(PolicyGradient):
    """REINFORCE with a leave-one-out baseline (arXiv 2402.14740): the ratio of whole rows, and the summed log-ratio to
    the reference taken from the reward."""

    credit: ClassVar[Mapping[str, str]] = {"baseline": "leave_one_out", "scale": "none", "normalise_by": "none"}
    kind: Literal["rloo"] = "rloo"
    ratio: Ratio = Field("sequence_sum", description="as in grpo")
    kl_reward: float = Field(
        0.05, ge=0, description="of the reward term kl (k1) that is added where the recipe has none; 0: none is"
    )

    @property
    def reads_reference(self) -> bool:
        return self.kl_reward > 0 or self.compares_tokens


class ReinforcePp(PolicyGradient):
    """REINFORCE++ (arXiv 2501.03262) with the group's mean as baseline: advantages whitened over the wave."""

    credit: ClassVar[Mapping[str, str]] = {"baseline": "mean", "scale": "none", "normalise_by": "wave"}
    kind: Literal["reinforce_pp"] = "reinforce_pp"
    loss: Loss = Field("dapo", description="as in grpo")


class MaxRl(PolicyGradient):
    """Maximum likelihood by rewards: (R - mean) / mean, and 0 where the group's mean is not above 0."""

    credit: ClassVar[Mapping[str, str]] = {"baseline": "mean", "scale": "mean", "normalise_by": "none"}
    kind: Literal["max_rl"] = "max_rl"
    loss: Loss = Field("dapo", description="as in grpo")


class Cispo(PolicyGradient):
    """CISPO (arXiv 2506.13585): the ratio, capped, is a factor without gradient, so that no token is clipped away."""

    kind: Literal["cispo"] = "cispo"
    loss: Loss = Field("cispo", description="as in grpo")
    cap: float = Field(5.0, gt=0, description="largest ratio; clip_low and clip_high are not read")


class Sapo(PolicyGradient):
    """SAPO (arXiv 2511.20347): a soft gate, sigmoid(t (q - 1)) 4 / t, in place of the clip."""

    kind: Literal["sapo"] = "sapo"
    loss: Loss = Field("sapo", description="as in grpo")
    temperature_up: float = Field(1.0, gt=0, description="t of tokens with A > 0")
    temperature_down: float = Field(1.05, gt=0, description="t of tokens with A < 0")


class Luspo(PolicyGradient):
    """LUSPO (arXiv 2602.05261): GSPO's ratio, each row's loss times its length."""

    kind: Literal["luspo"] = "luspo"
    loss: Loss = Field("luspo", description="as in grpo")
    ratio: Ratio = Field("sequence", description="as in grpo")
    clip_high: float = Field(0.28, ge=0, description="as in grpo")


class Vespo(PolicyGradient):
    """VESPO (arXiv 2602.10693): a gamma-shaped weight w^k e^(lambda (1 - w)) of the row's ratio w, without gradient."""

    kind: Literal["vespo"] = "vespo"
    loss: Loss = Field("vespo", description="as in grpo")
    k_up: float = Field(2.0, ge=0, description="k of rows with A >= 0")
    lambda_up: float = Field(3.0, ge=0, description="lambda of rows with A >= 0")
    k_down: float = Field(3.0, ge=0, description="k of rows with A < 0")
    lambda_down: float = Field(2.0, ge=0, description="lambda of rows with A < 0")


class Ppo(PolicyGradient):
    """PPO (arXiv 1707.06347): a value head on the policy's trunk is the baseline. A text's return falls on its last
    token, and runs back to the tokens before it (GAE, arXiv 1506.02438); advantages are whitened by
    `credit.normalise_by`, over the wave's tokens where it is not written.

    The head is linear and begins at 0; its loss is half the squared error, and its learning rate stays constant. A
    divergence in the reward falls on each token by itself (`kl_token_reward`), as PPO has it.
    """

    credit: ClassVar[Mapping[str, str]] = {"baseline": "none", "scale": "none", "normalise_by": "wave"}
    kind: Literal["ppo"] = "ppo"
    loss: Loss = Field("bnpo", description="as in grpo")
    discount: float = Field(1.0, gt=0, le=1, description="of what comes a token later")
    gae_lambda: float = Field(1.0, ge=0, le=1, description="1: return minus value; lower: more trust in later values")
    value_learning_rate: float = Field(1e-3, gt=0, description="of the head")
    value_weight: float = Field(
        0.1, ge=0, description="of the value loss in what the trunk learns; 0: the head alone learns from it"
    )
    value_clip: float | None = Field(
        0.5, gt=0, description="how far a wave's steps move a value before it has no gradient; null: any way"
    )
    value_first_steps: Annotated[int, Later] = Field(
        0, ge=0, description="of a run of segments: so many steps train the head alone, and leave the policy as it is"
    )
    kl_token_reward: Annotated[float, Later] = Field(
        0.0, ge=0, description="of the log-ratio to train.reference (k1), which is taken from each token's reward"
    )

    @property
    def compares_tokens(self) -> bool:
        return self.kl_token_reward > 0 or self.has_divergence


class Raft(StreamObjective):
    """Likelihood of the group's best episode (RAFT, arXiv 2304.06767), drawn from the live weights."""

    credit: ClassVar[Mapping[str, str]] = {"baseline": "none", "scale": "none", "normalise_by": "none"}
    kind: Literal["raft"] = "raft"
    nll_weight: Amount = Field(1.0, description="of the likelihood of the best episode's trained tokens")
    least: float = Field(0.0, description="the best episode's return is above this, or its group teaches nothing")

    @model_validator(mode="after")
    def _likelihood_rises(self) -> Raft:
        if any(value < 0 for value in values_of(self.nll_weight)):
            raise ValueError("nll_weight: a negative weight of a likelihood has no lower end: write 0 or more")
        return self


class Nft(StreamObjective):
    """Negative-aware fine-tuning (NFT, arXiv 2505.18116). With p the group's share of right samples and q the ratio to
    the policy that drew: right rows -ln max(q, eps_right), wrong rows -ln max((1 - p q) / (1 - p), eps_wrong), where
    max changes the value alone and the gradient stays.

    Returns above 0 are right. Defaults: the authors'.
    """

    credit: ClassVar[Mapping[str, str]] = {"baseline": "none", "scale": "none", "normalise_by": "none"}
    kind: Literal["nft"] = "nft"
    ratio: Literal["token", "sequence_sum"] = Field("token", description="of single tokens, or of whole rows")
    eps_right: float = Field(0.0, ge=0, description="least value under the logarithm of right rows; 0: none")
    eps_wrong: float = Field(1.0, gt=0, description="least value under the logarithm of wrong rows")
    weigh: Literal["none", "wrong_share", "odds"] = Field(
        "wrong_share", description="factor of a group's rows: 1, 1 - p, or sqrt((1 - p) / p)"
    )
    negative_weight: float = Field(1.0, gt=0, description="further factor of wrong rows")
    divisor: float | None = Field(1000.0, gt=0, description="of a row's sum over tokens; null: the step's tokens")


class Sdpo(StreamObjective):
    """Self-distillation (SDPO, arXiv 2601.20802): the same model with more in view, a right attempt of another sample
    of the group or what the first judge notes, teaches the model without it, token by token over what was drawn.

    D_alpha = (1 - alpha) KL(s || m) + alpha KL(t || m), m = (1 - alpha) s + alpha t; 1 is KL(s || t), 0 is KL(t || s).
    The teacher has the weights of `online.moving`, or those of the moment. Defaults: the authors'.
    """

    credit: ClassVar[Mapping[str, str]] = {"baseline": "mean", "scale": "none", "normalise_by": "none"}
    kind: Literal["sdpo"] = "sdpo"
    alpha: float = Field(0.5, ge=0, le=1, description="of the divergence, as told above")
    support: Literal["top_k", "all", "sampled"] = Field(
        "top_k",
        description="words that are compared at each place: the policy's likeliest, all, or the one that was drawn "
        "(alpha 1 alone)",
    )
    top_k: int = Field(100, ge=1, description="support: top_k: how many")
    tail: bool = Field(True, description="support: top_k: all other words are one more; else the likeliest add up to 1")
    cap: float = Field(2.0, gt=0, description="largest ratio to the policy that drew, a factor of each token")
    success: float = Field(0.5, description="an attempt with a return of this or more is shown to the others")
    feedback: Literal["without_solution", "always", "never"] = Field(
        "without_solution", description="when the teacher sees what the first judge notes of the attempt"
    )
    prompt: Annotated[str, Content("prompt")] = Field(
        "solve_again",
        description="prompt of configs/prompts, or path of a .j2 file, in place of the teacher's last user turn; it "
        "may use prompt, demonstration and feedback, of which one may be empty",
    )
    thinking: bool = Field(False, description="whether <think> blocks stay in a demonstration")

    @model_validator(mode="after")
    def _one_word_tells_one_side(self) -> Sdpo:
        if self.support == "sampled" and self.alpha != 1:
            raise ValueError("alpha: from the drawn word alone only KL(s || t) is known: write alpha: 1")
        return self


OnlineObjective = Annotated[
    Grpo | DrGrpo | Dapo | Gspo | Rloo | ReinforcePp | MaxRl | Cispo | Sapo | Luspo | Vespo | Ppo | Raft | Nft | Sdpo,
    by_kind,
]
