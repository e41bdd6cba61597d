"""Reward terms: what is added up to the reward of each text of an episode.

A term gives a number for a text, or none where something is missing, which is never a zero. A text whose terms all give
none has no reward; an episode without a reward is left out of its group's baseline, and has advantage 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, compile_pattern, default_kind
from configs.schema.chains import REVISION, ReadsChains
from configs.schema.marks import Later
from configs.schema.online.amount import Amount, KlEstimate
from configs.schema.revision.parts import LabelName
from configs.schema.revision.sampler import RevisionPart

TermName = Annotated[
    str,
    Field(pattern="^[a-z][a-z0-9_]*$", description="what other terms, tables and metrics call it; default: its kind"),
]


class Term(ReadsChains, Component):
    """Base of all reward terms."""

    weight: Amount = Field(1.0, description="factor of the value in the sum")
    shift: Annotated[float, Later] = Field(
        0.0,
        description="added to every value, before the weight: LeDex (arXiv 2405.18649) carries scores from [0, 1] to "
        "[-5, 5] so",
    )
    gate: bool = Field(False, description="the value multiplies the sum of the terms that are no gates")
    gates: tuple[str, ...] = Field((), description="with gate: names of the terms that it multiplies; default: all")

    @property
    def judge(self) -> str | None:
        """Name of the judge whose verdicts are read; empty: the first; None: no judge's."""
        return None

    @model_validator(mode="after")
    def _gates_what(self) -> Term:
        if self.gates and not self.gate:
            raise ValueError("gates: names the terms that a gate multiplies: write gate: true, or leave it out")
        if self.gate and self.weight != 1.0:
            raise ValueError("weight: a gate multiplies by its value alone: leave weight out")
        return self


class JudgeTerm(Term):
    """What a judge says of an attempt: its score, or a value by label."""

    kind: Literal["judge"] = "judge"
    name: TermName = "judge"
    of: str | None = Field(None, description="a judge of the recipe; default: the first")
    values: dict[LabelName, float] | None = Field(
        None,
        description="by label, in place of the score; what is not listed has none. Default: the score, and where a "
        "judge by rule gives none 1 for correct, 0 for wrong, unparseable and truncated",
    )
    attempts: Literal["all", "first", "last"] = Field("all", description="which attempts of an episode have a value")

    @property
    def judge(self) -> str:
        return self.of or ""


class VerdictMatchTerm(Term):
    """Whether a verdict that the policy wrote is true of the attempt before it."""

    always_needs: ClassVar[tuple[str, ...]] = ("verdict",)
    kind: Literal["verdict_match"] = "verdict_match"
    name: TermName = "verdict_match"
    of: str | None = Field(None, description="the judge that knows; default: the first")
    right: float = Field(1.0, description="value of a true verdict")
    wrong: float = Field(0.0, description="value of a false one")
    unparseable: float | None = Field(0.0, description="value of one that cannot be read; null: none")

    @property
    def judge(self) -> str:
        return self.of or ""


class ProgressTerm(Term):
    """How an attempt differs from attempts before it, in the value R of another term. R_0 = 0, n revisions.

    step: alpha (R_t - R_u) of every attempt but the first, u by `since` (SCoRe, arXiv 2409.12917; PAG, 2506.10406).
    discounted: sum_t discount^(T - t) (R_t - R_(t-1)) of the last attempt T (CoCoS, 2505.23060). quality and
    efficiency: of the last attempt, as in ReflexiCoder (2603.05863): R_T + eta sum_t w_t m_t with w_t ~ e^(lambda t)
    and m_t = tanh((R_t - R_(t-1)) / spread), where nothing changes `bonus` at the best value and -malus below it; and
    R_T / n + (R_T - R_1) / max(1, n - 1).
    """

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    kind: Literal["progress"] = "progress"
    name: TermName = "progress"
    of: str | None = Field(None, description="the term whose values are R; default: the first")
    rule: Literal["step", "discounted", "quality", "efficiency"] = Field("step", description="as told above")
    alpha: float = Field(1.0, description="step: factor of the difference")
    since: Literal["previous", "first", "best"] = Field(
        "previous", description="step: the attempt before, the first, or the best so far"
    )
    discount: float = Field(0.5, ge=0, le=1, description="discounted: of each attempt that comes after")
    eta: float = Field(0.5, description="quality: weight of the differences")
    growth: float = Field(0.2, description="quality: lambda, by which later differences weigh more")
    spread: float = Field(0.1, gt=0, description="quality: the difference that counts for tanh 1")
    bonus: float = Field(0.05, description="quality: of no change at the best value")
    malus: float = Field(1.0, description="quality: of no change below it")
    best: float = Field(1.0, description="quality: the best value there is")


