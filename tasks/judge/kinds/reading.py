"""Reading a verdict out of what a judging model wrote, or out of the probabilities of its choices. Pure.

Only the judge's own completion is read, never what it was shown: a score that a judged text gives itself can't count.
The last match of the pattern counts, so of two scores the second does. What was cut off at max_tokens is not read.

A verdict is read whole or not at all: half a word (the A of `Answer`), half a number (the 4 of `4,5`, of `4-5`, of
`4th`), a score of another scale (`4/10` where 5 is the highest), two winners (`A and B`), and a letter that is an
article (`A tie`) are no verdicts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from infra.engines.questions import Completion, Missing
from tasks.judge.verifiers.finding import find_last

_GOES_ON = re.compile(r"[.,_'\u2019][0-9]|[ \t]*[-\u2010-\u2015~][ \t]*[0-9]|[ \t]*(?:%|\*?[\^][0-9])")
"""after a number that was read: it is longer, the beginning of a range, or a share"""
_SCALE = re.compile(
    r"[\s*_`)(\[\]]*(?:points?\s+)?(?:/|out of|of)[\s*_`(\[]*([0-9]+(?:\.[0-9]+)?)(?![0-9])", re.IGNORECASE
)
_BOTH = re.compile(
    r"[\s*_`)\]\"']*(?:(?:and|or|vs\.?|equals?)\b|[/&=+])[\s*_`(\[\"']*"
    r"(?:(?:the|answer|response|text|solution|candidate|assistant|option|model)[\s*_`]+)*[ABab]\b",
    re.IGNORECASE,
)
_NEXT_WORD = re.compile(r"[ \t]+([^\W\d_]+)")
_SAID_OF_A = frozenset(
    {
        "is", "was", "wins", "won", "has", "had", "because", "since", "as", "for", "by", "with", "over", "though",
        "although", "but", "while", "being", "gives", "gave", "does", "did",
    }
)  # fmt: skip
"""what follows the letter A where it names a text, and not the article"""


class Reading(NamedTuple):
    """A number, or None and the reason in words."""

    score: float | None
    note: str | None = None


def read_score(completion: Completion, pattern: str, low: float, high: float) -> Reading:
    """The score in a judgement, in [low, high]."""
    text, after, note = _last_match(completion, pattern)
    if text is None:
        return Reading(None, note)
    try:
        score = float(text)
    except ValueError:
        return Reading(None, f"not a number: {text[:40]!r}")
    if _GOES_ON.match(after):
        return Reading(None, f"a part of a number: {(text + after)[:40]!r}")
    if (scale := _SCALE.match(after)) is not None and float(scale[1]) != high:
        return Reading(None, f"a score of another scale: {(text + after)[:40]!r}")
    return Reading(score) if low <= score <= high else Reading(None, f"out of range: {text[:40]}")


def read_winner(completion: Completion, pattern: str) -> Reading:
    """Who wins a comparison: 1 if the text shown first (A) does, 0 if the second (B) does."""
    text, after, note = _last_match(completion, pattern)
    if text is None:
        return Reading(None, note)
    score = {"A": 1.0, "B": 0.0}.get(text.upper())
    if score is None:
        return Reading(None, f"neither A nor B: {text[:40]!r}")
    if _BOTH.match(after):
        return Reading(None, f"both: {(text + after)[:40]!r}")
    word = _NEXT_WORD.match(after)
    if text.upper() == "A" and word is not None and word[1].islower() and word[1] not in _SAID_OF_A:
        return Reading(None, f"an article and no name: {(text + after)[:40]!r}")
    return Reading(score)


def read_answer(completion: Completion, pattern: str) -> tuple[str | None, str | None]:
    """The answer to a short question, by a pattern with one group, or None and the reason in words.

    A text that ended at max_tokens is read all the same, as short questions cut their answers short; but not where the
    answer itself may go on.
    """
    text, after, note = _find(completion.text, pattern)
    if text is not None and completion.finish_reason == "length" and not after:
        return None, f"it may go on after max_tokens: {text[:40]!r}"
    return text, note


def first_missing(answers: Sequence[Any]) -> Missing | None:
    """Of several answers that are read together, the first that there is not: half of them is no opinion."""
    return next((answer for answer in answers if isinstance(answer, Missing)), None)


def strip_matches(text: str, pattern: str) -> str:
    """The text without the lines that a match of the pattern touches."""
    spans = [match.span() for match in re.finditer(pattern, text) if match.group()]
    kept, position = [], 0
    for line in text.splitlines(keepends=True):
        end = position + len(line)
        if not any(start < end and stop > position for start, stop in spans):
            kept.append(line)
        position = end
    return "".join(kept).strip()


def expect(values: Sequence[float], logprobs: Sequence[float]) -> float | None:
    """Mean of the values under the softmax of the log-probabilities; None where no choice is possible."""
    top = max(logprobs)
    if not math.isfinite(top):
        return None
    weights = [math.exp(logprob - top) for logprob in logprobs]
    return math.fsum(value * weight for value, weight in zip(values, weights, strict=True)) / math.fsum(weights)


def _last_match(completion: Completion, pattern: str) -> tuple[str | None, str, str | None]:
    """The verdict, the text after it, and why there is none."""
    if completion.finish_reason == "length":
        return None, "", "the judgement ended at max_tokens"
    return _find(completion.text, pattern)


def _find(text: str, pattern: str) -> tuple[str | None, str, str | None]:
    match = find_last(re.compile(pattern), text)
    found = (match.group(1) or "").strip() if match else ""
    if match is None or not found:
        return None, "", "no verdict found by the pattern"
    start, end = match.span(1)
    if _is_inside_word(text, start) or _is_inside_word(text, end):
        return None, "", f"a part of a word: {text[max(0, start - 10) : end + 10]!r}"
    return found, text[end:], None


def _is_inside_word(text: str, place: int) -> bool:
    """Whether a place lies between two letters or digits."""
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()
