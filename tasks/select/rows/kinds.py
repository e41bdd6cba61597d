"""Kinds of rows: what a kept answer and its chain are written as. To add one: a config class in configs/schema/rows.py,
a function here, an entry in ROWS.

A row is a chat and ONE completion made of pieces with weights. What was seen and what is trained on are two chats: a
text whose writer saw the answer, the solution or a sibling is trained under `Sample.stored`, and refused without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import UserError
from configs.schema.rows import (
    AnswerRow,
    ConversationRow,
    ImprovementRow,
    RowKind,
    SpliceRow,
    TrajectoryRow,
    TurnRow,
)
from tasks.core.joined import Candidate
from tasks.core.records import Author, Label, Message, Part, Span, is_true
from tasks.select.filters.chains import is_better
from tasks.select.filters.filter import Draw
from tasks.select.rows.masking import mask_attempts
from tasks.select.rows.spans import ends_turn, join_spans, spans_of, tidy, weights_of

_BY_RULE = frozenset({Author.TEMPLATE, Author.SOLUTION, Author.PEER, Author.ENVIRONMENT})


@dataclass(frozen=True, slots=True)
class Written:
    """One row before its weight: a chat and its completion.

    Attributes:
        before: the answer that the completion revises, where the chat shows one.
        told: of a trajectory, what is known of each piece of weight above 0.
    """

    messages: tuple[Message, ...]
    completion: tuple[Span, ...]
    ends: bool = True
    before: Candidate | None = None
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What a judge knows of one text of a chain.

    Attributes:
        is_verdict: whether it is a verdict, and else an attempt.
        is_good: it is true, or right.
        is_on_right: a verdict on a right attempt.
    """

    is_verdict: bool
    is_good: bool
    is_on_right: bool = False


def rows_of(candidate: Candidate, config: RowKind, draw: Draw, answers: Sequence[Candidate] = ()) -> list[Written]:
    """What one kind of row makes of a kept answer; nothing where its chain lacks a part, or carries no loss.

    Args:
        answers: all answers of the problem, kept or not.

    Raises:
        UserError: a text of the chain was asked with privileged text, and nothing is stored to train it under.
    """
    rows = ROWS[config.kind].write(candidate, config, draw, answers)
    return [row for row in rows if any(span.weight for span in row.completion)]


def row_versions(kinds: Sequence[RowKind]) -> dict[str, int | str]:
    """Versions of the code that these kinds of rows use, for step keys."""
    return {f"rows.{config.kind}": ROWS[config.kind].version for config in kinds}


def shown_before(chain: Sequence[Candidate], place: int) -> tuple[Message, ...]:
    """The chat that the text at a place of its chain is trained under.

    Raises:
        UserError: it was asked with privileged text, and nothing is stored to train it under.
    """
    sample = chain[place].sample
    if sample.stored or not sample.messages:
        return sample.stored or (*chain[place].problem.messages, *(_turn(one) for one in chain[:place]))
    if sample.privileged:
        raise UserError(
            f"rows: sample {sample.id} was asked with text that training must not show, and has no stored prompt",
            "write stored_prompt in the step that asks for it, or rows: [{kind: answer}]",
        )
    return sample.messages


def _turn(one: Candidate) -> Message:
    return Message("assistant" if one.sample.by == Author.POLICY else "user", one.sample.text)


def _answer(candidate: Candidate, config: AnswerRow, draw: Draw, answers: Sequence[Candidate]) -> list[Written]:
    spans = spans_of(candidate.sample, given=config.given)
    return [Written(candidate.chat, tidy(spans), ends_turn(candidate.sample))]


def _turns(candidate: Candidate, config: TurnRow, draw: Draw, answers: Sequence[Candidate]) -> list[Written]:
    chain = candidate.whole_chain
    places: list[int] = []
    for part in reversed(config.of):
        below = places[0] if places else len(chain)
        found = [place for place in range(below) if chain[place].sample.part == part]
        if not found:
            return []
        places.insert(0, found[-1])
    shown = shown_before(chain, places[0])
    texts = [chain[place] for place in places]
    completion = join_spans(texts, [1.0] * len(texts), config.links, draw)
    messages = _last_question(shown) if config.context == "single" else shown
    if config.mask_input is not None:
        messages = mask_attempts(messages, chain[: places[0]], config.mask_input, draw)
    before = candidate.attempts[-2] if len(candidate.attempts) > 1 else None
    return [Written(messages, completion, ends_turn(texts[-1].sample), before)]


