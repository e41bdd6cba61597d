"""What a sentence without a cue says in the end, where that is a number in words.

Called by `find.py`.
"""

from __future__ import annotations

import re
from fractions import Fraction

from tasks.answer import latex
from tasks.answer.characters import simplify
from tasks.answer.number_words import ENGLISH, NUMERAL, SHARE, read_number_words
from tasks.answer.ordinals import find_ordinal
from tasks.answer.tongue_numbers import find_tongue_number
from tasks.answer.value import Number, UnreadableError

_MAX_SAID = 120
_SAID_WORDS = re.compile(rf"\b(?:{NUMERAL}|dozen|none)\b")
_LEFT = (
    r"(?:(?:\sof\s(?:them|these|those|us)|\s(?:left|remaining))+"
    r"(?:\s(?:on|in|at|inside|under|for)\s(?:the|his|her|their|our|my|its)\s[a-z]+)?)?"
)
"""`of them left on the shelf`"""
_SAID = re.compile(
    rf"(?:(?:[:=]|\b(?:is|are|was|were|be|equals?|(?:equal|comes?|amounts?|adds\sup|up|down)\sto|(?:total|sum|value|result|product|average|mean)\sof|gets?|got|have|has|had|gives?|makes?|leaves?|remains?|about|exactly|"
    rf"only|total|need|needs|cost|costs))\s+(?P<number>{ENGLISH.pattern})(?P<thing>(?:\s(?!and\b|(?:less|more|times|plus|minus|over)\b)[a-z]{{3,}}){{0,2}}{_LEFT})"
    rf"|\b(?P<share>(?:{SHARE.pattern}))\s+of(?:\s[^\W\d_]+){{1,5}})[\s.!*)]*$",
    re.IGNORECASE,
)
"""a number in words at the end of a sentence, behind a verb; a share, `two fifths of it`, behind any word"""
_BUT = re.compile(
    rf"\b(?:not|\w+n't)\b[^.!?\d]{{1,80}}[\s,]but\s(?:rather\s|really\s|actually\s)?(?P<number>{ENGLISH.pattern})"
    rf"(?P<thing>(?:\s[a-z]{{3,}}){{0,2}})(?P<share>(?!))?[\s.!*)]*$",
    re.IGNORECASE,
)
"""`not twelve, as one might think, but fifteen`"""
_NONE = re.compile(r"\b(?:is|are|was|were|has|have|had|gets?|keeps?)\s+none(?:\s(?:left|remaining|at\sall))?[\s.!]*$")
_JOINED_BEFORE = re.compile(
    r"\b(?:and|or|to|by|times|minus|plus|not|never|than|at\s(?:most|least)|between|except|point|almost|nearly)\s+$|n't\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"[\d\u00bc-\u00be\u2150-\u215e]")


def find_said(text: str) -> Number | None:
    """A number in words at the end of a text; None where it ends in something else.

    Raises:
        UnreadableError: what stands before the words changes what they mean.
    """
    line = text.rstrip()
    line = line[max(line.rfind("\n") + 1, len(line) - _MAX_SAID) :]
    if _DIGIT.search(line[-12:]):
        return None
    if not _SAID_WORDS.search(line[-60:]):
        found = find_tongue_number(line) if "= " not in line else None
        return None if found is None else Number(Fraction(found))
    line = latex.plain(simplify(line))
    said = _SAID.search(line)
    said = _BUT.search(line) if said is None else said
    if said is None and _NONE.search(line):
        return Number(Fraction(0))
    place = find_ordinal(line) if said is None and not _DIGIT.search(line) else None
    if place is not None:
        return Number(place)
    number = read_number_words(said["number"] or said["share"]) if said else None
    if said is None or number is None:
        return None
    if said["thing"] and (said["number"].lower() == "one" or number.denominator > 1):
        return None  # `that is one way`, `that is a third way`
    if _JOINED_BEFORE.search(line[: said.start("share") if said["share"] else said.start()]):
        raise UnreadableError(f"what stands before '{said['number'] or said['share']}' belongs to it")
    return Number(number)
