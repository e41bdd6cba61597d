"""Which samples are kept, and how much each of them weighs. The filters act in the order they are written."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, check_pattern
from configs.schema.chains import REVISION, ReadsChains
from configs.schema.draws.fewer import TakesFewerDraws
from configs.schema.marks import Content
from configs.schema.select_chains import (
    BalanceSides,
    Calls,
    Confirmed,
    Cut,
    Gain,
    Helps,
    Leaks,
    Leaves,
    Mirrors,
    Moves,
    OnePer,
    PassRate,
    Pattern,
    Rescued,
    TrueVerdicts,
)
from configs.schema.select_draws import AboveMean, Order


class Correct(TakesFewerDraws, ReadsChains, Component):
    """Keep samples that a judge calls correct."""

    always_reads_labels: ClassVar[bool] = True
    keeps_accepted: ClassVar[bool] = True
    kind: Literal["correct"] = "correct"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")


class Judged(TakesFewerDraws, Component):
    """Keep samples that a judge could score; truncated and unparseable ones are dropped."""

    kind: Literal["judged"] = "judged"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")


class Threshold(TakesFewerDraws, Component):
    """Keep samples that a judge scores at least `at_least`, or above `above`; unscored samples are dropped and counted
    apart. `above: calibrated` takes the threshold that the round's calibration picked."""

    kind: Literal["threshold"] = "threshold"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    at_least: float | None = Field(None, description="lowest score kept")
    above: float | Literal["calibrated"] | None = Field(None, description="scores above this are kept")

    @model_validator(mode="after")
    def _one_limit(self) -> Threshold:
        if (self.at_least is None) == (self.above is None):
            raise ValueError("write either at_least or above")
        return self


class BothOutcomes(ReadsChains, Component):
    """Keep problems with at least one correct and one wrong sample, whole (EAST, arXiv 2503.23913)."""

    always_reads_labels: ClassVar[bool] = True
    kind: Literal["both_outcomes"] = "both_outcomes"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")


class KeepProblem(Component):
    """Keep problems whose score lies within the limits, whole: the mean of a judge's scores of their samples.

    For judges that score the problem itself, such as a probe with `of: problem` (peer counselling, arXiv 2403.15482,
    goes on with what is likely not perfect: at most 0.5). Samples without a score do not count; a problem without one
    goes.
    """

    kind: Literal["keep_problem"] = "keep_problem"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    at_least: float | None = Field(None, description="lowest score kept")
    at_most: float | None = Field(None, description="highest score kept")

    @model_validator(mode="after")
    def _has_a_limit(self) -> KeepProblem:
        if self.at_least is None and self.at_most is None:
            raise ValueError("write at_least, at_most, or both")
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"at_most {self.at_most:g} is below at_least {self.at_least:g}: nothing could be kept")
        return self


class Cap(TakesFewerDraws, Component):
    """Keep at most `per_problem` samples of a problem, chosen at random by the run's seed.

    Default: 10, as in ReST-EM (arXiv 2312.06585).
    """

    accepted_field: ClassVar[str | None] = "per_problem"
    kind: Literal["cap"] = "cap"
    per_problem: int = Field(10, ge=1, description="samples kept of one problem, at most")


class Unique(Component):
    """Keep the first of several samples of a problem with the same text (white space at the ends ignored)."""

    kind: Literal["unique"] = "unique"


class DistinctEquations(Component):
    """Of the samples of a problem with the same equations keep one: the one whose summed edit distance to the others
    kept is largest (RFT, arXiv 2308.01825). A sample with an equation that does not hold is dropped.
    """

    kind: Literal["distinct_equations"] = "distinct_equations"
    pattern: str = Field("<<([^<>]*)>>", description="the first group is an equation; default: calculator annotations")
    tolerance: float = Field(1e-3, gt=0, description="an equation holds where its sides differ by less")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        return check_pattern(pattern)


class LengthWindow(TakesFewerDraws, Component):
    """Keep samples whose length lies in the window, in tokens and in characters, ends included.

    DICE (arXiv 2406.09760) has a window of 3 to 6,700 characters.
    """

    kind: Literal["length"] = "length"
    min_tokens: int = Field(1, ge=0, description="shortest sample kept")
    max_tokens: int | None = Field(None, ge=1, description="longest sample kept; default: no limit")
    min_chars: int = Field(0, ge=0, description="shortest text kept, in characters")
    max_chars: int | None = Field(None, ge=1, description="longest text kept, in characters; default: no limit")

    @model_validator(mode="after")
    def _window_is_open(self) -> LengthWindow:
        for unit in ("tokens", "chars"):
            least, most = getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")
            if most is not None and most < least:
                raise ValueError(f"max_{unit} {most} is below min_{unit} {least}: nothing could be kept")
        return self


