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
    thinking: tuple[tuple[str, str], ...] = Field(
        (("<think>", "</think>"), ("<thinking>", "</thinking>"), ("[THINK]", "[/THINK]")),
        description="tags around what a model thinks: the answer is read after it, and unfinished thinking has none",
    )
    limit_seconds: float = Field(2.0, gt=0, description="wall clock for one sample; past it there is no verdict")

    @field_validator("thinking")
    @classmethod
    def _tags_differ(cls, thinking: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        if any(not opening or not closing or opening.lower() == closing.lower() for opening, closing in thinking):
            raise ValueError("needs two different tags a pair: write for example [['<think>', '</think>']]")
        return thinking

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        return None if pattern is None else check_pattern(pattern)


class ReadsNumbers(VerifierBase):
    """Settings of the verifiers that read numbers."""

    locale: str = Field(
        "en",
        pattern="^[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*$",
        description="language of texts and golds, such as de or pt_BR: decides what has two readings (1.234, 3/4/2024)",
    )

    @field_validator("locale")
    @classmethod
    def _is_known(cls, locale: str) -> str:
        if locale != "en":
            from babel import Locale, UnknownLocaleError

            try:
                Locale.parse(locale.replace("-", "_"))
            except UnknownLocaleError as error:
                raise ValueError(f"there is no locale '{locale}': write for example de or pt_BR") from error
        return locale