def _last_question(messages: Sequence[Message]) -> tuple[Message, ...]:
    asked = [message for message in messages if message.role == "user"]
    return (*(message for message in messages if message.role == "system"), *asked[-1:])


def _conversation(
    candidate: Candidate, config: ConversationRow, draw: Draw, answers: Sequence[Candidate]
) -> list[Written]:
    chain = candidate.whole_chain
    return [
        Written(shown_before(chain, place), tidy(spans_of(one.sample, written=weight)), ends_turn(one.sample))
        for place, (one, weight) in enumerate(zip(chain, weights_of(chain, config.loss, config.judge), strict=True))
        if weight > 0
    ]


def _splice(candidate: Candidate, config: SpliceRow, draw: Draw, answers: Sequence[Candidate]) -> list[Written]:
    chain = candidate.whole_chain
    weights = weights_of(chain, config.loss, config.judge)
    spans = join_spans(chain, weights, config.links, draw, given=config.given)
    stop = [Span(config.stop_text, weights[-1])] if config.stop_text else []
    return [Written(chain[0].chat, tidy([*spans, *stop]), ends_turn(chain[-1].sample))]


def _improvements(
    candidate: Candidate, config: ImprovementRow, draw: Draw, answers: Sequence[Candidate]
) -> list[Written]:
    own = candidate.verdict(config.judge)
    revised = {one.attempts[-2].sample.id: one for one in reversed(answers) if len(one.attempts) > 1}
    asked = [one for one in answers if one.sample.id in revised]
    worse = [one for one in asked if is_better(one.verdict(config.judge), own, config.above)]
    if config.per_answer is not None and len(worse) > config.per_answer:
        drawn = draw.random("improvement", candidate.sample.id).sample(range(len(worse)), config.per_answer)
        worse = [worse[place] for place in sorted(drawn)]
    completion, ends = tidy(spans_of(candidate.sample)), ends_turn(candidate.sample)
    found = [(one, revised[one.sample.id]) for one in worse]
    return [Written(shown_before(child.whole_chain, len(child.chain)), completion, ends, one) for one, child in found]


def _trajectory(candidate: Candidate, config: TrajectoryRow, draw: Draw, answers: Sequence[Candidate]) -> list[Written]:
    chain = candidate.whole_chain
    known = [_told(chain, place, config.judge) for place in range(len(chain))]
    spans = join_spans(chain, [float(one is not None) for one in known], config.links, draw, link_weight=0.0)
    told = tuple(one for one in known if one is not None)
    return [Written(chain[0].chat, spans, ends_turn(chain[-1].sample), told=told)]


def _told(chain: Sequence[Candidate], place: int, judge: str | None) -> Told | None:
    """None for texts of other parts, or of which no model wrote a word."""
    one = chain[place].sample
    is_by_model = one.by not in _BY_RULE and one.text != one.prefix
    if not is_by_model or one.part not in (Part.ATTEMPT, Part.VERDICT):
        return None
    if one.part == Part.ATTEMPT:
        return Told(is_verdict=False, is_good=chain[place].verdict(judge).label == Label.CORRECT)
    before = next(two for two in reversed(chain[:place]) if two.sample.is_answer).verdict(judge)
    return Told(is_verdict=True, is_good=is_true(one.said, before), is_on_right=before.label == Label.CORRECT)


@dataclass(frozen=True, slots=True)
class RowWriter:
    """One kind of row.

    Attributes:
        has_formats: its chat is the problem's own, which `train.formats` writes in several ways.
        version: the next number where its rows change.
    """

    write: Callable[[Candidate, Any, Draw, Sequence[Candidate]], list[Written]]
    has_formats: bool = False
    version: int = 1


ROWS: dict[str, RowWriter] = {
    "answer": RowWriter(_answer, has_formats=True),
    "turn": RowWriter(_turns),
    "conversation": RowWriter(_conversation),
    "splice": RowWriter(_splice),
    "improvement": RowWriter(_improvements),
    "trajectory": RowWriter(_trajectory),
}
