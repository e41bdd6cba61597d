"""How models are compared, and what decides."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind
from configs.schema.benchmarks import Benchmarks
from configs.schema.judges.kinds import Judge
from configs.schema.marks import Horizon, Later
from configs.schema.revision.evaluate import ReviseEvaluation
from configs.schema.verifiers.kinds import Verifier


class PassAtK(Component):
    """Unbiased pass@k from a fixed number of draws per problem (arXiv 2107.03374)."""

    num_samples: int = Field(8, ge=1, description="draws a problem")
    k: tuple[int, ...] = Field((1, 4), min_length=1, description="one number each, up to num_samples")
    temperature: float = Field(0.7, gt=0, description="of the draws")
    top_p: float = Field(1.0, gt=0, le=1, description="of the draws; 1: off")

    @model_validator(mode="after")
    def _k_fits(self) -> PassAtK:
        if max(self.k) > self.num_samples:
            raise ValueError(
                f"k {max(self.k)} needs at least that many draws: write num_samples: {max(self.k)} or a smaller k"
            )
        return self


class BestOfN(Component):
    """Accuracy of the sample that a judge scores best of k draws, and of the majority's answer (maj@k), expected
    over all subsets of `num_samples` draws."""

    num_samples: int = Field(8, ge=2, description="draws a problem")
    k: tuple[int, ...] = Field((4, 8), min_length=1, description="one number each, up to num_samples")
    temperature: float = Field(0.7, gt=0, description="of the draws")
    top_p: float = Field(1.0, gt=0, le=1, description="of the draws; 1: off")
    judge: Judge = Field(description="whose highest score is taken")

    @model_validator(mode="after")
    def _k_fits(self) -> BestOfN:
        if max(self.k) > self.num_samples:
            raise ValueError(f"k {max(self.k)} needs num_samples: {max(self.k)} or more")
        return self


class Evaluate(Component):
    """Greedy accuracy on the select and report sets, and pass@k if asked for."""

    max_tokens: int | None = Field(None, ge=1, description="default: that of generate, or of online.episode")
    pass_at: PassAtK | None = Field(None, description="further draws: the chance that one of k is right")
    best_of: BestOfN | None = Field(None, description="further draws: how good a choice among k is")
    revise: ReviseEvaluation | None = Field(None, description="further turns: what revising does to an answer")
    by_tag: str | None = Field(None, description="accuracy for each value of this tag too, such as digits")
    verifier: Verifier | None = Field(None, description="default: the verifier of the first answer judge")
    benchmarks: Annotated[Benchmarks | None, Later] = Field(
        None, description="tasks of lm-evaluation-harness in every n-th round"
    )


class Better(Component):
    """Promote when accuracy on the select set rises by more than `margin`."""

    kind: Literal["better"] = "better"
    margin: float = Field(0.0, ge=0, lt=1, description="as a share: 0.01 is one percentage point")


class Significant(Component):
    """Promote when accuracy on the select set rises and the exact McNemar test gives p below `alpha`."""

    kind: Literal["significant"] = "significant"
    alpha: float = Field(0.05, gt=0, lt=1, description="largest p-value of a promotion")


class Always(Component):
    """Promote every candidate, as published loops without a gate do."""

    kind: Literal["always"] = "always"


Gate = Annotated[Better | Significant | Always, by_kind]


class Decide(Component):
    """The gate, and when to stop."""

    gate: Gate = Field(Better(), description="when a candidate takes over")
    patience: Annotated[int | None, Horizon] = Field(
        None, ge=1, description="stop after this many rounds in a row without a promotion"
    )
    approval: Annotated[bool, Horizon] = Field(
        False, description="a person decides on every promotion, in Prefect or by selfloop promote"
    )


class Rounds(Component):
    """How many rounds; round 0 is the baseline and does not count."""

    max: Annotated[int, Horizon] = Field(3, ge=1, description="with phases: what they add up to")
    cycles: Annotated[int, Horizon] = Field(1, ge=1, description="how often the list of phases is gone through")
    per_run: Annotated[int | None, Horizon] = Field(
        None, ge=1, description="rounds that a deployment's run adds; default: all up to max"
    )
