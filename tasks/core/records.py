"""The vocabulary: what travels between stages. Read this first.

    Problem     what the model is asked                      problems  -> generate, judge, evaluate
    Sample      one text that somebody wrote for a problem   generate  -> judge, select
    Verdict     one judge's opinion of one sample            judge     -> select
    Judgement   one text that a judging model wrote          judge     -> monitor, meta judge
    Example     one row of SFT or KTO training               select    -> train
    Pair        one row of preference training               select    -> train
    Drop        why one sample did not become an example     select    -> report
    ItemResult  one problem's outcome in an evaluation       evaluate  -> decide, report

All are frozen, flat and typed, so that each is one row of a Parquet file (`tasks/core/tables.py`). Handles to
models and steps are in `tasks/core/refs.py`, paths through a problem's samples in `tasks/core/paths.py`. Nothing here
imports more than the standard library.

VERSION is raised when a record's fields change. It enters the keys of the steps that write such records, so that they
are made anew. Files of versions before stay readable: a field that is new since then needs a default, which stands in,
and one that changed its form an entry in OLDER.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar


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


class Label(StrEnum):
    """What a judge concluded on a sample. Exactly one holds for every sample."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNPARSEABLE = "unparseable"
    """no answer could be found in the text: no score"""
    TRUNCATED = "truncated"
    """the text ended at max_tokens: never correct, whatever it says"""
    VERIFIER_ERROR = "verifier_error"
    """the verifier hung, crashed or declined: no score"""
    UNSCORED = "unscored"
    """the judge scores without calling right or wrong"""
    MISSING = "missing"
    """what was asked has no answer: the model that should write the text, or the judge's, gave none. No score"""


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


class DropReason(StrEnum):
    """Why a sample was not kept. One reason a sample: the first component that refused it."""

    WRONG = "wrong"
    UNPARSEABLE = "unparseable"
    TRUNCATED = "truncated"
    VERIFIER_ERROR = "verifier_error"
    MISSING = "missing"
    """the judge was asked, and has no answer"""
    UNSCORED = "unscored"
    """the threshold or correct component found no score or no label to go by"""
    BELOW_THRESHOLD = "below_threshold"
    OVER_CAP = "over_cap"
    """enough samples of the same problem were kept already"""
    DUPLICATE = "duplicate"
    """an earlier sample of the same problem has the same text"""
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    ONE_SIDED = "one_sided"
    """all samples of the problem are right, or all wrong"""
    WRONG_EQUATION = "wrong_equation"
    """an equation in the text does not hold"""
    SAME_EQUATIONS = "same_equations"
    """another sample of the problem with the same equations was kept"""
    OUTSIDE_SHARE = "outside_share"
    """others of the round score better, and only a share is kept"""
    HINT_SHOWS = "hint_shows"
    """a guided sample gives the hint away"""
    NO_ROW = "no_row"
    """its chain lacks a part that a row is made of, or carries no loss"""
    NOT_PAIRED = "not_paired"
    """it passed every filter, and no pair was made with it"""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat; role is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What the model is asked.

    Attributes:
        id: unique within the recipe's three sets.
        messages: the chat before the model's turn.
        gold: the trusted answer, where known.
        solution: a worked solution, where known; the warm start, guides and pairs with gold read it.
        tags: `key=value` strings such as `digits=2`.
    """

    VERSION: ClassVar[int] = 1
    id: str
    messages: tuple[Message, ...]
    gold: str | None = None
    solution: str | None = None
    tags: tuple[str, ...] = ()


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
    """

    VERSION: ClassVar[int] = 2
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
    def origin(self) -> str:
        """How it was drawn, in one word for counting: iid, the variant's name, or the part if it is no attempt."""
        return self.draw or ("iid" if self.part == Part.ATTEMPT else self.part)

    @property
    def is_truncated(self) -> bool:
        return self.finish_reason == FinishReason.LENGTH

    @property
    def is_whole(self) -> bool:
        """Whether there is a text, from its beginning to its end: what judges look at."""
        return self.finish_reason not in (FinishReason.LENGTH, FinishReason.MISSING)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge's opinion of one sample.

    Attributes:
        score: the judge's number; None where nothing could be parsed or verified. A missing score is never a zero.
        label: a `Label`.
        answer: what was extracted from the text.
        note: why there is no score, in words.
        spread: variance of the judgements that the score is the mean of; None for a single one.
    """

    VERSION: ClassVar[int] = 1
    sample_id: str
    problem_id: str
    judge: str
    label: str
    score: float | None = None
    answer: str | None = None
    note: str | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judging model said once: the raw material of verdicts.

    Attributes:
        sample_id: the sample judged; in a comparison the one shown first.
        other_id: in a comparison, the sample shown second.
        index: number of the judgement among those of the same sample, or of the same comparison.
        messages: what the judging model was asked.
        text: what it wrote; empty where probabilities of choices were taken.
        score: what was read from it; in a comparison 1: the first wins, 0: the second. None: not readable.
        note: why it is not readable, in words.
        missing: why there is none (a `MissingReason`); None where the model answered.
    """

    VERSION: ClassVar[int] = 2
    judge: str
    problem_id: str
    sample_id: str
    index: int
    messages: tuple[Message, ...]
    text: str
    score: float | None
    other_id: str | None = None
    note: str | None = None
    missing: str | None = None


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
    """

    VERSION: ClassVar[int] = 2
    sample_id: str
    problem_id: str
    messages: tuple[Message, ...]
    completion: tuple[Span, ...]
    weight: float = 1.0
    ends: bool = True
    is_desirable: bool | None = None


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
    """

    VERSION: ClassVar[int] = 2
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


