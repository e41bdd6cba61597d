r"""Which choice a text takes, in the words in which people and models choose.

The choice is taken from the first of these that occurs, the last occurrence each:

1. the last \boxed{...}, which must be a choice
2. the text is the choice alone, in any case: `b`, `(B)`, `**B**.`
3. a cue before it: `answer is B`, `ANSWER: (b)`, `I choose B`, `the best option is **B**`, in the languages of the
   multilingual sets too. A small letter counts only where no word follows, so that `the answer is a trick` holds none.
4. a cue behind it: `B is the correct answer`, `(B) is right`
5. the text ends in it: `so it is B.`, `the second option.`; or is one line that begins with it: `B, because`
6. the last line begins with it as an item: `B. Paris`, `B) 7`; not where that line ends a list of all choices
7. a choice in parentheses, or after option or choice, where no other is: `so (C) it is`, `I take option C`

Letters elsewhere in prose are never read as a choice: neither the article A nor the vitamin C. Two choices that are
taken together (`A or B`, `both A and C`) cannot be read, nor can one that is taken back (`the answer is not B`).
"""

from __future__ import annotations

import functools
import re

from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
from tasks.answer.latex import plain
from tasks.answer.value import UnreadableError
from tasks.answer.words import unwrap

MAX_CHARACTERS = 4000
"""how much of a text's end is looked at"""
_OPEN, _CLOSE = r"[\s(\[*_\"'`$]*", r"[\s)\]*_\"'`$.:,;!]*"
_NO_WORD = r"(?![A-Za-z0-9_']|[.,]\d|\s?%|/\w)"
"""what follows is no longer the letter: AB, 3.5, 3 %"""
_NOUN = r"(?:answer|option|choice|response|letter|alternative)s?"
_VERB = r"(?:is|are|was|would\s+be|must\s+be|should\s+be)"
_LANGUAGES = (
    r"antwort|r[e\u00e9]ponse|respuesta|resposta|risposta|antwoord|svar|cevap|odpowied\u017a|jawaban|jibu|"
    r"\u0111\u00e1p\s\u00e1n|\u043e\u0442\u0432\u0435\u0442|\u7b54\u6848|\u6b63\u89e3|\u7b54\u3048|\u7b54|\u9009|\u9078|"
    r"\uc815\ub2f5|\uc120\ud0dd\uc9c0|\ub2f5|\u0909\u0924\u094d\u0924\u0930|\u0989\u09a4\u09cd\u09a4\u09b0|"
    r"\u0627\u0644\u0625\u062c\u0627\u0628\u0629|\u0627\u0644\u062c\u0648\u0627\u0628"
)
_COPULA = (
    r"(?:\s+(?:ist|lautet|est|es|\u00e9|\u00e8|correcta|correcte|correta)|\u662f|\u4e3a|\u70ba|\u306f|\uc740|\ub294)*"
)
_CUE = (
    rf"(?i:\b{_NOUN}(?:\s+(?:choice|option|letter))?[\"'*_]*\s*(?:{_VERB}\b|=|:|-|\u2014|\u2192)+"
    r"|\bi(?:'d|\s+would|'ll|\s+will)?\s+(?:choose|pick|select|go\s+with|say|answer)\b"
    r"|\b(?:choose|pick|select|chose|picked|selected)\b"
    r"|\bgoing\s+with\b|\b(?:has|needs)\s+to\s+be\b|\bleaves\b|=>|\u2192|\bsondern\b|\u800c\u662f|\u5e94\u4e3a"
    r"|\bnot\s+\(?[A-Za-z0-9]\)?,?\s+but\b(?:\s+rather)?"
    rf"|(?:{_LANGUAGES}){_COPULA}\s*[:\u2192]?)"
    r"[\s:*_]*(?i:(?:the\s+)?(?:letter|option|choice|answer|number)\s+)?"
)
_BEHIND = (
    r"(?i:[\s)\]*_\"'`.:]*\s(?:(?:is|was|would\s+be|must\s+be|seems|looks)\s+(?:\w+ly\s+)*(?:the\s+)?"
    r"(?:\w+\s+likely\s+)?(?:best|correct|right|true|most|answer|one)\b|(?:fits|works|matches)\s+best\b))"
)
_NEGATIONS = r"(?:nicht|kein|no|non|pas|niet|\u043d\u0435|n\u00e3o|bukan|si|\u0644\u064a\u0633\w*)\b"
_ENDS = r"(?i:so|thus|hence|therefore|it's|it\s+is|it\s+must\s+be|think|believe|letter)"
_TAKEN_BACK = re.compile(
    r"(?:\b(?:not|never|except|neither|nor|cannot|rather\s+than|instead\s+of)|n't)\s+(?:be\s+|is\s+|choose\s+|pick\s+|select\s+)?"
    r"(?:the\s+)?(?:answer\s+|option\s+|choice\s+|letter\s+)*[\s(\[*_\"'`$]*$",
    re.IGNORECASE,
)
_DOUBTED = re.compile(
    r"(?:(?:n't|not)\s+(?:think|believe)|\bdoubt|\bexclude|\beliminate|\brule\s+out|\bmistake\s+to|\bunlikely)\b[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\s+(?!(?:because|since|as|is|and|or|for|which|but|not|by|with|rather|instead)\b)[a-z]+")
