"""What every component of a recipe has in common.

A component is frozen and refuses keys it does not know. Unions are told apart by `kind`, written as
`Annotated[A | B, by_kind, default_kind("a")]`, so that the common case needs no `kind` line.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Component(BaseModel):
    """Base of all recipe sections: immutable, unknown keys are errors, defaults are checked too, numbers are finite."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True, allow_inf_nan=False
    )


by_kind: Any = Field(discriminator="kind")


def default_kind(kind: str) -> BeforeValidator:
    """The kind meant when a mapping has none."""
    return BeforeValidator(lambda value: {"kind": kind, **value} if isinstance(value, dict) else value)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression, compiled; ValueError if it is not one."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error}): {pattern!r}") from error


def check_pattern(pattern: str) -> str:
    """A regular expression with a group around what is looked for; ValueError if it is not one."""
    if compile_pattern(pattern).groups < 1:
        raise ValueError("needs a group around what is looked for: write for example 'answer is (.+)'")
    return pattern
