r"""Which choice a text takes, in the words in which people and models choose.

The choice is taken from the first of these that occurs, the last occurrence each:

1. the last \boxed{...}, which must be a choice
2. the text is the choice alone, in any case: `b`, `(B)`, `**B**.`, or with its own words, `B. Paris`
3. a cue before it: `answer is B`, `ANSWER: (b)`, `I choose B`, `the best option is **B**`, in the languages of the
   multilingual sets too. A small letter counts only where no word follows, so that `the answer is a trick` holds none.
4. a cue behind it: `B is the correct answer`, `(B) is right`
5. the text ends in it: `so it is B.`
6. the last line is the choice alone, or begins with it as an item: `B. Paris`, `B) 7`; not in a list of all choices
7. a choice in parentheses, or after option or choice, anywhere: `so (C) it is`, `I take option C`

Letters elsewhere in prose are never read as a choice: neither the article A nor the vitamin C. Two choices that are taken
together (`A or B`, `both A and C`) cannot be read, nor can one that is taken back (`the answer is not B`).
"""

from __future__ import annotations

import functools
import re
from collections import deque

from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
from tasks.answer.latex import plain
from tasks.answer.value import UnreadableError
from tasks.answer.words import unwrap

MAX_CHARACTERS = 4000
"""how much of a text's end is looked at"""
_OPEN, _CLOSE = r"[\s(\[*_\"'`$]*", r"[\s)\]*_\"'`$.:,;!]*"
_NOUNS = r"(?:answer|option|choice|response|letter)s?"
_CUES = (
    rf"(?i:(?<!no\s)\b(?:{_NOUNS}(?:\s+(?:choice|option|letter))?\s*[*_]*\s*(?:is|are|was|would\s+be|must\s+be|should\s+be|=|:|-|\u2014)+"
    r"|i(?:'d|\s+would|'ll|\s+will)?\s+(?:choose|pick|select|go\s+with|say|answer)|(?:choose|pick|select)(?:ed|s)?"
    r"|antwort(?:\s+ist|\s+lautet)?\s*:?|r[e\u00e9]ponse(?:\s+est)?\s*:?|respuesta(?:\s+correcta)?(?:\s+es)?\s*:?|resposta(?:\s+\u00e9)?\s*:?"
    r"|risposta(?:\s+\u00e8)?\s*:?|\u043e\u0442\u0432\u0435\u0442\s*:?)"
    r"|(?:\u7b54\u6848|\u6b63\u786e\u7b54\u6848|\u6b63\u89e3|\u7b54\u3048|\u7b54)(?:\u5e94\u8be5)?(?:\u662f|\u4e3a|\u70ba|\u9009|\u306f)?\s*:?)"
    rf"[\s:*_]*(?i:(?:the\s+)?(?:letter|option|choice|answer|number)\s+)?"
)
_RIGHT = r"(?i:\s*[)\]*_\"'`.:]*\s+(?:is|was|would\s+be|must\s+be)\s+(?:definitely\s+|clearly\s+|likely\s+|most\s+likely\s+)?(?:the\s+)?(?:best|correct|right|true|most|answer|one))"


def find_choice(text: str, choices: str) -> str | None:
    """The chosen one of the choices, in upper case; None where there is none.

    Args:
        choices: one character each.

    Raises:
        UnreadableError: several are chosen, or one is taken back.
    """
    box = find_boxed(text)
    if box is not None:
        return _alone(plain(simplify(unwrap(box))), choices)
    line = plain(simplify(text[-MAX_CHARACTERS:])).strip()
    alone = _alone(line, choices)
    if alone is not None:
        return alone
    cue, behind, end, item, mention = _patterns(choices)
    lines = line.splitlines() or [""]
    listed = len({match[1] for one in lines if (match := item.match(one))}) > 1
    match = _last(cue, line) or _last(behind, line) or _last(end, line)
    if match is None and not listed:
        match = item.match(lines[-1]) or _last(mention, line)
    if match is None:
        return None
    chosen, place = next((group, match.end(place)) for place, group in enumerate(match.groups(), 1) if group)
    _refuse_several(match.string, match.start(), place, chosen.upper(), choices)
    return chosen.upper()


def read_choice(spelling: str, choices: str) -> str:
    """The choice that a spelling is, in upper case; in words around it, too. UnreadableError if it is none."""
    found = find_choice(spelling, choices)
    if found is None:
        raise UnreadableError(f"it is none of the choices {choices}")
    return found


def _alone(line: str, choices: str) -> str | None:
    letter = re.escape(choices.upper() + choices.lower())
    match = re.fullmatch(
        rf"{_OPEN}(?:(?i:option|choice|answer)\s*:?\s*{_OPEN})?([{letter}]){_CLOSE}", line
    ) or re.fullmatch(rf"[\s(\[*_]*([{letter}])[*_]*[.):][^\n]*", line)
    return match[1].upper() if match else None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    last = deque(pattern.finditer(text), maxlen=1)
    return last.pop() if last else None


def _refuse_several(line: str, begin: int, end: int, chosen: str, choices: str) -> None:
    """Other choices directly beside the one that was found, or a word that takes it back."""
    letter = f"[{re.escape(choices.upper())}]"
    after, before = line[end : end + 40], line[max(0, begin - 40) : end - 1]
    joined = re.match(
        rf"[\s)\]*_\"'`$]*(?:,|/|&|\+|\s(?:and|or|und|oder|et|ou)\s)[\s(\[*_\"'`$]*({letter})(?![\w'])", after
    )
    preceding = re.search(rf"(?<![\w'])({letter})[\s)\]*_\"'`$]*(?:,|/|&|\+|\s(?:and|or)\s)[\s(\[*_\"'`$]*$", before)
    for match in (joined, preceding):
        if match is not None and match[1] != chosen:
            raise UnreadableError(f"two choices are taken together: {match[1]} and {chosen}")
    if re.match(
        r"[\s)\]*_\"'`$]*\s(?:is|was)(?:\s+(?:definitely|clearly))?(?:n't|\s+(?:not|never|incorrect|wrong|false))\b",
        after,
        re.IGNORECASE,
    ):
        raise UnreadableError(f"the choice {chosen} is taken back")


@functools.cache
def _patterns(choices: str) -> tuple[re.Pattern[str], ...]:
    capital = f"[{re.escape(choices.upper())}]"
    either = f"[{re.escape(choices.upper() + choices.lower())}]"
    not_before_word = r"(?![\w'])(?!\s+\w)"
    return (
        re.compile(rf"{_CUES}{_OPEN}(?:({capital})(?![\w'])|({either}){not_before_word})"),
        re.compile(rf"(?<![\w'])({capital}){_RIGHT}(?!\s+(?:in)?correct\s+that)"),
        re.compile(
            rf"\b(?i:so|thus|hence|therefore|it's|it\s+is|it\s+must\s+be|think|believe)\s*[,:]?{_OPEN}({capital}){_CLOSE}$"
        ),
        re.compile(rf"[\s*_(\[]*({capital})(?:[\s*_)\]]*$|[*_]*[.):])"),
        re.compile(rf"\(({either})\)|\b(?i:option|choice)\s+({capital})\b"),
    )
