"""Judges that ask no model: a rule looks at samples, or their verdicts are made of other judges'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.chains import ReadsChains
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

    The majority's samples are called correct; a tie for the top calls none correct. Samples without an answer never
    win, and stay in the denominator unless it says otherwise.
    """

    counts_votes: ClassVar[bool] = True
    kind: Literal["vote"] = "vote"
    name: JudgeName = "vote"
    verifier: Verifier = Field(NumberVerifier(), description="how answers are found; nothing is compared with gold")
    denominator: Literal["all", "parseable"] = Field(
        "all", description="of the share: all samples of the problem; or those with an answer (SRT, arXiv 2505.21444)"
    )
    with_self: bool = Field(
        True, description="false: the share of the problem's other samples, so that a lone answer has 0"
    )
    electorate: Literal["own", "linked", "teacher"] = Field(
        "own",
        description="in a segment, whose majority is right: the samples' own; that of the problem's twin "
        "(online.starts: twins); that of as many samples of the moving copy of the policy (online.moving); with the "
        "last two a sample has 1 or 0 (arXiv 2508.00410)",
    )

    @property
    def rule(self) -> Verifier:
        """It finds each sample's answer."""
        return self.verifier


class CombineJudge(JudgeBase):
    """One score of other judges' scores; a sample that one of them could not score has none.

    B-STaR (arXiv 2412.17256) adds correctness and a reward model; IFD (arXiv 2308.12032) is the ratio of a text's
    likelihood with its question to that without.
    """

    kind: Literal["combine"] = "combine"
    name: JudgeName = "combine"
    of: tuple[str, ...] = Field(min_length=2, description="names of judges written before this one")
    how: Literal["sum", "mean", "min", "max", "product", "difference", "ratio"] = Field(
        "sum", description="difference and ratio: of the first to the second; a ratio to 0 is no score"
    )

    @model_validator(mode="after")
    def _parts_are_as_many_as_it_takes(self) -> CombineJudge:
        if len(set(self.of)) < len(self.of):
            raise ValueError(f"of: {', '.join(self.of)} names a judge twice: name each once")
        if self.how in ("difference", "ratio") and len(self.of) != 2:
            raise ValueError(f"of: how: {self.how} takes two judges, and {len(self.of)} are named")
        return self

    @property
    def needed_judges(self) -> tuple[str, ...]:
        """Its parts."""
        return self.of


class ProvenanceJudge(ReadsChains, JudgeBase):
    """Where a text comes from is its score: the name of its draw, the state or the role that wrote it, its part (SSO,
    arXiv 2410.17131; Self-Reinforcement, arXiv 2405.04086). No model is asked; what is not listed has no score."""

    kind: Literal["provenance"] = "provenance"
    name: JudgeName = "provenance"
    by: Literal["draw", "state", "role", "part"] = Field(
        "draw",
        description="draw: plain, or another name of generate.draws; state: base, seed, previous, round_start; role: "
        "policy, an entry of roles, template, solution, peer; part: attempt, step",
    )
    scores: dict[str, float] = Field(min_length=1, description="by that, the score")

    def chain_needs(self) -> Iterator[tuple[str, str]]:
        yield from (("scores", part) for part in (self.scores if self.by == "part" else ()))


class WinRateJudge(JudgeBase):
    """How often a sample beats another of its problem, by what one judge says: a chance, from 0 to 1 (SPPO, arXiv
    2405.00675). By scores: p_i = mean over j of sigmoid(scale (s_i - s_j)). Pairwise: (samples beaten + 0.5) / K."""

    gives_chances: ClassVar[bool] = True
    kind: Literal["win_rate"] = "win_rate"
    name: JudgeName = "win_rate"
    of: str = Field(description="name of a judge written before this one")
    by: Literal["scores", "pairwise"] = Field(
        "scores", description="scores: sigmoid of their differences; pairwise: of is a judge that compares samples"
    )
    scale: float = Field(1.0, gt=0, description="factor of the differences; read by: scores only")
    with_self: bool = Field(True, description="a sample is compared with itself too, with the chance 0.5")

    @property
    def needed_judges(self) -> tuple[str, ...]:
        """The one whose scores it reads."""
        return (self.of,)

    @property
    def sees_group(self) -> bool:
        """Samples of a problem are compared with each other."""
        return True

    @model_validator(mode="after")
    def _scale_is_read(self) -> WinRateJudge:
        if self.by == "pairwise" and self.scale != 1:
            raise ValueError("scale: samples beaten are counted, not scaled: leave it out, or write by: scores")
        return self

    def check_needed(self, judges: Sequence[Any]) -> None:
        """Who compares counts the samples beaten; who does not gives scores."""
        (judge,) = judges
        if judge.compares != (self.by == "pairwise"):
            counts = "counts the samples beaten" if judge.compares else "compares no samples, it scores them"
            wanted = "pairwise" if judge.compares else "scores"
            raise ValueError(f"by: the {judge.kind} judge '{judge.name}' {counts}: write by: {wanted}")
        if judge.gives_chances:
            raise ValueError(f"of: '{judge.name}' gives win rates already: name the judge that it is made from")
