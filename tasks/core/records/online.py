"""What a segment of online training keeps beside samples and verdicts: rewards, credit, and rows of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Reward:
    """One term's value of one text: what its reward is made of.

    Attributes:
        term: name in the recipe.
        value: None where something is missing; never a zero for that.
        weight: factor in the sum at the time.
    """

    VERSION: ClassVar[int] = 1
    sample_id: str
    term: str
    value: float | None
    weight: float


@dataclass(frozen=True, slots=True)
class Credit:
    """What tokens of a row count: a run of equal values of one stream.

    Attributes:
        sample_id: the text that the row trains, which is the row's name.
        stream: advantage, kl_weight, nll_weight or an nft stream.
        start, end: first token and the one behind the last, counted in what was written.
    """

    VERSION: ClassVar[int] = 1
    sample_id: str
    stream: str
    start: int
    end: int
    value: float


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A text as it was drawn, token by token; no text is ever read anew to find them.

    Attributes:
        wave: number in the segment, from 0.
        policy_step: optimizer steps of the segment before it was drawn.
        prompt, written: token ids of what was asked, and of what was drawn, the end token included.
        logprobs: of each written token under the weights of the moment, temperature 1, natural log; none of a text that
            somebody else wrote.
        is_trained: whether some token counts; where not, a drop says why.
        context: token ids that it is trained under, where that is not `prompt`.
        teacher: token ids that the teacher sees before it; none where it has none.
    """

    VERSION: ClassVar[int] = 2
    sample_id: str
    problem_id: str
    wave: int
    policy_step: int
    prompt: tuple[int, ...]
    written: tuple[int, ...]
    logprobs: tuple[float, ...]
    is_trained: bool
    context: tuple[int, ...] = ()
    teacher: tuple[int, ...] = ()