class LengthGap(Component):
    """Among problems of equal difficulty drop samples more than `theta` characters shorter than the longest: short
    outputs tend to be wrong (easy-to-hard, arXiv 2502.01612). Looks at all problems of a round together."""

    kind: Literal["length_gap"] = "length_gap"
    theta: int = Field(10, ge=0, description="characters that a sample may be shorter than the longest")
    tag: str | None = Field(None, description="problems with the same value of this tag are compared; default: all")


class BestShare(Component):
    """Keep the share of all samples of the round that a judge scores best. Looks at all problems together."""

    kind: Literal["best_share"] = "best_share"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    share: float = Field(0.8, gt=0, le=1, description="of all scored samples of the round")
    lowest: bool = Field(False, description="true: a low score is good, as with the importance judge")


class TopK(Component):
    """Keep the k samples of a problem, or of the round, that a judge scores best; equal scores in their order.

    Default: one of each problem, as STILL-2 (arXiv 2412.09413) keeps of its right ones.
    """

    kind: Literal["top_k"] = "top_k"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    k: int = Field(1, ge=1, description="samples kept")
    per: Literal["problem", "round"] = Field("problem", description="among which the best are looked for")
    highest: bool = Field(True, description="false: a low score is good")


class DropTruncated(TakesFewerDraws, Component):
    """Drop samples that ended at max_tokens."""

    kind: Literal["drop_truncated"] = "drop_truncated"


class HintShows(TakesFewerDraws, Component):
    """Drop samples drawn with help whose own words give the help away (STaR, arXiv 2203.14465). A recipe with a guide
    has it before all other filters, with `guide.leak_words`; one whose draws have `leak_words`, once for each."""

    kind: Literal["hint_shows"] = "hint_shows"
    words: tuple[str, ...] = Field(
        min_length=1, description="texts that give the help away; upper and lower case are the same"
    )
    draw: str | None = Field(None, description="samples of this draw; default: those that saw what no model has")


class UserFilter(Component):
    """A function of the user: `keep(candidates)` is given the candidates of one problem, and returns for each None or
    the reason why it is dropped, a word of a-z 0-9 _.

    `function` is `path/to/file.py:name`. A candidate is a `tasks.core.joined` value: sample, verdicts, problem, chain.
    The file's text is part of the step's identity.
    """

    kind: Literal["python"] = "python"
    function: Annotated[str, Content("function")] = Field(
        pattern=r"^.+\.py:[A-Za-z_]\w*$", description="FILE.py:NAME, relative to where the command runs"
    )


Select = Annotated[
    Correct | Judged | Threshold | BothOutcomes | KeepProblem | Cap | Unique | DistinctEquations | LengthWindow
    | LengthGap | BestShare | TopK | Order | AboveMean | DropTruncated | HintShows | Leaves | Moves | Gain
    | TrueVerdicts | Helps | Confirmed | Pattern | Cut | PassRate | Rescued | Calls | OnePer | BalanceSides | Leaks
    | Mirrors | UserFilter,
    by_kind,
]  # fmt: skip


DEFAULT_SELECT: tuple[Select, ...] = (Correct(), DropTruncated(), Cap())
"""what is kept where a recipe has no `select`: ReST-EM's correct samples, ten of a problem"""


class WeighByProblem(TakesFewerDraws, Component):
    """Each problem gets the same total weight, however many of its samples were kept."""

    kind: Literal["by_problem"] = "by_problem"


class WeighByEntropy(Component):
    """w_i = H_i^power / mean(H^power), with H_i the entropy of the answers of problem i's samples (EAST, arXiv
    2503.23913). Samples without an answer are a cluster of their own."""

    kind: Literal["entropy"] = "entropy"
    power: float = Field(1.0, gt=0, description="sharpness; the paper tries 0.1 to 3 on a development set")
    judge: str | None = Field(None, description="judge whose extracted answers are clustered; default: the first")


class WeighByGain(ReadsChains, Component):
    """Of the answers that are trained on after one that they improve, each weighs in proportion to
    exp(alpha * gain + beta * similarity), normalised over them (Self-Correction, arXiv 2211.00053). The similarity of
    two texts is 1 - edit distance / the longer one's characters. The mean weight of a row is 1.

    alpha and beta are not given where the paper was read.
    """

    always_needs: ClassVar[tuple[str, ...]] = (REVISION,)
    kind: Literal["by_gain"] = "by_gain"
    alpha: float = Field(1.0, ge=0, description="sharpness in the gain of the score")
    beta: float = Field(1.0, ge=0, description="sharpness in the similarity, which lies in [0, 1]")
    judge: str | None = Field(None, description="judge whose score is compared; default: the first")


Weigh = Annotated[WeighByProblem | WeighByEntropy | WeighByGain, by_kind]
