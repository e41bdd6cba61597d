"""Who says how good a sample is. Several judges may look at every sample; each has its own name.

`role` names the model that judges: an entry of the recipe's `roles`, or `policy`, the model in training. For the
policy, `frozen` says which of its states judges: base, seed, previous (the one before the round's start), round_start
(the one that wrote the samples) or live (the newest candidate, promoted or not).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from configs.schema.base import Component, by_kind, check_pattern, default_kind
from configs.schema.generate import Sampling
from configs.schema.marks import Content
from configs.schema.problems import Source
from configs.schema.verifiers.kinds import NumberVerifier, Verifier

Frozen = Literal["base", "seed", "previous", "round_start", "live"]
JudgeName = Annotated[
    str,
    Field(pattern="^[a-z][a-z0-9_]*$", description="what other sections, tables and metrics call it; each has its own"),
]
Wants = Literal["text", "logprobs", "rating"]
"""what is asked of a model: to write text, the log-probabilities of given texts, or a reward model's rating of them"""

SCORE_PATTERN = r"(?i)\bScore[*_\x60]*:[\s*_\x60(\[<\"']*(-?[0-9]+(?:\.[0-9]+)?)"
"""`Score: 4`, `**Score:** 4`, `score: **4**`; not `Subscore: 4`"""
WINNER_PATTERN = (
    r"(?i)\bWinner[*_\x60]*:[\s*_\x60(\[<\"']*"
    r"(?:(?:the|answer|response|text|solution|candidate|assistant|option|model|judge?ment)(?![^\W_])[\s*_\x60(\[<\"':]*)*"
    r"([^\W_]+)"
)
"""`Winner: A`, `**Winner:** B`, `winner: Response B`; whoever else is named, such as `Winner: Neither`, is no choice"""


@dataclass(frozen=True, slots=True)
class Pass:
    """One model asked about every sample, for one judge.

    Attributes:
        name: empty for a judge's first pass; those of further passes are part of the names of files.
        role, state: who answers: the policy or a role that learns, in one of its states, or a role that stays as it is.
        of_chain: the state itself is meant: the policy's, where the role has no states.
        prompt: name of the prompt that questions are made from.
        sampling: how text is drawn; for passes that want text.
        about: problems whose worked solutions are asked about in place of the samples.
    """

    name: str
    role: str
    state: Frozen
    wants: Wants
    prompt: str | None = None
    sampling: Sampling | None = None
    about: Source | None = None
    of_chain: bool = False


class _Judge(Component):
    """What every judge declares. Rules of the recipe, keys and costs read these declarations, and no kind by name.

    Attributes:
        reads_gold: whether samples are compared with the problem's gold answer.
        compares: whether samples of a problem are compared two by two: a score counts the samples beaten.
    """

    reads_gold: ClassVar[bool] = False
    compares: ClassVar[bool] = False
    name: JudgeName

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The models that are asked, in order; none for judges by rule."""
        return ()

    @property
    def rule(self) -> Verifier | None:
        """What looks at each sample in a worker that can be killed."""
        return None

    @property
    def needed_judges(self) -> tuple[str, ...]:
        """Names of the judges whose verdicts this one is made from."""
        return ()

    @property
    def sees_group(self) -> bool:
        """Whether a verdict depends on the problem's other samples: they are compared, or counted."""
        return self.compares or (self.rule is not None and not self.reads_gold)

    @property
    def num_opinions(self) -> int:
        """How many texts are written about each sample by itself; 0 where none is, or where samples are compared."""
        return 0

    @property
    def draws_at_random(self) -> bool:
        """Whether what is answered depends on a seed."""
        return any(part.sampling is not None and part.sampling.temperature > 0 for part in self.passes)


class AnswerJudge(_Judge):
    """Compares a sample's answer with the gold answer, by rule."""

    reads_gold: ClassVar[bool] = True
    kind: Literal["answer"] = "answer"
    name: JudgeName = "answer"
    verifier: Verifier = Field(NumberVerifier(), description="how answers are found and compared")

    @property
    def rule(self) -> Verifier:
        """It compares each sample's answer."""
        return self.verifier


class VoteJudge(_Judge):
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


