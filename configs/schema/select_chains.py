"""Filters that look at chains: an attempt with the texts and attempts before it, and what was said of it.

Labels of a chain are those of one judge. What is truncated, could not be read or failed in the verifier is not right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, check_pattern
from configs.schema.chains import AROUND, REVISION, Part, ReadsChains
from configs.schema.draws.fewer import TakesFewerDraws


class _OfChains(ReadsChains, Component):
    judge: str | None = Field(None, description="a judge's name; default: the first judge")


Move = Literal["wrong_to_right", "right_to_right", "wrong_to_wrong", "right_to_wrong", "right", "wrong"]


class Leaves(Component):
    """Keep the last attempts of chains. A recipe with `generate: {kind: revise}` has it before all other filters, so
    that each chain is written once; `inner: true` lets the attempts before them in too."""

    kind: Literal["leaves"] = "leaves"
    inner: bool = Field(False, description="true: keep all attempts, each with what was said of it")


class Moves(_OfChains):
    """Keep chains by what became of the attempt before the last one: wrong to right, and so on; an attempt that is not
    a revision moves `right` or `wrong`. What could not be read or judged is wrong."""

    always_reads_labels: ClassVar[bool] = True
    kind: Literal["moves"] = "moves"
    of: tuple[Move, ...] = Field(("wrong_to_right",), min_length=1, description="the moves that are wanted")
    which: Literal["last", "every"] = Field("last", description="every: of all attempts, each with the one before")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        if all("_to_" in move for move in self.of):
            yield "of", REVISION


class Gain(_OfChains):
    """Keep revisions that a judge scores higher than the attempt before: by more than `above`, or equally high and at
    least `or_equal_from` (STaSC, arXiv 2503.08681). Before one that is called correct, an attempt without a score is
    worse than it; otherwise attempts without scores cannot be compared."""

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    kind: Literal["gain"] = "gain"
    above: float = Field(0.0, description="the score must rise by more than this")
    or_equal_from: float | None = Field(None, description="equal scores of at least this stay too; default: none")


class TrueVerdicts(_OfChains):
    """Keep chains whose verdicts say what a judge says of the attempt before each, and that have one (self-rewarding
    correction, arXiv 2502.19613; S2R, arXiv 2502.12853)."""

    always_needs: ClassVar[tuple[str, ...]] = ("verdict",)
    always_reads_labels: ClassVar[bool] = True
    kind: Literal["true_verdicts"] = "true_verdicts"
    which: Literal["every", "last"] = Field("every", description="which verdicts of a chain must be true")


class Helps(_OfChains):
    """Keep the first right revision after a text that helps: at least so many of the revisions after it are right, or
    all of them (SCORE, arXiv 2404.17140; LeDex, arXiv 2405.18649)."""

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    always_reads_labels: ClassVar[bool] = True
    kind: Literal["helps"] = "helps"
    at_least: int = Field(1, ge=1, description="right revisions that a text must lead to")
    of: Literal["any", "all"] = Field("any", description="all: every revision after it must be right")


class Confirmed(ReadsChains, Component):
    """Keep chains whose last verdict says that their attempt is right. No gold answer is read (SELF, arXiv
    2310.00533)."""

    always_needs: ClassVar[tuple[str, ...]] = ("verdict",)
    kind: Literal["confirmed"] = "confirmed"


class Pattern(ReadsChains, Component):
    """Keep chains whose parts repeat an order, whole, up to a length (S2R, arXiv 2502.12853: attempt, verdict)."""

    kind: Literal["pattern"] = "pattern"
    order: tuple[Part, ...] = Field(("attempt", "verdict"), min_length=1, description="the parts that repeat")
    max_parts: int = Field(10, ge=1, description="texts of a chain, at most")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield from (("order", part) for part in self.order)


class Cut(_OfChains):
    """Of each chain keep the attempt at which it is cut: the first right one whose verdict says so, else the last right
    one, else the last (S2R, arXiv 2502.12853). Needs `{kind: leaves, inner: true}` before it."""

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    always_reads_labels: ClassVar[bool] = True
    kind: Literal["cut"] = "cut"


class PassRate(_OfChains):
    """Keep problems of which the share of right first attempts lies in the window, ends included. Write it before
    filters that drop whole chains."""

    always_reads_labels: ClassVar[bool] = True
    kind: Literal["pass_rate"] = "pass_rate"
    low: float = Field(0.0, ge=0, le=1, description="least share of right first attempts")
    high: float = Field(1.0, ge=0, le=1, description="largest share of right first attempts")

    @model_validator(mode="after")
    def _window_is_open(self) -> PassRate:
        if self.high < self.low:
            raise ValueError(f"high {self.high:g} is below low {self.low:g}: nothing could be kept")
        return self


class Rescued(_OfChains):
    """Keep right revisions of problems of which no first attempt is right (START, arXiv 2503.04625)."""

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    always_reads_labels: ClassVar[bool] = True
    kind: Literal["rescued"] = "rescued"


class Calls(TakesFewerDraws, Component):
    """Keep chains in whose texts `generate.interpreter` ran code as often (START, arXiv 2503.04625: 1 to 6 times)."""

    kind: Literal["calls"] = "calls"
    low: int = Field(1, ge=0, description="fewest programs")
    high: int | None = Field(None, ge=0, description="most programs; default: any number")

    @model_validator(mode="after")
    def _window_is_open(self) -> Calls:
        if self.high is not None and self.high < self.low:
            raise ValueError(f"high {self.high} is below low {self.low}: nothing could be kept")
        return self


class OnePer(_OfChains):
    """Keep the first of each group: of chains with the same first attempt, of a problem's, or of those with the same
    answer; a sample without an answer is a group of its own."""

    kind: Literal["one_per"] = "one_per"
    of: Literal["root", "problem", "answer"] = Field(
        "root", description="what those of a group share; root: the first attempt"
    )


class BalanceSides(_OfChains):
    """Cut every side to `ratio` times the smallest, by the run's seed: chains that begin right and those that begin
    wrong, those that end so, or samples by what is said of them. What is on no side is dropped."""

    kind: Literal["balance"] = "balance"
    by: Literal["first_label", "ends_right", "parent_label", "verdict", "draw", "gold"] = Field(
        "first_label",
        description="whether the first, the last or the attempt before the last is right; what the last verdict of the "
        "chain says; the variant it was drawn under; the problem's gold answer",
    )
    ratio: float = Field(1.0, gt=0, description="most of a larger side, in chains of the smallest")
    over: Literal["round", "problem"] = Field("round", description="what is balanced: the whole, or each problem")
    cuts: Literal["larger", "wrong", "right"] = Field(
        "larger",
        description="wrong: right ones stay, however few wrong ones there are, and of those `ratio` times as many as "
        "of the right; right: the other way round",
    )

    @model_validator(mode="after")
    def _a_problem_has_sides(self) -> BalanceSides:
        if self.by == "gold" and self.over == "problem":
            raise ValueError("over: the samples of a problem have one gold answer: write over: round")
        if self.cuts != "larger" and self.by in ("verdict", "draw", "gold"):
            raise ValueError(f"cuts: sides by {self.by} are not right and wrong ones: write cuts: larger")
        return self

    @property
    def reads_labels(self) -> bool:
        """Whether its sides are right and wrong ones."""
        return self.by in ("first_label", "ends_right", "parent_label")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        needed = {"parent_label": REVISION, "verdict": "verdict"}.get(self.by)
        if needed is not None:
            yield "by", needed


class Leaks(ReadsChains, Component):
    """Drop chains in which a text around the attempts holds the gold answer, or one of the words."""

    always_needs: ClassVar[tuple[str, ...]] = (AROUND,)
    kind: Literal["leaks"] = "leaks"
    words: tuple[str, ...] = Field((), description="words that give help away, in any case of letters")
    gold: bool = Field(True, description="the gold answer, as a word of its own")


class Mirrors(ReadsChains, Component):
    """Keep chains whose critiques go through the steps of their attempt one by one: what the pattern finds in the
    attempt, it finds in the critique in the same order, and perhaps more (SCORE, arXiv 2404.17140)."""

    always_needs: ClassVar[tuple[str, ...]] = ("critique",)
    kind: Literal["mirrors"] = "mirrors"
    pattern: str = Field(r"(Step \d+)", description="the first group is a step's name")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return check_pattern(pattern)
