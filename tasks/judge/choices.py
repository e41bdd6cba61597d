r"""`read: choices`: no text is written; each possible verdict's probability is taken instead. Pure.

The model's turn begins with the literal beginning of the judge's pattern (`Score:` of `Score:\s*([0-9]+)`), and each
choice is scored as what follows, after a blank. A pattern without a literal beginning has no such prefix, and the
choices stand alone. The end token is scored too where one choice begins another (1 and 10).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from infra.engines.wire import Messages, Scoring

_FLAGS = re.compile(r"^(?:\(\?[aiLmsux]+\))?\^?")
_LITERAL = re.compile(r"[^\\.\[\](){}*+?|^$]*")
_QUANTIFIERS = "*+?{"


def literal_beginning(pattern: str) -> str:
    """The text that every match begins with, as far as it is plain in the pattern; without white space at its end."""
    rest = _FLAGS.sub("", pattern, count=1)
    match = _LITERAL.match(rest)
    literal = match.group() if match else ""
    if rest[len(literal) : len(literal) + 1] in tuple(_QUANTIFIERS):
        literal = literal[:-1]  # the last letter is repeated or optional
    return literal.rstrip()


def choice_scorings(name: str, messages: Messages, pattern: str, choices: Sequence[str]) -> list[Scoring]:
    """One scoring a choice, in order; ids are `NAME CHOICE`."""
    prefix = literal_beginning(pattern)
    blank = " " if prefix else ""
    with_end = any(other != choice and other.startswith(choice) for choice in choices for other in choices)
    return [Scoring(f"{name} {choice}", messages, blank + choice, prefix, with_end) for choice in choices]


def expect(values: Sequence[float], logprobs: Sequence[float]) -> float | None:
    """Mean of the values under the softmax of the log-probabilities; None where no choice is possible."""
    top = max(logprobs)
    if not math.isfinite(top):
        return None
    weights = [math.exp(logprob - top) for logprob in logprobs]
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / math.fsum(weights)
