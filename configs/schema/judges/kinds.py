"""All judges of a recipe; here are those that read numbers of a model: log-probabilities and ratings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from configs.schema.base import by_kind, default_kind
from configs.schema.judges.base import Frozen, JudgeName, ModelJudge, Pass
from configs.schema.judges.by_rule import AnswerJudge, SumJudge, VoteJudge
from configs.schema.judges.opinions import PairwiseJudge, RubricJudge
from configs.schema.marks import Content
from configs.schema.problems import Source


class ImplicitJudge(ModelJudge):
    """The DPO reward a model implies: log-probability of the sample under it, less that under a reference (DICE,
    arXiv 2406.09760). With `reference: none` it is the likelihood itself (V-STaR's verifier, arXiv 2402.06457)."""

    kind: Literal["implicit"] = "implicit"
    name: JudgeName = "implicit"
    reference: Annotated[Literal["none", "base", "seed", "previous", "round_start"], Content("model")] = Field(
        "previous",
        description="state whose log-probability is subtracted: the role's, or the policy's; none: nothing is",
    )
    per_token: bool = Field(False, description="means over tokens instead of sums")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model, then the reference: a state of its chain, or of the policy's where it has none."""
        own = super().passes
        if self.reference == "none":
            return own
        return (*own, Pass("reference", self.role, self.reference, "logprobs", of_chain=True))


class RewardModelJudge(ModelJudge):
    """A reward model: a sequence classifier gives one score, a token classifier one score a step.

    `reduce` makes one number of the steps' scores, and `map_to` carries [0, 1] to another range, as B-STaR (arXiv
    2412.17256) maps the minimum to [-1, 1].
    """

    kind: Literal["reward_model"] = "reward_model"
    name: JudgeName = "reward_model"
    role: Annotated[str, Content("model")] = Field("reward_model", description="an entry of roles")
    reduce: Literal["min", "mean", "last", "product"] = Field(
        "min", description="how the scores of the steps become one"
    )
    map_to: tuple[float, float] | None = Field(
        None, description="range that [0, 1] is carried to, lowest first; default: the score stays as it is"
    )
    step_separator: str = Field("\n", min_length=1, description="text that ends a step, for token classifiers")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The reward model, which rates."""
        return (Pass("", self.role, self.frozen, "rating"),)


class ImportanceJudge(ModelJudge):
    """How far a sample lies from a small trusted set, by the ratio of losses under the model (IWSI, arXiv 2408.09849).

    w = min(mean loss of the trusted set / loss of the sample, 2); the score is w where w > 1, else min(1 / w, 5).
    1: no shift. Smaller is better: use it with select's `best_share` and `lowest: true`.
    """

    kind: Literal["importance"] = "importance"
    name: JudgeName = "importance"
    frozen: Annotated[Frozen, Content("model")] = Field(
        "base", description="state of the model whose losses are compared"
    )
    trusted: Source = Field(description="problems with worked solutions; none of the select or report set")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Over the samples, and over the trusted set."""
        return (*super().passes, Pass("trusted", self.role, self.frozen, "logprobs", about=self.trusted))


Judge = Annotated[
    AnswerJudge | VoteJudge | SumJudge | RubricJudge | PairwiseJudge | ImplicitJudge | RewardModelJudge
    | ImportanceJudge,
    by_kind,
    default_kind("answer"),
]  # fmt: skip
