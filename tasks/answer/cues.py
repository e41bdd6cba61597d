"""Where a text says `the answer is`, in the languages of the multilingual sets; and where it takes its answer back."""

from __future__ import annotations

import re

from tasks.answer.tongues import TURN, may_matter, may_turn

_LATIN = (
    "answer", "antwort", "r\u00e9ponse", "reponse", "respuesta", "resposta", "risposta", "antwoord", "odpowied\u017a",
    "svar", "cevap", "jawaban", "jibu", "vastaus", "r\u0103spuns",
)  # fmt: skip
_SCRIPTS = (
    "\u043e\u0442\u0432\u0435\u0442|\u0432\u0456\u0434\u043f\u043e\u0432\u0456\u0434\u044c|\u7b54\u6848|"
    "\u7b54\u3048|\u7b54|\uc815\ub2f5|\ub2f5|\u0909\u0924\u094d\u0924\u0930|\u0989\u09a4\u09cd\u09a4\u09b0|"
    "\u0627\u0644\u0625\u062c\u0627\u0628\u0629|\u0627\u0644\u062c\u0648\u0627\u0628|\u0111\u00e1p \u00e1n|"
    "\u0111\u00e1p s\u1ed1"
)
_OTHERS = tuple(_SCRIPTS.split("|"))
_WORDS = "|".join(sorted({*_LATIN, *_OTHERS}, key=len, reverse=True))
_ASCII = tuple(word for word in _LATIN if word.isascii())
_VERB = (
    "is|are|would be|should be|must be|ist|lautet|w\u00e4re|est|es|\u00e9|\u00e8|\u00e4r|er|jest|ni|adalah|l\u00e0|on"
)
_CUE = re.compile(
    rf"(?i:{_WORDS})"
    rf"(?:[\"'*_]*\s*(?:(?i:{_VERB})\b|(?:\u5e94\u8be5|\u61c9\u8a72)?[\u662f\u4e3a\u70ba\u306f\uc740\ub294])|(?<=[\u7b54\u6848\u3048])|(?=[\"'*_]*[:\uff1a=\s]))"
    r"[\s*_\"'\uff0c,]*[:\uff1a=]?[\s*_:]*"
)
_MAX_CUES = 8
_TURN = re.compile(
    r"(?:^|[.!?\u2026\n\u2014;-]\s*|\s)(?:wait|oops|sorry|hold\son|correction|on\ssecond\sthought|no\swait)\b"
    r"|(?:^|[.!?\u2026\n\u2014-])\s*(?:actually|no)\b|\bno,|\bscratch\s(?:that|it)|\b(?:my|a)\smistake\b|\bmiscalculated\b"
    r"|\b(?:that|this|which|it)(?:'s|\s(?:is|was))\s(?:wrong|not\sright|incorrect|not\scorrect)\b"
    r"|\bi\s(?:don't|do\snot)\sknow|\bi(?:'m|\sam)\snot\ssure|\bstrike\sthat|\bnever\s?mind\b"
    r"|\b(?:ignore|disregard|forget)\s(?:that|this|it|what\si|the\s(?:above|last|previous|box)|my\s)|\btake\s(?:that|it)\sback\b"
    r"|\bi\s(?:retract|withdraw)\b|\bi\shave\sno\s(?:answer|solution)\b|\bi\smade\san\serror\b"
    r"|\b(?:check|proof|verification)\s(?:does(?:n't|\snot)|fail(?:s|ed))\b",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(r"\b(?:yes|yep|correct|right|confirm\w*|checks?\sout|matches|indeed)\b", re.IGNORECASE)


def last_cue(text: str) -> re.Match[str] | None:
    """The last words that say that the answer follows; None without any."""
    lower = text.lower()
    words = _ASCII if text.isascii() else _LATIN + _OTHERS
    place = len(text) if len(lower) == len(text) else -1
    for _ in range(_MAX_CUES):
        place = _last_of(words, lower, place)
        found = _CUE.match(text, place) if place >= 0 else None
        if found is not None or place < 0:
            return found
    return None


def _last_of(words: tuple[str, ...], text: str, end: int) -> int:
    place = -1
    for word in words:
        place = max(place, text.rfind(word, place + 1, end))
    return place


def find_turn(rest: str) -> str | None:
    """What follows where a text takes back what it said before; None where it does not.

    Args:
        rest: what follows an answer. `Wait, let me check. Yes, it is right.` takes nothing back.
    """
    if not may_matter(rest):
        return None
    lower = rest.lower()
    turn = _TURN.search(rest)
    turn = TURN.search(rest) if turn is None and may_turn(lower) else turn
    if turn is None:
        return None
    after = rest[turn.start() :]
    is_confirmed = _CONFIRMED.search(after) is not None and "incorrect" not in lower and "not " not in lower
    return None if is_confirmed and not re.search(r"\d", after) else rest[turn.end() :]