class LikenessTerm(Term):
    """How like a text is to accepted texts of its part in other episodes of the group: those before a right attempt, or
    right attempts themselves. The mean of 1 - edit distance / the longer one's characters; without an accepted one
    there is none.

    LeDex (arXiv 2405.18649) rewards explanations by their likeness to accepted ones, with the vectors of an encoder.
    """

    kind: Literal["likeness"] = "likeness"
    name: TermName = "likeness"
    part: RevisionPart = Field("critique", description="which texts have a value")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield "part", self.part


class FormatTerm(Term):
    """Whether a text has a form. As a gate with `other: 0` it takes everything else away."""

    kind: Literal["format"] = "format"
    name: TermName = "format"
    pattern: str = Field(description="searched in the text; \\A and \\Z mean its ends, (?s) lets . cross lines")
    match: float = Field(1.0, description="value where it is found")
    other: float = Field(0.0, description="value where it is not")
    where: Literal["attempts", "episode"] = Field(
        "attempts", description="attempts: in each attempt, by itself. episode: in all that was written, text after "
        "text; the value is the last attempt's"
    )  # fmt: skip

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression ({error}): {pattern!r}") from error
        return pattern


class LengthTerm(Term):
    """Rules over the length of a text.

    overlong (DAPO, arXiv 2503.14476): 0 up to limit - cache tokens, then down in a line to -1 at the limit. relative:
    -mean(R) tokens / most tokens of the group, R of the first term. inverse (RLSP, 2502.06773):
    -limit / (characters / 4), but not below `least`; of the text before `until`. minimum: -1 of texts with fewer
    characters than the limit. truncated: `factor` where a text ended at max_tokens, else 1: a gate.
    """

    kind: Literal["length"] = "length"
    name: TermName = "length"
    rule: Literal["overlong", "relative", "inverse", "minimum", "truncated"] = Field(
        "overlong", description="as told above"
    )
    limit: float = Field(512, gt=0, description="overlong: tokens; inverse: the constant; minimum: characters")
    cache: float = Field(100, gt=0, description="overlong: tokens before the limit in which the value falls")
    least: float = Field(-1.0, le=0, description="inverse: smallest value")
    until: str | None = Field(
        None, min_length=1, description="inverse: the text before the last of these; default: all"
    )
    factor: float = Field(0.5, ge=0, le=1, description="truncated: factor of the other terms")

    @model_validator(mode="after")
    def _fits_the_rule(self) -> LengthTerm:
        if self.rule == "overlong" and self.cache > self.limit:
            raise ValueError(f"cache: {self.cache:g} tokens before the limit are more than its {self.limit:g}")
        if (self.rule == "truncated") != self.gate:
            what = "is a factor: write gate: true" if self.rule == "truncated" else "is a summand: leave gate out"
            raise ValueError(f"gate: the rule {self.rule} {what}")
        return self


class TurnCountTerm(Term):
    """A value by the number n of revisions: a table, or ReflexiCoder's (arXiv 2603.05863) P(n), which is 0 of none,
    1 of up to `free`, then 1 / (1 + a m^b) e^(-g m) (1 - d sin(pi m / 2)) with m = n - 3."""

    kind: Literal["turn_count"] = "turn_count"
    name: TermName = "turn_count"
    table: tuple[float, ...] = Field(
        (), description="of 0, 1, 2, ... revisions, the last for all after it; default: P(n)"
    )
    free: int = Field(5, ge=0, description="revisions that cost nothing")
    a: float = Field(0.1, description="of P(n)")
    b: float = Field(2.0, description="of P(n)")
    g: float = Field(0.05, description="of P(n)")
    d: float = Field(0.1, description="of P(n)")


class ControlGroupTerm(Term):
    """Whether the last attempt does better than the mean of `online.control`, samples of the same problem that were
    asked otherwise (PASR): in the value of another term, where the text has what `pattern` finds; else it is 0."""

    kind: Literal["control_group"] = "control_group"
    name: TermName = "control_group"
    of: str | None = Field(None, description="the term whose values are compared; default: the first")
    above: float = Field(1.0, description="value above the mean")
    below: float = Field(-1.0, description="value below it")
    equal: float = Field(-0.5, description="value of the same")
    tolerance: float = Field(1e-8, ge=0, description="differences up to this are the same")
    pattern: str | None = Field(None, description="searched in the text; default: every text has a value")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return None if pattern is None else compile_pattern(pattern).pattern


class KlTerm(Term):
    """-coefficient times the divergence of the text's tokens from train.reference, added up over them."""

    kind: Literal["kl"] = "kl"
    name: TermName = "kl"
    coefficient: float = Field(0.05, gt=0, description="beta")
    estimate: Annotated[KlEstimate, Later] = Field(
        "k1", description="of a token, with k1 its log-ratio: k1; k2: half its square; k3: e^-k1 - 1 + k1"
    )


RewardTerm = Annotated[
    JudgeTerm
    | VerdictMatchTerm
    | ProgressTerm
    | FormatTerm
    | LengthTerm
    | TurnCountTerm
    | ControlGroupTerm
    | KlTerm
    | LikenessTerm,
    by_kind,
    default_kind("judge"),
]
