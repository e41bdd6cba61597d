"""How samples are drawn."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component, default_kind


class Sampling(Component):
    """Settings of one draw. Temperature 0 is greedy."""

    temperature: float = Field(0.7, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0, description="0: off")
    min_p: float = Field(0.0, ge=0, le=1)
    max_tokens: int = Field(512, ge=1, description="a sample that reaches it is truncated, and never correct")
    stop: tuple[str, ...] = Field((), description="texts that end a sample; they are not part of it")


class IndependentGenerate(Sampling):
    """`num_samples` independent draws for every problem.

    Defaults: ReST-EM on MATH (arXiv 2312.06585): 32 samples, temperature 0.7, top-k 40.
    """

    kind: Literal["independent"] = "independent"
    num_samples: int = Field(32, ge=1)
    top_k: int = Field(40, ge=0, description="0: off")
    num_problems: int | None = Field(None, ge=1, description="train problems drawn each round; default: all")
    shard_size: int = Field(64, ge=1, description="problems per published shard: what a kill can cost")

    @model_validator(mode="after")
    def _greedy_repeats(self) -> IndependentGenerate:
        if self.temperature == 0 and self.num_samples > 1:
            raise ValueError(
                f"temperature 0 draws the same text {self.num_samples} times: "
                "write num_samples: 1, or a temperature above 0"
            )
        return self

    def sampling(self) -> Sampling:
        """The settings of one draw alone."""
        return Sampling(**{name: getattr(self, name) for name in Sampling.model_fields})


Generate = Annotated[IndependentGenerate, default_kind("independent")]
