r"""How far a text's answer reaches: to the next question that a model invents, and not into what it says of itself.

`The answer is 9.\n\nQ: Tim has 3 cats ...` answers 9: what comes after the answer belongs to another question.
`I think 27, but I could be wrong.` answers 27, as a person would take it. Called by `find.py` and the verifier `math`.
"""

from __future__ import annotations

import re

from tasks.answer.statement_words import words_of
from tasks.answer.value import UnreadableError

_ASKED = (
    "Question|Problem|Exercise|Pregunta|Pergunta|Frage|Domanda|Aufgabe|\u0412\u043e\u043f\u0440\u043e\u0441|"
    "\u0417\u0430\u0434\u0430\u0447\u0430|\u95ee\u9898|\u554f\u984c|\u8cea\u554f|\uc9c8\ubb38|\ubb38\uc81c"
)
_NEXT = re.compile(
    rf"\n[ \t]*(?:(?:[#>*_]+[ \t]*)?(?:(?:Next |New )?(?:{_ASKED}|Q|Human|User|Instruction|Prompt)[ \t]*\d{{0,3}}"
    rf"[ \t]*[*_]*[:\uff1a][*_]*|(?:{_ASKED})[ \t]+\d{{1,3}}[ \t]*[.)*_]*(?=\n))"
    r"|#+[ \t]*(?:Instruction|Question|Problem|User|Human|Input)\b|\[INST\]|<\|(?:im_start\|>[ \t]*)?user)"
)
_ANSWERED = re.compile(r"####|\\boxed|(?i:answer|antwort|respuesta|resposta|risposta)|\n[ \t]*\n$")
"""what stands before the next question is an answer: it says so, or a blank line ends it"""
_MARKED = re.compile(r"####[ \t]*[^\n]{0,20}\d[^\n]*")
_DOUBT = re.compile(
    r"(?:[\s,;.(\u2014-]*(?:(?:but|though|although|however|and|tho)[\s,]+)?(?:"
    r"(?:I|we)\s(?:could|may|might|can)\s(?:well\s|also\s|always\s|of\scourse\s)?be\s(?:wrong|mistaken|incorrect|off)"
    r"|unless\sI(?:'m|\sam|'ve|\shave)?\s(?:made|mistaken|wrong|miscalculated|misread)\b[^.\n\d]{0,30}"
    r"|(?:please\s)?(?:correct\sme|tell\sme)\sif\sI(?:'m|\sam)\s(?:wrong|mistaken)|if\sI(?:'m|\sam)\snot\s(?:wrong|mistaken)"
    r"|(?:please\s)?don't\squote\sme(?:\son\s(?:that|this|it))?|(?<=\d\s)I\s(?:think|believe|guess|suppose|reckon)))+[\s.!)]*$",
    re.IGNORECASE,
)
"""at the end of a text: its writer may err, as anybody may, and takes nothing back"""
_DOUBTS = ("wrong", "mistake", "incorrect", "miscalc", "misread", "quote me", " off", "think", "believe",
           "guess", "suppose", "reckon")  # fmt: skip
_DANGLING = words_of(
    "the a an of is are was were be by from for and or but than which we she he they i will would must my his "
    "their our your its into per plus minus equal equals add subtract multiply divide because since if when while "
    "therefore thus hence next finally gives means so then now first"
)
_COMPLETE = re.compile(r"(?:[^\s.,;:]\s(?:so|now|first)|(?<!\band)(?<![.,;:])\s(?:then)|ed\sfor)$", re.IGNORECASE)
"""how a sentence may end all the same: `he has 5 now`, `it is 5 by then`, `5 were accounted for`"""
_OPEN = re.compile(r"(?:[:=+/\u00d7\u00f7(]|\s[*$-]|(?<!\d)(?<!\d\s)[$\u20ac\u00a3])$")
"""signs with which no sentence ends"""
_BEGUN = re.compile(
    r"[\s*_#>-]*(?:(?:and\s)?(?:then|next|now|so|therefore|thus|hence|finally|first|second|third|after\sthat|to|we|let)\b"
    r"|step\s\d{1,2}\b)[^.!?\d]*",
    re.IGNORECASE,
)
"""a sentence that goes on from what was worked out, and holds no number"""
_SENTENCE_ENDS = (". ", "! ", "? ", ": ", "\n")
_DIGIT = re.compile(r"\d")


def answered_part(text: str) -> str:
    """The text to where it asks a next question after its answer, and without a doubt of its writer at the end.

    Raises:
        UnreadableError: it asks a question in the middle of what may or may not be its answer.
    """
    text = _to_first_mark(text) if text.count("####") > 1 and "?" in text else text
    asked = _NEXT.search(text)
    if asked is not None:
        text = _before_next(text, asked.start())
    end = "" if text[-1:].isdigit() else text[-120:]
    if any(map(end.__contains__, _DOUBTS)):
        doubt = _DOUBT.search(end)
        text = text if doubt is None else text[: len(text) - len(end) + doubt.start()]
    return text


def _to_first_mark(text: str) -> str:
    """To the first `#### 14`, where a question and another answer follow it."""
    marked = _MARKED.search(text)
    is_asked = marked is not None and 0 < text.find("?", marked.end()) < text.rfind("####")
    return text[: marked.end()] if marked is not None and is_asked else text


def _before_next(text: str, place: int) -> str:
    """A question at the beginning, or before any number, is the text's own, and so are those that follow it."""
    before = text[:place]
    if _NEXT.match(f"\n{before}") or not re.search(r"\d|\\boxed|(?i:answer)", before):
        return text
    if not _ANSWERED.search(text[: place + 1]):
        raise UnreadableError("the text asks a question behind its numbers")
    return before.rstrip()


def refuse_unfinished(text: str) -> None:
    """UnreadableError where a text ends in the middle of a sentence: what it would have said is not known."""
    end = text[-200:].rstrip()
    if not end or end[-1] in ".!?)]}\"'0123456789%\u3002":
        return
    end = end if end.endswith(" *") else end.rstrip("*_`")
    word = end[-24:].split()[-1:]
    is_dangling = word != [] and word[0].lower().lstrip("*_(") in _DANGLING and not _COMPLETE.search(end)
    place = max(map(end.rfind, _SENTENCE_ENDS))
    is_begun = place >= 0 and not _DIGIT.search(end, place) and _BEGUN.fullmatch(end, place + 1) is not None
    if is_dangling or is_begun or _OPEN.search(end[-3:]):
        raise UnreadableError("the text ends in the middle of a sentence")
