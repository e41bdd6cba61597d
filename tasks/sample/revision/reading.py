"""What is read from a text that was written: what a verdict says, and the parts of a text that holds several. Pure."""

from __future__ import annotations

import re

from configs.schema.revision.sampler import ReviseStep
from tasks.core.records import SAID_RIGHT, SAID_WRONG, Part

Piece = tuple[str, str, str | None]
"""part, text, and what it says, where it is a verdict that could be read"""


def pieces_of(text: str, step: ReviseStep) -> list[Piece] | None:
    """The parts of one text, in order; None where it cannot be cut."""
    if step.split is None:
        return [_piece(step.part, text, step)]
    found = re.search(step.split, text)
    if found is None or not all(found.groupdict().values()):
        return None
    return [_piece(part, found.group(part).strip(), step) for part in step.parts]


def read_verdict(text: str, step: ReviseStep) -> tuple[str, str | None]:
    """A verdict's text up to what it says, and right, wrong, or None.

    Exactly one match is read, or with `last` the last of several; a match that means neither says nothing. What follows
    is cut off: a model that goes on after its verdict has begun to solve the problem again.
    """
    found = list(re.finditer(step.pattern or "", text))
    if not found or (len(found) > 1 and not step.last):
        return text, None
    means = {step.right.casefold(): SAID_RIGHT, step.wrong.casefold(): SAID_WRONG}
    said = means.get((found[-1].group(1) or "").strip().casefold())
    return (text[: found[-1].end()], said) if said else (text, None)


def _piece(part: str, text: str, step: ReviseStep) -> Piece:
    return (part, *read_verdict(text, step)) if part == Part.VERDICT else (part, text, None)
