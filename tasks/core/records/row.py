"""What training is made of: rows of single texts and of pairs, and completions in spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.core.records.problem import Message


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a completion, tokenised apart from the others.

    Attributes:
        text: empty only in the last piece, which then is the end token alone.
        weight: factor of the loss of its tokens, 0 for what was given to the model or shall not be learnt. The end
            token has the weight of the last piece.
    """

    text: str
    weight: float = 1.0


def written(text: str) -> tuple[Span, ...]:
    """A completion in one piece that the model wrote as it stands."""
    return (Span(text),)


def spell(completion: tuple[Span, ...]) -> str:
    """The text of a completion."""
    return "".join(span.text for span in completion)


@dataclass(frozen=True, slots=True)
class Example:
    """One row of SFT or KTO training: the loss falls on the completion only.

    Attributes:
        sample_id: the answer that it was made of, or the last one of its chain; `gold/PROBLEM_ID` for worked solutions.
        weight: factor of this row's token losses, above 0.
        ends: whether the completion ends the model's turn; a step may not.
        is_desirable: for KTO; None elsewhere.
        advantages: of a trajectory, one for each piece of weight above 0; empty elsewhere.
    """

    VERSION: ClassVar[int] = 3
    sample_id: str
    problem_id: str
    messages: tuple[Message, ...]
    completion: tuple[Span, ...]
    weight: float = 1.0
    ends: bool = True
    is_desirable: bool | None = None
    advantages: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of preference training.

    Attributes:
        chosen_id, rejected_id: where the texts come from; `gold/PROBLEM_ID` for worked solutions.
        weight: factor of this pair's loss, above 0.
        margin: score of the chosen less that of the rejected, where both have one.
        soft_label: chance that the chosen is the better one, in (0.5, 1].
        role: policy, or judge for pairs of judgements.
        chosen, rejected: what both begin with and was given has weight 0.
        chosen_ends, rejected_ends: whether the text ends the model's turn; a step may not.
        p_chosen, p_rejected: chance of each side to beat a sample of the problem, in [0, 1]; for sppo.
        p_over: chance of the chosen side to beat the rejected, where scores say it.
    """

    VERSION: ClassVar[int] = 3
    problem_id: str
    messages: tuple[Message, ...]
    chosen: tuple[Span, ...]
    rejected: tuple[Span, ...]
    chosen_id: str
    rejected_id: str
    weight: float = 1.0
    margin: float | None = None
    soft_label: float | None = None
    role: str = "policy"
    chosen_ends: bool = True
    rejected_ends: bool = True
    p_chosen: float | None = None
    p_rejected: float | None = None
    p_over: float | None = None

    @property
    def sample_ids(self) -> tuple[str, str]:
        """The samples that its texts are, or are about; of worked solutions `gold/PROBLEM_ID`."""
        chosen, rejected = (
            name.rpartition("#")[0] if self.role == "judge" else name for name in (self.chosen_id, self.rejected_id)
        )
        return chosen, rejected
