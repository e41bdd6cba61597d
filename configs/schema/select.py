"""Which samples are kept. The components act in the order they are written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, by_kind


class Correct(Component):
    """Keep samples that a judge calls correct."""

    kind: Literal["correct"] = "correct"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")


class Threshold(Component):
    """Keep samples that a judge scores at least `at_least`; unscored samples are dropped and counted apart."""

    kind: Literal["threshold"] = "threshold"
    judge: str | None = Field(None, description="a judge's name; default: the first judge")
    at_least: float


class Cap(Component):
    """Keep at most `per_problem` samples of a problem, chosen at random by the run's seed.

    Default: 10, as in ReST-EM (arXiv 2312.06585).
    """

    kind: Literal["cap"] = "cap"
    per_problem: int = Field(10, ge=1)


class Unique(Component):
    """Keep the first of several samples of a problem with the same text (white space at the ends ignored)."""

    kind: Literal["unique"] = "unique"


class LengthWindow(Component):
    """Keep samples whose length in tokens lies in the window, ends included."""

    kind: Literal["length"] = "length"
    min_tokens: int = Field(1, ge=0)
    max_tokens: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _window_is_open(self) -> LengthWindow:
        if self.max_tokens is not None and self.max_tokens < self.min_tokens:
            raise ValueError(
                f"max_tokens {self.max_tokens} is below min_tokens {self.min_tokens}: nothing could be kept"
            )
        return self


class DropTruncated(Component):
    """Drop samples that ended at max_tokens."""

    kind: Literal["drop_truncated"] = "drop_truncated"


Select = Annotated[Correct | Threshold | Cap | Unique | LengthWindow | DropTruncated, by_kind]
