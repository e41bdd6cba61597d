"""Where a text is cut into its parts: a sampler that draws whole episodes in one piece. Used by generate.py."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, check_pattern
from configs.schema.revision.sampler import SAID, RevisionPart


class Marker(Component):
    """Where a part begins in a text; it goes on to the next marker of another part.

    What comes before the first marker is an attempt, and markers of the same part in a row begin nothing new. Tokens of
    a marker are of the part that it begins.
    """

    part: RevisionPart = Field(description="what begins there")
    begins: str = Field(min_length=1, description="pattern of what it begins with")
    pattern: str | None = Field(
        None, description="verdict: its first group is what is said; default: that of a step of a revision"
    )
    right: str = Field("correct", min_length=1, description="verdict: what means right")
    wrong: str = Field("wrong", min_length=1, description="verdict: what means wrong")
    last: bool = Field(True, description="verdict: of several matches the last is read; false: several say nothing")

    @model_validator(mode="before")
    @classmethod
    def _verdicts_are_read(cls, tree: Any) -> Any:
        if isinstance(tree, dict) and tree.get("part") == "verdict" and tree.get("pattern") is None:
            return {**tree, "pattern": SAID}
        return tree

    @field_validator("begins")
    @classmethod
    def _finds_something(cls, pattern: str) -> str:
        try:
            is_empty = re.compile(pattern).match("") is not None
        except re.error as error:
            raise ValueError(f"not a regular expression ({error}): {pattern!r}") from error
        if is_empty:
            raise ValueError(f"{pattern!r} matches nothing at all, everywhere: write what a part begins with")
        return pattern

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return None if pattern is None else check_pattern(pattern)

    @model_validator(mode="after")
    def _reads_verdicts_alone(self) -> Marker:
        if self.pattern is not None and self.part != "verdict":
            raise ValueError(f"pattern: it reads verdicts, and this is a {self.part}: leave it out")
        return self
