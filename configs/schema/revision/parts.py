"""Small parts of a revision: who writes, where a step is written, what ends a chain, which texts go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component

State = Literal["base", "seed", "previous", "round_start"]
LabelName = Literal["correct", "wrong", "unparseable", "truncated", "verifier_error", "unscored", "missing"]
POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Writer:
    """A model that writes texts: the policy or a role that learns, in a state; `state` says nothing of other roles.

    `redraw`: whether every round asks it anew, or takes what round 1 was answered.
    """

    role: str
    state: State
    redraw: bool = True

    @property
    def name(self) -> str:
        """Its name among those who are asked; the policy as it is in the round has its own."""
        if self == Writer(POLICY, "round_start"):
            return self.role
        return f"{self.role}@{self.state}{'' if self.redraw else ' of round 1'}"


class Gate(Component):
    """What must hold for a step: what a judge says of the attempt (a label, a score below a limit, or wrong with at
    least that confidence, 1 - score), or what the verdict before says."""

    judge: str | None = Field(None, description="a judge of the recipe")
    says: tuple[LabelName, ...] = Field((), description="its labels")
    below: float | None = Field(None, description="its score is below; no score is not")
    wrong_with_at_least: float | None = Field(None, ge=0, le=1, description="1 - its score, a chance, is at least this")
    verdict: Literal["right", "wrong", "unread"] | None = Field(None, description="what the step before was read as")

    @model_validator(mode="after")
    def _one_condition(self) -> Gate:
        told = [bool(self.says), self.below is not None, self.wrong_with_at_least is not None]
        if (self.verdict is None) == (self.judge is None) or sum(told) != (self.judge is not None):
            raise ValueError(
                "write one condition: {judge: NAME, says: [wrong]}, {judge: NAME, below: 0.5}, "
                "{judge: NAME, wrong_with_at_least: 0.7} or {verdict: wrong}"
            )
        return self


class Stop(Component):
    """What ends a chain: a judge's label of the attempt (an oracle, where that judge reads gold), the verdict just
    written, an attempt with the answer or the text of the one before, or one that a judge scores no higher."""

    judge: str | None = Field(None, description="a judge of the recipe")
    says: tuple[LabelName, ...] = Field((), description="its labels")
    verdict: Literal["right", "wrong", "unread"] | None = Field(None, description="what a verdict was read as")
    same: Literal["answer", "text"] | None = Field(None, description="what two attempts in a row share")
    no_gain: str | None = Field(None, description="a judge of the recipe")

    @model_validator(mode="after")
    def _one_condition(self) -> Stop:
        told = [self.judge is not None, self.verdict is not None, self.same is not None, self.no_gain is not None]
        if sum(told) != 1 or bool(self.says) != (self.judge is not None):
            raise ValueError(
                "write one condition: {judge: NAME, says: [correct]}, {verdict: right}, {same: answer} or "
                "{no_gain: NAME}"
            )
        return self


class TextsKept(Component):
    """Which of the texts drawn from one parent go on: verdicts that are true by the first judge, the best by a judge's
    score, or the first."""

    true_verdict: int | None = Field(None, ge=1, description="as many verdicts that say what the first judge says")
    best: str | None = Field(None, description="attempts: a judge of the recipe; unscored ones never go on")
    n: int = Field(1, ge=1, description="best: how many")
    first: int | None = Field(None, ge=1, description="as many as this")

    @model_validator(mode="after")
    def _one_rule(self) -> TextsKept:
        if sum(rule is not None for rule in (self.true_verdict, self.best, self.first)) != 1:
            raise ValueError("keep: write one of {true_verdict: 1}, {best: JUDGE, n: 1} and {first: 1}")
        return self


class WrongStep(Component):
    """Where a wrong attempt goes wrong: at the first step after which none of some continuations is right, drawn by the
    policy as it is in the round and judged by the first judge."""

    step_end: str = Field("\n", min_length=1, description="text that ends a step")
    rollouts: int = Field(8, ge=1, le=1000, description="continuations after each step but the last")


class FirstAttempts(Component):
    """Who writes the first attempts, and which of them are revised."""

    by: str = Field(POLICY, description="policy, or an entry of roles")
    state: State = Field("round_start", description="of the policy, or of a role that learns")
    redraw: bool = Field(True, description="false: every round takes the attempts of round 1")
    pool: Literal["rounds"] | None = Field(
        None, description="rounds: all attempts of the rounds before are first attempts too, equal texts once"
    )
    keep: TextsKept | None = Field(None, description="which of them go on: the best by a judge's score, or the first")
    cut: WrongStep | None = Field(
        None,
        description="those that the first judge calls wrong end at their first wrong step; the steps before are given. "
        "Evaluation cuts none",
    )
    at_most: dict[LabelName, Annotated[int, Field(ge=0)]] | None = Field(
        None, description="attempts of a problem that go on, by the first judge's label; labels left out do not"
    )

    @model_validator(mode="after")
    def _stays_the_same(self) -> FirstAttempts:
        if self.keep is not None and self.keep.true_verdict is not None:
            raise ValueError("keep.true_verdict: first attempts say neither right nor wrong: write at_most or best")
        if not self.redraw and self.by == POLICY and self.state not in ("base", "seed"):
            raise ValueError("redraw: false takes one model's attempts in every round: write state: base or seed")
        return self
