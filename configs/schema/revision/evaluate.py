"""Evaluation of self-correction: the turns that a held-out problem gets, and what they are compared with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from configs.schema.base import Component
from configs.schema.judges.kinds import Judge
from configs.schema.revision.parts import Stop
from configs.schema.revision.sampler import ReviseStep


class Resample(Component):
    """Independent draws that revising is compared with at as many tokens. Those of `pass_at` are the same draws where
    number and temperature agree."""

    num_samples: int = Field(8, ge=2, description="draws a problem; the comparison reaches no further than them")
    temperature: float = Field(0.7, gt=0, description="of the draws")


class TunedGate(Component):
    """Revise where a judge calls the attempt wrong with a confidence, 1 - its score, of at least a threshold: that of
    the grid with which most of the select set ends right, the first of the best. It is fixed before a problem of the
    report set is revised (SCORE, arXiv 2404.17140)."""

    judge: Judge = Field(description="its score is the chance, from 0 to 1, that the attempt is right; no score: wrong "
                         "with no confidence, so that the attempt stands")  # fmt: skip
    grid: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        tuple(round(0.5 + 0.01 * place, 2) for place in range(51)), min_length=1, description="the thresholds tried"
    )

    @model_validator(mode="after")
    def _judge_looks_at_one(self) -> TunedGate:
        if self.judge.sees_group or self.judge.needed_judges:
            raise ValueError(
                f"judge: '{self.judge.name}' needs other samples or other judges, and here it is asked of one attempt "
                "alone: write for example kind: rubric with read: choices, low: 0 and high: 1"
            )
        if self.judge.reads_gold:
            raise ValueError(
                f"judge: '{self.judge.name}' compares with gold, which nobody can at test time: write for example "
                "kind: rubric with read: choices, low: 0 and high: 1"
            )
        return self


Budget = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class RepairTrees(Component):
    """Success of first attempts with repairs of the wrong ones, over all subtrees of those drawn, beside as many draws
    (arXiv 2306.09896). The texts of one repair are those of the steps."""

    num_samples: int = Field(8, ge=1, description="first attempts of a problem")
    num_repairs: int = Field(4, ge=1, description="repairs of each")
    temperature: float = Field(0.7, gt=0, description="of all that is drawn")
    budgets: tuple[Budget, ...] = Field(
        ((1, 1), (2, 1), (1, 3)), min_length=1, description="attempts, and repairs of each wrong one: a number each"
    )

    @model_validator(mode="after")
    def _budgets_fit(self) -> RepairTrees:
        for attempts, repairs in self.budgets:
            if attempts > self.num_samples or repairs > self.num_repairs:
                raise ValueError(
                    f"budgets: {attempts} attempts with {repairs} repairs each need num_samples: {attempts} and "
                    f"num_repairs: {repairs}, or more"
                )
        return self


class ReviseEvaluation(Component):
    """One chain of attempts of every held-out problem by the model that is evaluated, drawn as `generate.kind: revise`
    draws them, and what becomes of right and wrong ones.

    Nothing that shows the answer takes part: no prompt with label, answer, solution or peer, and no gate or stop on a
    judge that compares with gold. Steps taken from generate draw one text each.
    """

    steps: tuple[ReviseStep, ...] | None = Field(
        None, description="texts of one revision; default: those of generate, or one attempt"
    )
    max_turns: int | None = Field(
        None, ge=2, description="attempts in a chain, the first included; default: that of generate, or 2"
    )
    until: tuple[Stop, ...] | None = Field(
        None, description="what ends a chain early; default: that of generate where its steps are taken"
    )
    temperature: float = Field(0.0, ge=0, description="of attempts and of texts around them; 0: greedy")
    oracle: bool = Field(
        True,
        description="also report coverage and pass_at_budget: bounds, as if one knew which attempt is right",
    )
    resample: Resample | None = Field(Resample(), description="what as many tokens give without revising; null: off")
    gate: TunedGate | None = Field(
        None, description="also report what revising does where a judge doubts, by a threshold tuned on the select set"
    )
    trees: RepairTrees | None = Field(None, description="further draws: several attempts, and several repairs of each")
