"""How a sample's answer is found in its text, and compared with the gold answer by rule."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from configs.schema.base import by_kind
from configs.schema.marks import Content
from configs.schema.verifier_base import VerifierBase
from configs.schema.verifier_code import CodeVerifier


class NumberVerifier(VerifierBase):
    """The last number of the sample equals the gold number (thousands separators, $ and % are understood)."""

    finds_answers: ClassVar[bool] = True
    kind: Literal["number"] = "number"
    tolerance: float = Field(0.0, ge=0, description="largest absolute difference that still counts as equal")


class ExactVerifier(VerifierBase):
    """The stripped text equals the gold text."""

    finds_answers: ClassVar[bool] = True
    kind: Literal["exact"] = "exact"
    ignore_case: bool = Field(False, description="upper and lower case are the same")


class ChoiceVerifier(VerifierBase):
    """The chosen letter equals the gold letter."""

    finds_answers: ClassVar[bool] = True
    kind: Literal["choice"] = "choice"
    choices: str = Field("ABCD", min_length=2, description="letters that can be chosen")


class RegexVerifier(VerifierBase):
    """The sample matches `accept`, a regular expression in which {gold} stands for the escaped gold answer."""

    kind: Literal["regex"] = "regex"
    accept: str = Field(min_length=1, description="searched anywhere in the sample")

    @field_validator("accept")
    @classmethod
    def _accept_compiles(cls, accept: str) -> str:
        try:
            re.compile(accept.replace("{gold}", "x"))
        except re.error as error:
            raise ValueError(f"not a regular expression ({error}): {accept!r}") from error
        return accept


class MathVerifier(VerifierBase):
    """Symbolic equality by the package math-verify."""

    finds_answers: ClassVar[bool] = True
    kind: Literal["math"] = "math"
    limit_seconds: float = Field(1.0, gt=0, description="wall clock for one sample; past it there is no verdict")


class PythonVerifier(VerifierBase):
    """A function of the user: `score(problem, sample)` returns a bool, a number, or None for no verdict.

    `function` is `path/to/file.py:name`. Problem and sample are `tasks.core.records` values. The file's text is
    part of the step's identity.
    """

    kind: Literal["python"] = "python"
    function: Annotated[str, Content("function")] = Field(
        pattern=r"^.+\.py:[A-Za-z_]\w*$", description="FILE.py:NAME, relative to where the command runs"
    )


Verifier = Annotated[
    NumberVerifier | ExactVerifier | ChoiceVerifier | RegexVerifier | MathVerifier | PythonVerifier | CodeVerifier,
    by_kind,
]
