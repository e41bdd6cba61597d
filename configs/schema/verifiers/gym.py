"""The verifier that asks the package reasoning-gym."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from configs.schema.verifiers.base import VerifierBase


class ReasoningGymVerifier(VerifierBase):
    r"""The package reasoning-gym scores the answer, as it does for the task that the problem is of: for problems of the
    source `reasoning_gym`. Its score is the verdict's.

    The answer is the last `<answer>...</answer>`, the last \boxed{...}, what follows `####`, `answer is` or `Answer:`,
    or the whole text; of a fenced block what is in it. The package evaluates answers of some tasks as Python; those
    that are more than a formula or a list are not shown to it, and have no verdict.
    """

    finds_answers: ClassVar[bool] = True
    kind: Literal["reasoning_gym"] = "reasoning_gym"
    threshold: float = Field(1.0, gt=0, le=1, description="the least score of a correct answer")
    limit_seconds: float = Field(10.0, gt=0, description="wall clock for one sample; past it there is no verdict")