class SumJudge(_Judge):
    """The sum of other judges' scores; a sample that one of them could not score has none."""

    kind: Literal["sum"] = "sum"
    name: JudgeName = "sum"
    of: tuple[str, ...] = Field(min_length=2, description="names of judges written before this one")

    @property
    def needed_judges(self) -> tuple[str, ...]:
        """Those it adds up."""
        return self.of


class ModelJudge(_Judge):
    """A judge that asks one model; what it wants of it is text for an OpinionJudge, log-probabilities for others."""

    role: Annotated[str, Content("model")] = Field("policy", description="policy, or an entry of roles")
    frozen: Annotated[Frozen, Content("model")] = Field(
        "round_start", description="which state of the policy, or of a role that learns, is asked"
    )

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model."""
        return (Pass("", self.role, self.frozen, "logprobs"),)


class OpinionJudge(ModelJudge):
    """A judge that writes its opinion as text."""

    prompt: Annotated[str, Content("prompt")] = Field(description="prompt of configs/prompts, or path of a .j2 file")
    pattern: str = Field(description="one group: the verdict; the last match in the judge's text counts")
    temperature: float = Field(0.7, ge=0, description="of what the judge writes; 0: greedy")
    top_p: float = Field(0.9, gt=0, le=1, description="of what the judge writes; 1: off")
    max_tokens: int = Field(512, ge=1, description="of one opinion")
    read: Literal["text", "choices"] = Field(
        "text", description="choices: no text is written, each possible verdict's probability is taken instead"
    )

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model, which writes, or is asked for the probabilities of the choices."""
        if self.read == "choices":
            return (Pass("", self.role, self.frozen, "logprobs", self.prompt),)
        drawn = Sampling(temperature=self.temperature, top_p=self.top_p, max_tokens=self.max_tokens)
        return (Pass("", self.role, self.frozen, "text", self.prompt, drawn),)

    @field_validator("pattern")
    @classmethod
    def _has_one_group(cls, pattern: str) -> str:
        if re.compile(check_pattern(pattern)).groups != 1:
            raise ValueError("needs exactly one group, around the verdict: write for example 'Score: *([0-9.]+)'")
        return pattern


