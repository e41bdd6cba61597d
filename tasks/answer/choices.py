r"""Which choice a text takes, in the words in which people and models choose.

The choice is taken from the first of these that occurs, the last occurrence each:

1. the last \boxed{...}, which must be a choice
2. the text is the choice alone, in any case: `b`, `(B)`, `**B**.`
3. a cue before it: `answer is B`, `ANSWER: (b)`, `I choose B`, `the best option is **B**`, in the languages of the
   multilingual sets too. A small letter counts only where no word follows, so that `the answer is a trick` holds none.
4. a cue behind it: `B is the correct answer`, `(B) is right`
5. the text ends in it: `so it is B.`, `the second option.`; or is one line that begins with it: `B, because`
6. the last line begins with it as an item: `B. Paris`, `B) 7`; not where that line ends a list of all choices
7. a choice in parentheses, or after option or choice, where no other is and words beside it speak for it: `so (C) it
   is`, `I take option C`; not `I dislike (C)`

Letters elsewhere in prose are never read as a choice: neither the article A nor the vitamin C. Two choices that are
taken together (`A or B`, `both A and C`) cannot be read, nor can one that is taken back (`the answer is not B`).
"""

from __future__ import annotations

import functools
import re

from tasks.answer.boxes import find_boxed
from tasks.answer.characters import simplify
from tasks.answer.choice_words import (
    ARTICLE,
    BACKED,
    BACKS,
    BEHIND,
    CLOSE,
    CUE,
    DOUBTED,
    ENDS,
    JOIN,
    LANGUAGES,
    NEGATIONS,
    NO_WORD,
    OPEN,
    ORDINALS,
    REFUSED,
    TAKEN_BACK,
)
from tasks.answer.latex import plain
from tasks.answer.value import UnreadableError
from tasks.answer.words import unwrap

MAX_CHARACTERS = 4000
"""how much of a text's end is looked at"""


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
    ordinal = re.search(rf"(?i:\bthe\s+({'|'.join(ORDINALS)})\s+(?:option|choice|answer|one))\W*$", line)
    if ordinal is not None and ORDINALS.index(ordinal[1].lower()) < len(choices):
        return choices[ORDINALS.index(ordinal[1].lower())].upper()
    items = [match for one in line.splitlines() if (match := known.item.match(one))]
    if items and items[-1].string == line.splitlines()[-1] and len({match[1] for match in items}) == 1:
        return _checked(items[-1], choices)
    if refused is not None:
        raise refused
    mentions = list(known.mention.finditer(line))
    backed = [match for match in mentions if _is_backed(match)]
    is_one = len({_first_group(match) for match in mentions}) == 1
    return _checked(backed[-1], choices) if is_one and backed else None


def _is_backed(match: re.Match[str]) -> bool:
    """Whether what stands around a choice speaks for it: many words name a choice, and most of them not to take it."""
    before, after = match.string[max(0, match.start() - 60) : match.start()], match.string[match.end() :]
    return BACKS.search(before) is not None or BACKED.match(after, 0, 60) is not None


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
    if chosen == choices[0].upper() and _begins_list(line[match.end(place) : match.end(place) + 200], choices):
        raise _TakenBackError("the choices are listed")
    letter = f"[{re.escape(choices.upper())}]"
    joined = re.match(rf"{JOIN}({letter})(?![\w'])", after)
    preceding = re.search(rf"(?<![\w'])({letter}){JOIN}$", before)
    for other in (joined, preceding):
        is_contrast = other is not None and re.search(r"(?i:unlike|than)\s*\(?$", before[: other.start()]) is not None
        if other is not None and other[1] != chosen and not (other is preceding and is_contrast):
            raise UnreadableError(f"two choices are taken together: {chosen} and {other[1]}")
    is_article = chosen == "A" and before[-1:] not in "([*" and ARTICLE.match(after)
    if is_article or TAKEN_BACK.search(before) or DOUBTED.search(before) or REFUSED.match(after):
        raise _TakenBackError(f"the choice {chosen} is taken back")
    return chosen


def _begins_list(after: str, choices: str) -> bool:
    """Whether the next choices follow on the same line, each with its own text: `(A) 3 (B) 4 (C) 5`."""
    part = r"[).:](?:(?!\b(?:because|since|as|whereas|while|but|not|so|is|answer)\b)[^\n]){0,60}?"
    following = r"[\s(,]".join((part, *(re.escape(one.upper()) + part for one in choices[1:3])))
    return len(choices) > 2 and re.match(following, after) is not None


def _first_group(match: re.Match[str] | None) -> str | None:
    return next(group for group in match.groups() if group).upper() if match else None


class _Patterns:
    """The patterns of one set of choices."""

    def __init__(self, choices: str) -> None:
        capital = f"[{re.escape(choices.upper())}]"
        either = f"[{re.escape(choices.upper() + choices.lower())}]"
        free = r"(?<![A-Za-z0-9_'])"
        self.alone = re.compile(
            rf"{OPEN}(?i:(?:the\s+)?(?:answer|option|choice|letter)\s*:?\s*)?{OPEN}({either}){CLOSE}"
        )
        self.begins = re.compile(
            rf"[\s(\[*_]*({capital})(?:(?:[*_]*[.):][*_]*(?!\d)|\s*[,\u2014-]\s|\s+-\s)(?!\s*{capital}\b)"
            r"|\s+(?:rather\s+than|and\s+not|but\s+not|instead\s+of)\s)"
        )
        self.cue = re.compile(rf"{CUE}{OPEN}(?:({capital}){NO_WORD}|({either}){NO_WORD}(?!\s+\w))")
        self.behind = re.compile(rf"{free}({capital}){BEHIND}")
        self.ends = re.compile(
            rf"\b{ENDS}\s*[,:]?{OPEN}({capital}){CLOSE}$|({capital})\?\s*(?i:yes)\W*$"
            rf"|(?i:{LANGUAGES}|l\u00f6sung)(?:\s+(?!{NEGATIONS})[^\W\d_]+){{1,3}}\s+({capital}){CLOSE}$"
            rf"|(?:^|\n)[^\W\d_]+(?:\s[^\W\d_]+)?\s?:\s*({capital}){CLOSE}$"
        )
        self.item = re.compile(rf"[\s*_(\[]*({capital})(?:[\s*_)\]]*$|[*_]*[.):](?!\d))")
        no_label = r"(?<!opyright\s)(?<!case\s)(?<!igure\s)"
        self.mention = re.compile(rf"{no_label}\(({capital})\)|\b(?i:option|choice)\s+({capital})\b")


@functools.cache
def _patterns(choices: str) -> _Patterns:
    return _Patterns(choices)
