"""Judges that ask no model: a rule looks at samples, or their verdicts are made of other judges'."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from configs.schema.judges.base import JudgeBase, JudgeName
from configs.schema.verifiers.kinds import NumberVerifier, Verifier


class AnswerJudge(JudgeBase):
    """Compares a sample's answer with the gold answer, by rule."""

    reads_gold: ClassVar[bool] = True
    kind: Literal["answer"] = "answer"
    name: JudgeName = "answer"
    verifier: Verifier = Field(NumberVerifier(), description="how answers are found and compared")

    @property
    def rule(self) -> Verifier:
        """It compares each sample's answer."""
        return self.verifier


class VoteJudge(JudgeBase):
    """Self-consistency (LMSI, arXiv 2210.11610): the score is the share of the problem's samples with the same answer.

    The majority's samples are called correct; a tie for the top calls none correct. Samples without an answer stay in
    the denominator and never win.
    """

    kind: Literal["vote"] = "vote"
    name: JudgeName = "vote"
    verifier: Verifier = Field(NumberVerifier(), description="how answers are found; nothing is compared with gold")

    @property
    def rule(self) -> Verifier:
        """It finds each sample's answer."""
        return self.verifier


class SumJudge(JudgeBase):
    """The sum of other judges' scores; a sample that one of them could not score has none."""

    kind: Literal["sum"] = "sum"
    name: JudgeName = "sum"
    of: tuple[str, ...] = Field(min_length=2, description="names of judges written before this one")

    @property
    def needed_judges(self) -> tuple[str, ...]:
        """Those it adds up."""
        return self.of
