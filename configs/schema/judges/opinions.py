"""Judges that write what they think of samples, and how the verdict is found in their words."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, compile_pattern
from configs.schema.drawing import Sampling
from configs.schema.judges.base import JudgeName, ModelJudge, Pass
from configs.schema.marks import Content

SCORE_PATTERN = r"(?i)\bScore[*_\x60]*:[\s*_\x60(\[<\"']*(-?[0-9]+(?:\.[0-9]+)?)"
"""`Score: 4`, `**Score:** 4`, `score: **4**`; not `Subscore: 4`"""
WINNER_PATTERN = (
    r"(?i)\bWinner[*_\x60]*:[\s*_\x60(\[<\"']*"
    r"(?:(?:the|answer|response|text|solution|candidate|assistant|option|model|judge?ment)(?![^\W_])[\s*_\x60(\[<\"':]*)*"
    r"([^\W_]+)"
)
"""`Winner: A`, `**Winner:** B`, `winner: Response B`; whoever else is named, such as `Winner: Neither`, is no choice"""


class OpinionJudge(ModelJudge):
    """A judge that writes its opinion as text."""

    prompt: Annotated[str, Content("prompt")] = Field(description="prompt of configs/prompts, or path of a .j2 file")
    pattern: str = Field(description="one group: the verdict; the last match in the judge's text counts")
    temperature: float = Field(0.7, ge=0, description="of what the judge writes; 0: greedy")
    top_p: float = Field(0.9, gt=0, le=1, description="of what the judge writes; 1: off")
    max_tokens: int = Field(512, ge=1, description="of one opinion")
    read: Literal["text", "choices"] = Field(
        "text", description="choices: no text is written, each possible verdict's probability is taken instead"
    )

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model, which writes, or is asked for the probabilities of the choices."""
        if self.read == "choices":
            return (Pass("", self.role, self.frozen, "logprobs", self.prompt),)
        drawn = Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)
        return (Pass("", self.role, self.frozen, "text", self.prompt, drawn),)

    @field_validator("pattern")
    @classmethod
    def _has_one_group(cls, pattern: str) -> str:
        if compile_pattern(pattern).groups != 1:
            raise ValueError("needs exactly one group, around the verdict: write for example 'Score: *([0-9.]+)'")
        return pattern


class RubricJudge(OpinionJudge):
    """The model scores each sample by a rubric, several times; the score is the mean of what could be parsed.

    Defaults: Self-Rewarding (arXiv 2401.10020): additive 5-point rubric, three judgements, temperature 0.7, top-p 0.9.
    With `read: choices` the score is the expectation over the whole numbers from low to high.
    """

    kind: Literal["rubric"] = "rubric"
    name: JudgeName = "rubric"
    prompt: Annotated[str, Content("prompt")] = Field(
        "additive_5", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(
        SCORE_PATTERN,
        description="one group: the score; the last match in the judge's text counts",
    )
    low: float = Field(0, description="lowest score; what lies outside of low to high is not parsed")
    high: float = Field(5, description="highest score")
    repeats: int = Field(3, ge=1, description="opinions of each sample, meaned")

    @property
    def num_opinions(self) -> int:
        """Each sample is judged `repeats` times, unless choices are read."""
        return self.repeats if self.read == "text" else 0

    @model_validator(mode="after")
    def _scale_rises(self) -> RubricJudge:
        if self.high <= self.low:
            raise ValueError(f"high: {self.high:g} must be above low {self.low:g}")
        if self.read == "choices" and (self.low % 1 or self.high % 1):
            raise ValueError("low, high: choices are whole numbers: write whole numbers, or read: text")
        if self.read == "text" and self.temperature == 0 and self.repeats > 1:
            raise ValueError(f"repeats: temperature 0 gives {self.repeats} times the same: write repeats: 1")
        return self


class PairwiseJudge(OpinionJudge):
    """The model compares samples of a problem two by two, in both orders; the score is the number of samples beaten.

    Orders that disagree, or cannot be read, count half a win each (Process-based Self-Rewarding, arXiv 2503.03746).
    """

    compares: ClassVar[bool] = True
    kind: Literal["pairwise"] = "pairwise"
    name: JudgeName = "pairwise"
    prompt: Annotated[str, Content("prompt")] = Field(
        "pairwise", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(
        WINNER_PATTERN, description="one group, which reads A or B; the last match in the judge's text counts"
    )
    temperature: float = Field(0.0, ge=0, description="of what the judge writes; 0: greedy")
    max_tokens: int = Field(256, ge=1, description="of one comparison")


class MetaJudge(Component):
    """The model compares two of its own judgements of one sample, so that judging is trained too (Meta-Rewarding, arXiv
    2407.19594). Makes pairs of judgements, which are trained on beside the pairs of samples."""

    judge: str = Field("rubric", description="name of the rubric judge whose judgements are compared")
    prompt: Annotated[str, Content("prompt")] = Field(
        "meta", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(WINNER_PATTERN, description="one group, which reads A or B; the last match in the text counts")
    temperature: float = Field(0.8, ge=0, description="0: greedy")
    top_p: float = Field(0.95, gt=0, le=1, description="as in generate; 1: off")
    max_tokens: int = Field(512, ge=1, description="of one comparison")
    ridge: float = Field(1e-3, gt=0, description="pull of Elo ratings to their mean; an unbeaten judgement needs it")
    rounds: int | None = Field(
        2, ge=1, description="judge pairs are made, and trained on, in the first rounds only; the paper's: 2"
    )
    max_share: float = Field(0.15, gt=0, lt=1, description="most judge pairs, as a share of all pairs")
