"""What is read from a text that was written: what a verdict says, and the parts of a text that holds several. Pure.

Outputs of an interpreter are no words of the writer: patterns do not see what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from configs.schema.revision.sampler import ReviseStep
from tasks.core.records import SAID_RIGHT, SAID_WRONG, Inserted, Part

UNSEEN = "\0"
"""stands for each character of an output where patterns are looked for"""


class Piece(NamedTuple):
    """One part of a text.

    Attributes:
        said: what it says, where it is a verdict that could be read.
        inserted: outputs of an interpreter in its text.
    """

    part: str
    text: str
    said: str | None = None
    inserted: tuple[Inserted, ...] = ()


def pieces_of(text: str, step: ReviseStep, inserted: Sequence[Inserted] = ()) -> list[Piece] | None:
    """The parts of one text, in order; None where it cannot be cut."""
    if step.split is None:
        return [_piece(step.part, text, step, inserted)]
    found = re.search(step.split, _own_words(text, inserted))
    if found is None or not all(found.groupdict().values()):
        return None
    return [_group(part, text, found.span(part), step, inserted) for part in step.parts]


class ReadsVerdicts(Protocol):
    """How a verdict is read: as a step of a revision, or a marker in a text, says."""

    @property
    def pattern(self) -> str | None:
        """Its first group is what is said."""

    @property
    def right(self) -> str:
        """What means right."""

    @property
    def wrong(self) -> str:
        """What means wrong."""

    @property
    def last(self) -> bool:
        """Whether the last of several matches is read."""


def read_verdict(text: str, step: ReadsVerdicts, inserted: Sequence[Inserted] = ()) -> tuple[str, str | None]:
    """A verdict's text up to what it says, and right, wrong, or None.

    Exactly one match is read, or with `last` the last of several; a match that means neither says nothing. What follows
    is cut off: a model that goes on after its verdict has begun to solve the problem again.
    """
    found = list(re.finditer(step.pattern or "", _own_words(text, inserted)))
    if not found or (len(found) > 1 and not step.last):
        return text, None
    means = {step.right.casefold(): SAID_RIGHT, step.wrong.casefold(): SAID_WRONG}
    said = means.get((found[-1].group(1) or "").strip().casefold())
    return (text[: found[-1].end()], said) if said else (text, None)


def shifted(inserted: Sequence[Inserted], start: int, end: int, by: int = 0) -> tuple[Inserted, ...]:
    """The outputs of a text that lie between two places of it, as places of a text that begins at the first one.

    Args:
        by: characters that the other text has before that.
    """
    cut = ((max(one.start, start), min(one.end, end)) for one in inserted)
    return tuple(Inserted(first - start + by, last - start + by) for first, last in cut if first < last)


def _group(part: str, text: str, span: tuple[int, int], step: ReviseStep, inserted: Sequence[Inserted]) -> Piece:
    whole = text[slice(*span)]
    start = span[0] + len(whole) - len(whole.lstrip())
    return _piece(part, whole.strip(), step, shifted(inserted, start, start + len(whole.strip())))


def _piece(part: str, text: str, step: ReviseStep, inserted: Sequence[Inserted]) -> Piece:
    said = None
    if part == Part.VERDICT:
        text, said = read_verdict(text, step, inserted)
    return Piece(part, text, said, shifted(inserted, 0, len(text)))


def _own_words(text: str, inserted: Sequence[Inserted]) -> str:
    """The text with its outputs blotted out, each place where it was."""
    for one in inserted:
        text = text[: one.start] + UNSEEN * (one.end - one.start) + text[one.end :]
    return text