_REFUSED = re.compile(
    r"[\s)\]*_\"'`$.]*(?:\?(?!\s*yes)|\s(?:is|was|are|seems)(?:\s+\w+ly)?(?:n't|\s+(?:not|never|incorrect|wrong|false))\b)",
    re.IGNORECASE,
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_JOIN = r"[\s)\]*_\"'`$]*(?:,|/|&|\+|\s(?:and|or|und|oder|et|ou)\s)[\s(\[*_\"'`$]*"


def find_choice(text: str, choices: str) -> str | None:
    """The chosen one of the choices, in upper case; None where there is none.

    Args:
        choices: one character each.

    Raises:
        UnreadableError: several are chosen, or one is taken back.
    """
    box = find_boxed(text)
    if box is not None:
        content, known = plain(simplify(unwrap(box))), _patterns(choices)
        return _first_group(known.alone.fullmatch(content) or known.begins.match(content))
    line = re.sub(r"\n\s*\n", "\n", plain(simplify(text[-MAX_CHARACTERS:]))).strip()
    return _find(line, choices)


def read_choice(spelling: str, choices: str) -> str:
    """The choice that a spelling is, in words around it too, in upper case. UnreadableError if it is none."""
    found = find_choice(spelling, choices)
    if found is None:
        raise UnreadableError(f"it is none of the choices {choices}")
    return found


def _find(line: str, choices: str) -> str | None:
    known = _patterns(choices)
    alone = known.alone.fullmatch(line)
    if alone is not None:
        return _checked(alone, choices)
    refused: UnreadableError | None = None
    for pattern in (known.cue, known.behind, known.ends):
        try:
            taken = _last_taken(pattern, line, choices)
        except _TakenBackError as error:
            taken, refused = None, error
        if taken is not None:
            return taken
    begins = known.begins.match(line) if "\n" not in line else None
    if begins is not None:
        return _checked(begins, choices)
    ordinal = re.search(rf"(?i:\bthe\s+({'|'.join(_ORDINALS)})\s+(?:option|choice|answer|one))\W*$", line)
    if ordinal is not None and _ORDINALS.index(ordinal[1].lower()) < len(choices):
        return choices[_ORDINALS.index(ordinal[1].lower())].upper()
    items = [match for one in line.splitlines() if (match := known.item.match(one))]
    if items and items[-1].string == line.splitlines()[-1] and len({match[1] for match in items}) == 1:
        return _checked(items[-1], choices)
    if refused is not None:
        raise refused
    mentions = {_first_group(match) for match in known.mention.finditer(line)}
    return _last_taken(known.mention, line, choices) if len(mentions) == 1 else None


def _last_taken(pattern: re.Pattern[str], line: str, choices: str) -> str | None:
    """The last match that nothing takes back; UnreadableError where all are taken back."""
    refused = None
    for match in reversed(list(pattern.finditer(line))):
        try:
            return _checked(match, choices)
        except _TakenBackError as error:
            refused = refused or error
    if refused is not None:
        raise refused
    return None


class _TakenBackError(UnreadableError):
    """A choice is named, and not taken."""


def _checked(match: re.Match[str], choices: str) -> str:
    """The choice of a match.

    Raises:
        UnreadableError: another is taken with it, or it is taken back.
    """
    place = next(place for place, group in enumerate(match.groups(), 1) if group)
    chosen, line = match[place].upper(), match.string
    before, after = (
        line[max(0, match.start(place) - 60) : match.start(place)],
        line[match.end(place) : match.end(place) + 40],
    )
    letter = f"[{re.escape(choices.upper())}]"
    joined = re.match(rf"{_JOIN}({letter})(?![\w'])", after)
    preceding = re.search(rf"(?<![\w'])({letter}){_JOIN}$", before)
    for other in (joined, preceding):
        is_contrast = other is not None and re.search(r"(?i:unlike|than)\s*\(?$", before[: other.start()]) is not None
        if other is not None and other[1] != chosen and not (other is preceding and is_contrast):
            raise UnreadableError(f"two choices are taken together: {chosen} and {other[1]}")
    is_article = chosen == "A" and before[-1:] not in "([*" and _ARTICLE.match(after)
    if is_article or _TAKEN_BACK.search(before) or _DOUBTED.search(before) or _REFUSED.match(after):
        raise _TakenBackError(f"the choice {chosen} is taken back")
    return chosen


def _first_group(match: re.Match[str] | None) -> str | None:
    return next(group for group in match.groups() if group).upper() if match else None


class _Patterns:
    """The patterns of one set of choices."""

    def __init__(self, choices: str) -> None:
        capital = f"[{re.escape(choices.upper())}]"
        either = f"[{re.escape(choices.upper() + choices.lower())}]"
        free = r"(?<![A-Za-z0-9_'])"
        self.alone = re.compile(
            rf"{_OPEN}(?i:(?:the\s+)?(?:answer|option|choice|letter)\s*:?\s*)?{_OPEN}({either}){_CLOSE}"
        )
        self.begins = re.compile(
            rf"[\s(\[*_]*({capital})(?:(?:[*_]*[.):][*_]*(?!\d)|\s*[,\u2014-]\s|\s+-\s)(?!\s*{capital}\b)"
            r"|\s+(?:rather\s+than|and\s+not|but\s+not|instead\s+of)\s)"
        )
        self.cue = re.compile(rf"{_CUE}{_OPEN}(?:({capital}){_NO_WORD}|({either}){_NO_WORD}(?!\s+\w))")
        self.behind = re.compile(rf"{free}({capital}){_BEHIND}")
        self.ends = re.compile(
            rf"\b{_ENDS}\s*[,:]?{_OPEN}({capital}){_CLOSE}$|({capital})\?\s*(?i:yes)\W*$"
            rf"|(?i:{_LANGUAGES}|l\u00f6sung)(?:\s+(?!{_NEGATIONS})[^\W\d_]+){{1,3}}\s+({capital}){_CLOSE}$"
            rf"|(?:^|\n)[^\W\d_]+(?:\s[^\W\d_]+)?\s?:\s*({capital}){_CLOSE}$"
        )
        self.item = re.compile(rf"[\s*_(\[]*({capital})(?:[\s*_)\]]*$|[*_]*[.):](?!\d))")
        no_label = r"(?<!opyright\s)(?<!case\s)(?<!igure\s)"
        self.mention = re.compile(rf"{no_label}\(({capital})\)|\b(?i:option|choice)\s+({capital})\b")


@functools.cache
def _patterns(choices: str) -> _Patterns:
    return _Patterns(choices)
