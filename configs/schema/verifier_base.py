"""What all verifiers can be told."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from configs.schema.base import Component, check_pattern


class VerifierBase(Component):
    """Settings all verifiers share.

    Attributes:
        finds_answers: whether it finds a sample's answer without gold, so that answers can be counted.
    """

    finds_answers: ClassVar[bool] = False
    pattern: str | None = Field(None, description="the answer is this pattern's first group, last match in the sample")
    limit_seconds: float = Field(2.0, gt=0, description="wall clock for one sample; past it there is no verdict")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return None if pattern is None else check_pattern(pattern)