@dataclass(frozen=True, slots=True)
class Drop:
    """A sample that was not kept, and why (a `DropReason`)."""

    VERSION: ClassVar[int] = 1
    sample_id: str
    problem_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One problem's outcome in an evaluation.

    Attributes:
        suite: select | report.
        label: the greedy sample's `Label`.
        num_draws, num_correct: draws for pass@k and how many were correct; 0, 0 where pass@k is off.
        tags: the problem's.
        best_of, majority: expected correctness of best-of-k and maj@k, one for each k of `evaluate.best_of`.
        num_tokens: length of the greedy sample.
    """

    VERSION: ClassVar[int] = 1
    suite: str
    problem_id: str
    label: str
    text: str
    answer: str | None
    gold: str | None
    num_tokens: int
    num_draws: int = 0
    num_correct: int = 0
    tags: tuple[str, ...] = ()
    best_of: tuple[float, ...] = ()
    majority: tuple[float, ...] = ()

    @property
    def is_correct(self) -> bool:
        return self.label == Label.CORRECT


Change = Callable[[dict[str, Any]], dict[str, Any]]
"""From a row of one version to a row of the next; what it does not name stays, or takes the default."""


def _as_node(row: dict[str, Any]) -> dict[str, Any]:
    """A sample of version 1 said by one word, `source`, what it was: iid, hot, step, hinted or guided. The parent of a
    guided one was a failed try that it may never have seen."""
    source = row["source"]
    is_guided = source in ("hinted", "guided")
    return row | {
        "part": Part.STEP if source == "step" else Part.ATTEMPT,
        "draw": source if source not in ("iid", "step") else "",
        "privileged": is_guided,
        "parent_id": None if is_guided else row["parent_id"],
    }


def _with_spans(row: dict[str, Any]) -> dict[str, Any]:
    """A completion in spans, from a text and the beginning of it that was given."""
    prefix, text = row["prefix"], row["completion"]
    return {**row, "completion": (*written(prefix), *written(text[len(prefix) :])) if prefix else written(text)}


def _with_sides(row: dict[str, Any]) -> dict[str, Any]:
    """Both sides in spans; no loss fell on what was given."""
    prefix = row["prefix"]
    given = (Span(prefix, 0.0),) if prefix else ()
    return {**row, **{side: (*given, Span(row[side][len(prefix) :])) for side in ("chosen", "rejected")}}


OLDER: dict[tuple[type, int], Change] = {
    (Sample, 1): _as_node,
    (Example, 1): _with_spans,
    (Pair, 1): _with_sides,
}
"""by record and version: what changed with the version after, beyond fields with defaults"""
