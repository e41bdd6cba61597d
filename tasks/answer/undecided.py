"""Where a text says that there is no answer, or several: whatever numbers stand around that, none of them is one.

Called by `find.py`, and by `boxes.py` for what stands between two boxes.
"""

from __future__ import annotations

import re
from collections.abc import Set

from tasks.answer import tongues
from tasks.answer.statement_words import words_of
from tasks.answer.value import UnreadableError

_NO_VALUE = re.compile(
    r"""[\s"'*_$(\[]*\\?(?:(?:text|mathrm)\{)?(?:(?:null|nil|n/a|nan|unknown|undefined|undetermined|indeterminate|dne|"""
    r"""unsolvable|impossible|infinite(?:ly\smany)?|not\s(?:defined|possible|given|known|unique|enough)|no\s(?:real\s|valid\s)?(?:solution|answer)s?)\b"""
    r"""|none\b(?=\s*["']?\s*(?:of\b|[,}\n#]))|\{[^{}\d]*\d[\d.]*[^{}\d]+\d|false\b|true\b|(?:""|'')\s*[,}\n]|\?+\s*(?:\n|$))""",
    re.IGNORECASE,
)
"""what stands behind `answer:` where there is none"""
_UNANSWERED = re.compile(
    r"n't\s(?:\w+\s){0,2}enough\s(?:information|data|details|facts)\b|\bbut\s(?:not|never)\s(?:how\s(?:many|much|long|far|old|often|big)|what|which|when|where|whether|why)\b"
    r"|n't\s(?:say|tell|state|specify|mention|know|give)\w*\s(?:us\s|me\s)?(?:how\s(?:many|much|long|far|old|often|big)|what|which|when|whether)\b"
    r"|\b(?:(?:no|any)\s(?:real\s|valid\s|unique\s|possible\s|integer\s|such\s|single\s|definite\s)*(?:solution|answer)s?\b(?!\sother)"
    r"|infinitely\smany|(?:not\s(?:\w+\s){0,2}enough|insufficient|too\slittle|missing)\s(?:information|data|details|facts)"
    r"|not\s(?:say|tell|state|specify|mention|know|give)\s(?:us\s|me\s)?(?:how\s(?:many|much|long|far|old|often|big)|what|which|when|whether)"
    r"|(?:cannot|can't|can\snot|could\snot|impossible\sto|unable\sto|no\sway\sto)\s(?:be\s)?"
    r"(?:answer|determine|solve|say|tell|know|calculate|compute|find)\w*|unsolvable|unanswerable|unclear|DNE)\b"
    r"|\b(?:is|are|was|be)\s(?:undefined|indeterminate|undetermined|not\sdefined)\b|\bdoes(?:n't|\snot)\sexist\b",
    re.IGNORECASE,
)
_UNANSWERED_WORDS = words_of(
    "solution solutions answer answers infinitely information data details cannot can't can could impossible unable "
    "facts how what which when where whether why "
    "way unsolvable unanswerable unclear dne undefined indeterminate undetermined defined exist"
)
"""one of them is in all that `_UNANSWERED` finds"""
_UNDECIDED = re.compile(
    r"\b(?:cannot|can't|can\snot|could\snot|couldn't|unable\sto)\s(?:\w+ly\s)?(?:decide|choose|pick|settle)\b"
    r"|\b(?:not\ssure|unsure|no\sidea|don't\sknow|not\sclear|unclear|can't\stell)\s(?:\w+\s)?(?:which|whether)\b|\bundecided\b",
    re.IGNORECASE,
)
_UNDECIDED_STEMS = ("decide", "choose", "pick", "settle", "which", "whether")
_CONCLUSION = re.compile(
    r"=|\b(?:so|but|however|thus|hence|therefore|then|instead|still|yet|unless|otherwise|until)\b", re.I
)
_MAY_BE = re.compile(
    r"\b(?:could|might|may|can)\s(?:also\s|well\s|even\s|either\s|possibly\s|just\s)*be\s(?:\D{0,20}?\s)?[$\u20ac\u00a3]?(-?\d[\d.,]*)(?<![.,])"
    r"|\b(?:maybe|perhaps|possibly)\s(?:it\s(?:is|was)\s|it's\s)?[$\u20ac\u00a3]?(-?\d[\d.,]*)(?<![.,])",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"\b(?:could|might|may|can)\salso\sbe\b[^.\n]{0,30}\d|\bor\selse\b[^.\n]{0,20}\d|"
    r"\d[^.\n]{0,30}\b(?:is|are)\s(?:also|equally|just\sas)\s(?:possible|valid|plausible|right|correct)\b"
    r"|\banother\s(?:possible\s)?(?:reading|interpretation|possibility|answer|solution|option)\b[^.\n]{0,40}\d",
    re.IGNORECASE,
)
_MAYBE_WORDS = words_of("be maybe perhaps possibly another also equally as else")
"""one of them is in all that the two patterns find"""
_ALTERNATIVE = re.compile(
    r"\b(?:alternatively|otherwise|or\selse|on\sthe\sother\shand|another|depending|as\swell)\b|\bor,?\sif\b",
    re.IGNORECASE,
)


