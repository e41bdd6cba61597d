"""Who says how good a sample is. Several judges may look at every sample; each has its own name.

`role` names the model that judges: an entry of the recipe's `roles`, or `policy`, the model in training. For the
policy, `frozen` says which of its states judges: base, seed, previous (the one before the round's start), round_start
(the one that wrote the samples) or live (the newest candidate, promoted or not; in a segment of online training the
weights of the wave).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from configs.schema.base import Component
from configs.schema.drawing import Sampling
from configs.schema.marks import Content, Later
from configs.schema.problems import Source
from configs.schema.verifiers.kinds import Verifier

Frozen = Literal["base", "seed", "previous", "round_start", "live"]
JudgeName = Annotated[
    str,
    Field(pattern="^[a-z][a-z0-9_]*$", description="what other sections, tables and metrics call it; each has its own"),
]
Wants = Literal["text", "logprobs", "rating", "embedding"]
"""what is asked of a model: to write text, the log-probabilities of given texts, a reward model's rating of them, or
their vectors"""


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


class JudgeBase(Component):
    """What every judge declares. Rules of the recipe, keys and costs read these declarations, and no kind by name.

    Attributes:
        reads_gold: whether samples are compared with the problem's gold answer.
        compares: whether samples of a problem are compared two by two: a score counts the samples beaten.
        gives_chances: whether a score is the sample's chance to beat another one of its problem.
        counts_votes: whether samples are good because others of the policy say the same.
    """

    reads_gold: ClassVar[bool] = False
    compares: ClassVar[bool] = False
    gives_chances: ClassVar[bool] = False
    counts_votes: ClassVar[bool] = False
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

    def check_needed(self, judges: Sequence[Any]) -> None:
        """Nothing, where the judges that it needs are such as it can be made from; ValueError says what to write.

        Args:
            judges: in the order of `needed_judges`.
        """

    @property
    def gives_labels(self) -> bool:
        """Whether it calls samples correct or wrong, and does not only score them."""
        return self.rule is not None

    @property
    def finds_answers(self) -> bool:
        """Whether its verdicts tell the answer that a sample gives."""
        return self.rule is not None and self.rule.finds_answers

    @property
    def sees_group(self) -> bool:
        """Whether a verdict depends on the problem's other samples: they are compared, or counted."""
        return self.compares or (self.rule is not None and not self.reads_gold)

    @property
    def takes_fewer_draws(self) -> bool:
        """Whether a problem may come to it with fewer than all its draws (`configs/schema/draws/fewer.py`)."""
        return not self.sees_group

    @property
    def num_opinions(self) -> int:
        """How many texts are written about each sample by itself; 0 where none is, or where samples are compared."""
        return 0

    @property
    def draws_at_random(self) -> bool:
        """Whether what is answered depends on a seed."""
        return any(part.sampling is not None and part.sampling.temperature > 0 for part in self.passes)


class ModelJudge(JudgeBase):
    """A judge that asks one model; what it wants of it is text for an OpinionJudge, log-probabilities for others."""

    role: Annotated[str, Content("model")] = Field("policy", description="policy, or an entry of roles")
    frozen: Annotated[Frozen, Content("model")] = Field(
        "round_start", description="which state of the policy, or of a role that learns, is asked"
    )
    every: Annotated[int | None, Later] = Field(
        None, ge=1, description="frozen: live in a segment: the weights of the latest wave whose number in the run of "
        "segments it divides; default: those of the wave"
    )  # fmt: skip

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The judge's own model."""
        return (Pass("", self.role, self.frozen, "logprobs"),)

    @model_validator(mode="after")
    def _stands_still_for_some_waves(self) -> ModelJudge:
        if self.every is not None and (self.role, self.frozen) != ("policy", "live"):
            raise ValueError(f"every: {self.role} in the state {self.frozen} stands still while a segment runs: write "
                             "role: policy and frozen: live, or leave every out")  # fmt: skip
        return self


def is_self_made(judge: JudgeBase, known: Mapping[str, JudgeBase], learning: Collection[str]) -> bool:
    """Whether a judge, or one that it is made from, says what the policy itself thinks: its votes, or its opinion.

    Args:
        known: judges by name.
        learning: roles that are the policy, or go on as it does.
    """
    return any(
        one.counts_votes or any(part.role in learning for part in one.passes) for one in with_needed(judge, known)
    )


def with_needed(judge: JudgeBase, known: Mapping[str, JudgeBase]) -> Iterator[JudgeBase]:
    """A judge, and all that it is made from.

    Args:
        known: judges by name; those of a sound recipe, where nobody needs himself.
    """
    yield judge
    for name in judge.needed_judges:
        yield from with_needed(known[name], known)
