"""How a sample's answer is found in its text, and compared with the gold answer by rule."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from configs.schema.base import by_kind
from configs.schema.marks import Content
from configs.schema.verifiers.base import ReadsNumbers, VerifierBase
from configs.schema.verifiers.call import CallVerifier
from configs.schema.verifiers.code import CodeVerifier
from configs.schema.verifiers.gym import ReasoningGymVerifier


class NumberVerifier(ReadsNumbers):
    r"""The sample's answer equals the gold number, in exact arithmetic.

    The answer is the last \boxed{...}, what follows `####` or `answer is`, or the last number. Fractions, units,
    percentages, money, times and dates are read, in the separators and digits of all common locales. A spelling that
    cannot be read whole is unparseable, and a gold answer that cannot is refused before any model is loaded. A unit
    counts where both sides have one; 50% is 50 and 0.5.
    """

    finds_answers: ClassVar[bool] = True
    kind: Literal["number"] = "number"
    tolerance: float = Field(0.0, ge=0, description="largest absolute difference that still counts as equal")


class ExactVerifier(VerifierBase):
    r"""The stripped text equals the gold text, letter by letter. `$...$`, \boxed{...}, \text{...} and `**` around
    all of it do not count."""

    finds_answers: ClassVar[bool] = True
    kind: Literal["exact"] = "exact"
    ignore_case: bool = Field(False, description="upper and lower case are the same")


class ChoiceVerifier(VerifierBase):
    """The chosen letter equals the gold letter, in the words that people and models use. Two choices are none."""

    finds_answers: ClassVar[bool] = True
    kind: Literal["choice"] = "choice"
    choices: str = Field("ABCD", min_length=2, description="the letters of all options of the set: ABCDEFGHIJ for ten")

    @field_validator("choices")
    @classmethod
    def _are_apart(cls, choices: str) -> str:
        if not choices.isalnum() or len(set(choices.upper())) != len(choices) or len(choices.upper()) != len(choices):
            raise ValueError("needs letters or digits, each once, in either case: write for example ABCD")
        return choices


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


class MathVerifier(ReadsNumbers):
    """Mathematical equality: numbers exactly, words by letters, tuples, sets and intervals term by term, all else by
    the package math-verify. What that calls equal is computed a second way; where they disagree there is no verdict."""

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
    NumberVerifier
    | ExactVerifier
    | ChoiceVerifier
    | RegexVerifier
    | MathVerifier
    | PythonVerifier
    | CodeVerifier
    | ReasoningGymVerifier
    | CallVerifier,
    by_kind,
]