_EMPTY_FIELD = re.compile(
    r"""["'](?:final[_ ]?)?(?:answer|solution|result|output|prediction)["']\s*:\s*(?:null|None|""|'')\s*[,}\n]"""
)


def refuse_empty_field(text: str) -> None:
    """UnreadableError where a text is an object in JSON or Python whose answer is null or empty."""
    if _EMPTY_FIELD.search(text):
        raise UnreadableError("the answer of the object is empty")


def refuse_no_value(behind: str) -> None:
    """UnreadableError where what stands behind `answer is` says that there is none."""
    if _NO_VALUE.match(behind):
        raise UnreadableError("the text says that there is no answer")


def refuse_unanswered(words: Set[str], sentence: str, rest: str) -> None:
    """UnreadableError where a sentence that states a number, or what follows it, says that there is no answer.

    Args:
        words: of the line that the sentence ends, in small letters.
        sentence: to the end of the number. A conclusion between what cannot be known and the number is an answer.
        rest: what follows.
    """
    said = not words.isdisjoint(_UNANSWERED_WORDS)
    for text in (sentence, rest) if said else (rest,) if rest else ():
        for found in _UNANSWERED.finditer(text):
            if text is rest or not _CONCLUSION.search(sentence, found.end()):
                raise UnreadableError(f"'{found[0]}': the text says that there is no answer")
    if rest:
        refuse_open(rest)
    if not sentence.isascii() or not words.isdisjoint(tongues.OPEN_WORDS):
        foreign = tongues.UNANSWERED.search(sentence)
        if foreign is not None and not tongues.CONCLUSION.search(sentence, foreign.end()):
            raise UnreadableError(f"'{foreign[0]}': the text says that there is no answer")


def refuse_open(rest: str) -> None:
    """UnreadableError where what follows a number says that the text cannot decide, in any of its languages."""
    lower = rest.lower()
    found = _UNDECIDED.search(rest) if any(map(lower.__contains__, _UNDECIDED_STEMS)) else None
    found = tongues.UNANSWERED.search(rest) if found is None and tongues.may_be_open(lower) else found
    if found is not None:
        raise UnreadableError(f"'{found[0]}': the text leaves its answer open")


def refuse_alternatives(words: Set[str], text: str) -> None:
    """UnreadableError where a text ends in two numbers that each may be the answer: `could be 2, or it could be 6`.

    Args:
        words: of its last line.
    """
    if words.isdisjoint(_MAYBE_WORDS):
        return
    found = [*_MAY_BE.finditer(text)]
    is_open = len({one[1] or one[2] for one in found}) > 1 and not re.search(r"\d", text[found[-1].end() :])
    if is_open or _ANOTHER.search(text):
        raise UnreadableError("the text says that it may be one thing or another")


def is_alternative(between: str) -> bool:
    """Whether what stands between two answers says that the second is another possibility."""
    return _ALTERNATIVE.search(between) is not None
