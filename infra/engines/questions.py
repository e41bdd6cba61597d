"""What is asked of a model, and what it answers. Standard library only.

    Request     a chat to continue      -> Completion, one a draw
    Scoring     a given text            -> Score, its log-probability
    Reading     given tokens            -> Read, their log-probability, and whether they are the likeliest
    Rating      a given text            -> Rated, a reward model's opinion of it
    Embedding   a given text            -> Embedded, a vector

What has no answer is answered too: by a `Missing` that says why, in the place of the row that it stands for. How all of
it travels: `wire.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Messages = tuple[tuple[str, str], ...]
"""A chat: (role, content) pairs."""

Pooling = Literal["cls", "mean", "last"]


@dataclass(frozen=True, slots=True)
class Request:
    """A chat that the model continues `num_samples` times.

    Attributes:
        prefix: text that the model's turn begins with; a completion is what follows it.
        seed: of the request. With the number of a draw it is all that the draw's randomness depends on: not the shard,
            the batch, the order of completion, or the other draws.
        first: number of the first draw; a request for the draws from 8 on goes on with one for the first 8.
        max_tokens: fewer than the sampling's, where the text is the rest of one; None: the sampling's.
        tokens: what the model continues, in place of chat and prefix: the plain text of a benchmark.
    """

    id: str
    messages: Messages
    num_samples: int = 1
    prefix: str = ""
    seed: int = 0
    first: int = 0
    max_tokens: int | None = None
    tokens: tuple[int, ...] | None = None

    @property
    def draws(self) -> range:
        """Numbers of the draws asked for."""
        return range(self.first, self.first + self.num_samples)


def draw_seed(seed: int, draw: int) -> int:
    """Seed of one draw of a request, below 2**63."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{draw}".encode(), digest_size=8).digest()) >> 1


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a completion is made of, for training on it as it was drawn: no text is ever read anew as tokens.

    Attributes:
        prompt: the chat, and the beginning of the model's turn.
        written: what was drawn, the end token and those of a stop text included.
        logprobs: of each of them at temperature 1. Where another token than the turn's end ended the text, it is that
            token's, as training reads it; `Completion.logprob` has the end's in its place.
        ends: characters of the text that are there with each of them; empty where the engine does not tell, and then no
            piece of the text can be told from the rest.
    """

    prompt: tuple[int, ...]
    written: tuple[int, ...]
    logprobs: tuple[float, ...]
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Completion:
    """One continuation.

    Attributes:
        index: number of the draw, from the request's `first` on.
        text: without end token, special tokens and stop text.
        finish_reason: stop (the model or a stop text ended it) | length (max_tokens or the context ended it).
        num_tokens: tokens generated, the end token and those of the stop text included; 0 where a server does not say.
        logprob: sum of the log-probabilities of these tokens at temperature 1 without truncation of the
            distribution, natural logarithm; None where the engine does not tell.
        stop_text: the stop text that ended it; None where the model did, or nothing did or the engine does not tell.
        tokens: of a learner (`infra/engines/learn`) and of what draws beside it.
        repeats: it was ended for saying the same over and over; its finish_reason is length.
    """

    request_id: str
    index: int
    text: str
    finish_reason: Literal["stop", "length"]
    num_tokens: int
    logprob: float | None
    stop_text: str | None = None
    tokens: Tokens | None = None
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Scoring:
    """A chat and a continuation whose log-probability is asked.

    Attributes:
        prefix: text that the model's turn begins with; given, like the chat.
        with_end: whether the model's end token after the completion is scored too.
    """

    id: str
    messages: Messages
    completion: str
    prefix: str = ""
    with_end: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """Log-probability of a continuation: its tokens, and the end token if asked for, natural logarithm, summed."""

    id: str
    logprob: float
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens that a model reads, as a benchmark asks: how likely is this completion after this prompt?

    Attributes:
        prompt, completion: at least one token each; together as many as the engine reads (`reads_beyond`).
    """

    id: str
    prompt: tuple[int, ...]
    completion: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What a model found of tokens.

    Attributes:
        logprob: of the completion given the prompt, natural logarithm, summed over its tokens.
        is_greedy: each token of the completion is the likeliest in its place.
    """

    id: str
    logprob: float
    is_greedy: bool
    num_tokens: int


@dataclass(frozen=True, slots=True)
class Rating:
    """A chat and an answer that a reward model rates.

    Attributes:
        step_separator: text between two steps of the answer; read by models that rate step by step.
    """

    id: str
    messages: Messages
    completion: str
    step_separator: str = "\n\n"


@dataclass(frozen=True, slots=True)
class Rated:
    """A reward model's opinion: one raw score of the answer, or one probability of being right for each step
    (none for a blank answer)."""

    id: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Embedding:
    """A text whose vector is asked.

    Attributes:
        pooling: which tokens' hidden states become the vector: the first one's, the mean of all, the last one's.
        max_tokens: tokens read, the tokenizer's own at the ends included; what a text has more is cut off.
    """

    id: str
    text: str
    pooling: Pooling = "mean"
    max_tokens: int = 512


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vector of a text, as the model gives it: of any length."""

    id: str
    vector: tuple[float, ...]


class MissingReason(StrEnum):
    """Why something that was asked has no answer."""

    TOO_LONG = "too_long"
    """it does not fit into the model's context, or is larger than the server takes"""
    UNREADABLE = "unreadable"
    """the chat template or the tokenizer cannot read it"""
    FATAL = "fatal"
    """it ends the engine's process"""
    FILTERED = "filtered"
    """a filter of the server, or its model, withheld the answer"""
    NO_TEXT = "no_text"
    """the server answered, without a text"""
    REFUSED = "refused"
    """the server refuses this request, and takes others"""
    FAILED = "failed"
    """the server fails at this request time after time, and answers others"""
    SANDBOX = "sandbox"
    """the text holds a program that the sandbox failed at"""


@dataclass(frozen=True, slots=True)
class Missing:
    """What stands in the place of an answer that there is not.

    Attributes:
        id: of the question.
        reason: a `MissingReason`.
        detail: the same in words, with what the server or the process said.
        index: number of the draw; 0 for what is not drawn.
    """

    id: str
    reason: str
    detail: str
    index: int = 0

    @property
    def words(self) -> str:
        """Reason and detail: `too_long: the prompt has 900 tokens, ...`."""
        return f"{self.reason}: {self.detail}"


def missing_draws(question: Question, reason: str, detail: str) -> list[Missing]:
    """One for each answer that the question asked for."""
    draws = question.draws if isinstance(question, Request) else range(1)
    return [Missing(question.id, reason, detail, draw) for draw in draws]


Question = Request | Scoring | Reading | Rating | Embedding
Row = Completion | Score | Read | Rated | Embedded | Missing