class RubricJudge(OpinionJudge):
    """The model scores each sample by a rubric, several times; the score is the mean of what could be parsed.

    Defaults: Self-Rewarding (arXiv 2401.10020): additive 5-point rubric, three judgements, temperature 0.7, top-p 0.9.
    With `read: choices` the score is the expectation over the whole numbers from low to high.
    """

    kind: Literal["rubric"] = "rubric"
    name: JudgeName = "rubric"
    prompt: Annotated[str, Content("prompt")] = Field(
        "additive_5", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(
        SCORE_PATTERN,
        description="one group: the score; the last match in the judge's text counts",
    )
    low: float = Field(0, description="lowest score; what lies outside of low to high is not parsed")
    high: float = Field(5, description="highest score")
    repeats: int = Field(3, ge=1, description="opinions of each sample, meaned")

    @property
    def num_opinions(self) -> int:
        """Each sample is judged `repeats` times, unless choices are read."""
        return self.repeats if self.read == "text" else 0

    @model_validator(mode="after")
    def _scale_rises(self) -> RubricJudge:
        if self.high <= self.low:
            raise ValueError(f"high: {self.high:g} must be above low {self.low:g}")
        if self.read == "choices" and (self.low % 1 or self.high % 1):
            raise ValueError("low, high: choices are whole numbers: write whole numbers, or read: text")
        if self.read == "text" and self.temperature == 0 and self.repeats > 1:
            raise ValueError(f"repeats: temperature 0 gives {self.repeats} times the same: write repeats: 1")
        return self


class PairwiseJudge(OpinionJudge):
    """The model compares samples of a problem two by two, in both orders; the score is the number of samples beaten.

    Orders that disagree, or cannot be read, count half a win each (Process-based Self-Rewarding, arXiv 2503.03746).
    """

    compares: ClassVar[bool] = True
    kind: Literal["pairwise"] = "pairwise"
    name: JudgeName = "pairwise"
    prompt: Annotated[str, Content("prompt")] = Field(
        "pairwise", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(
        WINNER_PATTERN, description="one group, which reads A or B; the last match in the judge's text counts"
    )
    temperature: float = Field(0.0, ge=0, description="of what the judge writes; 0: greedy")
    max_tokens: int = Field(256, ge=1, description="of one comparison")


class ImplicitJudge(ModelJudge):
    """The DPO reward a model implies: log-probability of the sample under it, less that under a reference (DICE,
    arXiv 2406.09760). With `reference: none` it is the likelihood itself (V-STaR's verifier, arXiv 2402.06457)."""

    kind: Literal["implicit"] = "implicit"
    name: JudgeName = "implicit"
    reference: Annotated[Literal["none", "base", "seed", "previous", "round_start"], Content("model")] = Field(
        "previous",
        description="state whose log-probability is subtracted: the role's, or the policy's; none: nothing is",
    )
    per_token: bool = Field(False, description="means over tokens instead of sums")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model, then the reference: a state of its chain, or of the policy's where it has none."""
        own = super().passes
        if self.reference == "none":
            return own
        return (*own, Pass("reference", self.role, self.reference, "logprobs", of_chain=True))


class RewardModelJudge(ModelJudge):
    """A reward model: a sequence classifier gives one score, a token classifier one score a step.

    `reduce` makes one number of the steps' scores, and `map_to` carries [0, 1] to another range, as B-STaR (arXiv
    2412.17256) maps the minimum to [-1, 1].
    """

    kind: Literal["reward_model"] = "reward_model"
    name: JudgeName = "reward_model"
    role: Annotated[str, Content("model")] = Field("reward_model", description="an entry of roles")
    reduce: Literal["min", "mean", "last", "product"] = Field(
        "min", description="how the scores of the steps become one"
    )
    map_to: tuple[float, float] | None = Field(
        None, description="range that [0, 1] is carried to, lowest first; default: the score stays as it is"
    )
    step_separator: str = Field("\n", min_length=1, description="text that ends a step, for token classifiers")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The reward model, which rates."""
        return (Pass("", self.role, self.frozen, "rating"),)


class ImportanceJudge(ModelJudge):
    """How far a sample lies from a small trusted set, by the ratio of losses under the model (IWSI, arXiv 2408.09849).

    w = min(mean loss of the trusted set / loss of the sample, 2); the score is w where w > 1, else min(1 / w, 5).
    1: no shift. Smaller is better: use it with select's `best_share` and `lowest: true`.
    """

    kind: Literal["importance"] = "importance"
    name: JudgeName = "importance"
    frozen: Annotated[Frozen, Content("model")] = Field(
        "base", description="state of the model whose losses are compared"
    )
    trusted: Source = Field(description="problems with worked solutions; none of the select or report set")

    @property
    def passes(self) -> tuple[Pass, ...]:
        """Over the samples, and over the trusted set."""
        return (*super().passes, Pass("trusted", self.role, self.frozen, "logprobs", about=self.trusted))


Judge = Annotated[
    AnswerJudge | VoteJudge | SumJudge | RubricJudge | PairwiseJudge | ImplicitJudge | RewardModelJudge
    | ImportanceJudge,
    by_kind,
    default_kind("answer"),
]  # fmt: skip


class MetaJudge(Component):
    """The model compares two of its own judgements of one sample, so that judging is trained too (Meta-Rewarding, arXiv
    2407.19594). Makes pairs of judgements, which are trained on beside the pairs of samples."""

    judge: str = Field("rubric", description="name of the rubric judge whose judgements are compared")
    prompt: Annotated[str, Content("prompt")] = Field(
        "meta", description="prompt of configs/prompts, or path of a .j2 file"
    )
    pattern: str = Field(WINNER_PATTERN, description="one group, which reads A or B; the last match in the text counts")
    temperature: float = Field(0.8, ge=0, description="0: greedy")
    top_p: float = Field(0.95, gt=0, le=1, description="as in generate; 1: off")
    max_tokens: int = Field(512, ge=1, description="of one comparison")
    ridge: float = Field(1e-3, gt=0, description="pull of Elo ratings to their mean; an unbeaten judgement needs it")
    rounds: int | None = Field(
        2, ge=1, description="judge pairs are made, and trained on, in the first rounds only; the paper's: 2"
    )
    max_share: float = Field(0.15, gt=0, lt=1, description="most judge pairs, as a share of all pairs")
