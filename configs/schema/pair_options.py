"""What every kind of pair may ask of its pairs besides: opinions of judges, answers that differ, and a label of trust.

The options act on the pairs that a maker made of one problem, in the order in which they stand here. A pair that fails
one is dropped and counted under its reason; a score that is missing is never a zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from configs.schema.base import Component
from configs.schema.chains import ReadsChains


class RankConsistency(Component):
    """CREAM's soft label (arXiv 2410.12735): C = (tau + 1) / 2, with Kendall's tau between two judges' rankings.

    `dyn`: each problem its own C, and pairs with C of a half or less are dropped. `avg`: one C for all, and C of a half
    or less is an error that ends the round.
    """

    judges: tuple[str, str] = Field(description="names of the two judges whose rankings are compared")
    measure: Literal["kendall", "spearman"] = Field("kendall", description="Kendall's tau or Spearman's rho")
    average: Literal["avg", "dyn"] = Field("avg", description="dyn: a label for each problem; avg: one for all")


class Confident(Component):
    """Pairs of which a judge is sure (SER, arXiv 2411.00418): the chosen side above `high` and the other below `low`,
    or a lead above `margin`. Where it is as sure of the reverse, the sides are swapped."""

    judge: str | None = Field(None, description="a judge's name; default: the pair's judge")
    high: float = Field(0.55, description="the chosen side's score lies above it")
    low: float = Field(0.45, description="the rejected side's score lies below it")
    margin: float | None = Field(
        0.3, ge=0, description="or the chosen side leads by more than this; null: no other way"
    )
    swap: bool = Field(True, description="false: a pair that the judge is surely against is dropped")

    @model_validator(mode="after")
    def _sides_lie_apart(self) -> Confident:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}: one pair could stand both ways")
        return self


class MinQuality(Component):
    """Pairs that are good enough by a judge (Anyprefer, arXiv 2504.19276, where a model rates the pair as a whole)."""

    judge: str = Field(description="a judge's name")
    at_least: float = Field(description="lowest score")
    of: Literal["chosen", "both"] = Field("chosen", description="the side, or sides, that must reach it")


class PairOptions(ReadsChains, Component):
    """Options of every kind of pair.

    Attributes:
        sets_samples: its two sides are texts that judges have seen; worked solutions and ends of one text are not.
        asks_judge: it reads a judge's opinions, also where the recipe names none.
        has_answers: its two sides are answers to the problem, of which the one may differ from the other.
        reads_first_judge: its default judge is the recipe's first, whose labels it reads, and not the last.
    """

    sets_samples: ClassVar[bool] = True
    asks_judge: ClassVar[bool] = True
    has_answers: ClassVar[bool] = True
    reads_first_judge: ClassVar[bool] = False

    gold_when_none: bool = Field(
        False,
        description="of a problem without a correct sample: its worked solution against wrong ones, where there is "
        "no pair else (Self-Refine Instruction-Tuning, arXiv 2405.00402)",
    )
    confident: Confident | None = Field(None, description="a judge must be sure of the pair")
    agree: tuple[str, ...] = Field((), description="judges that must all score the chosen side higher")
    distinct_answers: bool = Field(
        False, description="drop pairs whose sides have one answer; what was not read is no answer"
    )
    min_gap: float | None = Field(
        None,
        gt=0,
        description="answers are numbers, and the rejected one lies at least this far from the gold answer; from the "
        "chosen one where that is correct, or nothing is gold",
    )
    min_quality: MinQuality | None = Field(None, description="a judge must find the pair good enough")
    win_rate: str | None = Field(
        None,
        description="win_rate judge whose chances a pair carries to the loss; default: the pair's judge, if it is one",
    )
    soft_label: RankConsistency | None = Field(
        None, description="a label for each pair, for the objective soft_label_dpo"
    )

    @property
    def most_per_problem(self) -> int | None:
        """Most pairs of one problem; None: all that there are."""
        return 1

    @property
    def reads_judgements(self) -> str | None:
        """The judge whose judgements, and not only verdicts, the pairs are made of; None: of none."""
        return None

    def makers(self) -> tuple[Self, ...]:
        """The kinds of pairs that it is made of: itself."""
        return (self,)

    def named_judges(self) -> Iterator[tuple[str, str | None]]:
        """Every judge that it names, with the address of the field; None where that has a default."""
        yield "judge", getattr(self, "judge", None)
        yield "confident.judge", self.confident.judge if self.confident else None
        yield from (("agree", name) for name in self.agree)
        yield "min_quality.judge", self.min_quality.judge if self.min_quality else None
        yield "win_rate", self.win_rate
        yield from (("soft_label.judges", name) for name in (self.soft_label.judges if self.soft_label else ()))

    @model_validator(mode="after")
    def _options_can_act(self) -> Self:
        refused = ("gold_when_none", "confident", "agree", "min_gap", "min_quality", "win_rate")
        for name in (*(refused if not self.sets_samples else ()), *(() if self.has_answers else ("distinct_answers",))):
            if getattr(self, name):
                raise ValueError(f"{name}: the sides of these pairs are not two samples that a judge has looked at: "
                                 "leave it out")  # fmt: skip
        return self
