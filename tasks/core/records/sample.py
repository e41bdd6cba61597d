"""One text that somebody wrote for a problem, how it ended, what it is and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from tasks.core.records.problem import Message


class FinishReason(StrEnum):
    """How a sample ended."""

    STOP = "stop"
    """the model ended it, or a stop text did"""
    LENGTH = "length"
    """max_tokens was reached: the sample is truncated, and never correct"""
    STEP = "step"
    """the end of a step was reached: the text can go on"""
    MISSING = "missing"
    """there is no text: the request has no answer. In evaluations alone, where every problem counts"""


class Part(StrEnum):
    """What a text is in its episode."""

    ATTEMPT = "attempt"
    """an answer to the problem: what judges, filters and monitors look at"""
    CRITIQUE = "critique"
    """words about an attempt"""
    VERDICT = "verdict"
    """right or wrong, said of an attempt"""
    HINT = "hint"
    """help towards the next attempt"""
    EXECUTION = "execution"
    """what came out when an attempt was run"""
    ACTION = "action"
    """a move in an environment"""
    OBSERVATION = "observation"
    """what the environment answered"""
    STEP = "step"
    """a piece of an answer that is chosen among others before the next is written"""


class Author(StrEnum):
    """Who wrote a text, where it is no role of the recipe: `Sample.by` is one of these or a role's name."""

    POLICY = "policy"
    TEMPLATE = "template"
    SOLUTION = "solution"
    """the problem's worked solution"""
    PEER = "peer"
    """another sample of the same problem"""
    ENVIRONMENT = "environment"


SAID_RIGHT, SAID_WRONG = "right", "wrong"
"""what `Sample.said` may be"""


@dataclass(frozen=True, slots=True)
class Inserted:
    """A piece of a text that its writer did not write: an interpreter's output. `start` and `end` are places in it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One text that somebody wrote in an episode of a problem: a node with its parent.

    Independent draws are trees of depth one; a chain of corrections or a conversation is a path. Nodes of a problem lie
    together, depth first, siblings in order of `index`.

    Attributes:
        id: `PROBLEM_ID/index` for draws, `PROBLEM_ID/gINDEX` for guided ones; unique, and opaque to readers.
        index: number of the draw, from 0: the request's place, never the order of completion.
        num_tokens: tokens generated, the end token included.
        logprob: sum of log-probabilities of those tokens under the model at temperature 1, natural log.
        model: digest of the model that wrote it.
        parent_id: the node that this one was asked after; None for the first of an episode.
        part: what the text is, a `Part`.
        by: who wrote it, an `Author` or a role's name.
        state: of the writer's chain of models: base, seed, previous, round_start or live.
        draw: name of the variant it was drawn under, such as hot; empty for the sampler's own setting.
        prefix: the beginning of `text` that was given to the model rather than written by it.
        messages: what the writer was asked; empty: the problem's chat and the path above.
        stored: the chat that training shows in place of `messages`; empty: the same chat.
        privileged: its writer, or that of a node above, saw the answer, the solution or a sibling.
        said: what a verdict was read as, right or wrong; None where it could not be read, and for other parts.
        inserted: outputs of an interpreter in `text`, in order: the writer read them, and they are never learnt.
    """

    VERSION: ClassVar[int] = 3
    id: str
    problem_id: str
    index: int
    text: str
    finish_reason: str
    num_tokens: int
    logprob: float | None
    model: str
    parent_id: str | None = None
    part: str = Part.ATTEMPT
    by: str = Author.POLICY
    state: str = "round_start"
    draw: str = ""
    prefix: str = ""
    messages: tuple[Message, ...] = ()
    stored: tuple[Message, ...] = ()
    privileged: bool = False
    said: str | None = None
    inserted: tuple[Inserted, ...] = ()

    @property
    def is_answer(self) -> bool:
        """Whether judges and filters look at it: an attempt, or a step that is chosen among others."""
        return self.part in (Part.ATTEMPT, Part.STEP)

    @property
    def is_independent(self) -> bool:
        """Whether it is one of the problem's exchangeable draws, those that pass rates and entropies are made of."""
        is_first = self.parent_id is None and self.part == Part.ATTEMPT and self.by == Author.POLICY
        return is_first and not self.draw and not self.privileged

    @property
    def draw_name(self) -> str:
        """The name of its draw in recipes: plain at the sampler's own setting."""
        return self.draw or "plain"

    @property
    def origin(self) -> str:
        """How it was drawn, in one word for counting: the variant's name, iid, revised, or the part if it is no
        attempt."""
        first = "iid" if self.parent_id is None else "revised"
        return self.draw or (first if self.part == Part.ATTEMPT else self.part)

    @property
    def is_truncated(self) -> bool:
        return self.finish_reason == FinishReason.LENGTH

    @property
    def is_whole(self) -> bool:
        """Whether there is a text, from its beginning to its end: what judges look at."""
        return self.finish_reason not in (FinishReason.LENGTH, FinishReason.MISSING)
