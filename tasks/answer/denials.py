"""Words with which a text says that a number is not what is asked, or that it may not be: before it, behind it, later.

Called by `find.py`, by `statement.py` and by the verifier `math`.
"""

from __future__ import annotations

import re

from tasks.answer.clauses import Clause, Line
from tasks.answer.cues import find_turn
from tasks.answer.quantities import Quantity
from tasks.answer.statement_words import BEING, CHINESE_NEGATIONS, DENIALS, NEGATIONS, RIGHT, UNSURE
from tasks.answer.value import UnreadableError

_GOVERNING = NEGATIONS | UNSURE
_MAY_DENY = _GOVERNING | {"no"}
_GOVERNED = re.compile(r"[.!?;,:\n]|\b(?:so|then|hence|thus|therefore|but|and|because)\b", re.IGNORECASE)


def refuse_turn(rest: str) -> None:
    """UnreadableError where what follows an answer takes it back."""
    if find_turn(rest) is not None:
        raise UnreadableError("the text takes its answer back")


def refuse_governed(text: str, place: int) -> None:
    """UnreadableError where what stands before a cue says that no answer follows: `I doubt that the answer is`."""
    governing = text[max(0, place - 80) : place].lower()
    if governing.rstrip().endswith((" no", " any", "without an")):
        raise UnreadableError("the text says that there is no answer")
    if not _GOVERNING.isdisjoint(governing.split()) or "n't" in governing:
        refuse_negation(_GOVERNED.split(governing)[-1].split())


_CONTRAST = re.compile(
    r"(?:\u4e0d\u662f|\u5e76\u975e|\u4e26\u975e)[^\uff0c,\u3002\n]{1,12}[\uff0c,]?\s?\u800c(?=\u662f)"
    r"|\d[\d.,]{0,15}\w{0,3}?(?:\u3067\u306f\u306a\u304f|\u3058\u3083\u306a\u304f)\u3066?[\u3001,]?\s?"
    r"|\d[\d.,]{0,15}\S{0,4}\s\uc544\ub2c8\ub77c,?\s?"
    r"|\b(?:[Nn]o\s(?=es\b|son\b)|[Nn]\u00e3o\s(?=\u00e9\b)|[Nn]on\s(?=\u00e8\b))\w+\s[^\s,]{1,12},?\s(?:sino|mas\ssim|mas|bens\u00ec|ma)\s"
)
"""`not 12 but 13` in other languages: what is denied, with the words that say so"""


def without_contrast(text: str) -> str:
    """A text without the number that it says the answer is not, where it says what it is: `no es 12 sino 13`."""
    return text if text.isascii() and " sino " not in text else _CONTRAST.sub("", text)


def may_deny(line: Line) -> bool:
    """Whether any word of a line can deny: of most lines none does."""
    return not line.texts.isdisjoint(_MAY_DENY) or "n't" in line.line or not line.line.isascii()


def refuse_denial(line: Line, clauses: list[Clause], place: int, chosen: Quantity) -> None:
    """UnreadableError where a clause, what governs it or what follows it denies the quantity that it states."""
    clause = clauses[place]
    if not clause.sides:
        governing = clauses[place - 1].words if clause.opener == "that" and place > 0 else []
        refuse_negation([*governing, *line.words(clause.first, chosen.first)])
    after = line.words(chosen.last + 1, clause.end)
    for number, word in enumerate(after):
        if (word in DENIALS and BEING.intersection(after[:number])) or (
            _is_negation(word, "") and RIGHT.intersection(after[number + 1 : number + 4])
        ):
            raise UnreadableError(f"'{word}' stands behind the number")
    denial = next((word for later in clauses[place + 1 :] for word in _denial(later.words)), None)
    if denial is not None:
        raise UnreadableError(f"'{denial}' stands behind the number")


def refuse_negation(words: list[str]) -> None:
    """UnreadableError where words before a number say that it is not, or may not be, what is said."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if _is_negation(word, following) or word in UNSURE:
            raise UnreadableError(f"'{word}' stands before the number")


def _denial(words: list[str]) -> list[str]:
    """The word with which a clause denies what stands before it: `that is wrong`, `(false)`."""
    return [
        word
        for place, word in enumerate(words)
        if word in DENIALS and (len(words) < 3 or BEING.intersection(words[:place]))
    ]


def _is_negation(word: str, following: str) -> bool:
    is_no = word == "no" and following in ("es", "est", "son", "is")
    is_chinese = word > "\u2e80" and any(part in word for part in CHINESE_NEGATIONS)
    return is_no or is_chinese or word in NEGATIONS or word.endswith("n't")
