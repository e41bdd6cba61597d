r"""How a text without a mark ends that states mathematics: which of its formulas stands, all roots, a point, a word.

Called by the verifier `math`, which finds the formulas.
"""

from __future__ import annotations

import re

from tasks.answer.characters import simplify
from tasks.answer.statement_words import words_of
from tasks.answer.value import UnreadableError

_NOT = (
    r"(?:not|rather\sthan|instead\sof|nicht|statt|no|pas|plut\u00f4t\sque|non|n\u00e3o|niet|nie|\u043d\u0435|\u4e0d\u662f|\u800c\u4e0d\u662f|\u800c\u975e|"
    r"\u3067\u306f\u306a\u304f)"
)
_JOIN = r"(?:and|but|und|aber|y|et|e|ma|mas|\u0430|\u0438)"
_DENIED = re.compile(
    rf"[\s.,;:*\u2014-]*\(?\s*(?:{_JOIN}\s)?(?:(?:it\sis|it's|is|this\sis)\s)?{_NOT}\s*", re.IGNORECASE
)
"""between a formula and one that it is not: `$3$, not $5$`, `$3$. (Not $5$, ...)`"""
_NEAR = re.compile(
    r"[\s,;(\u2014-]*(?:\w+ly[\s,]+)?(?:(?:(?:which|that|and|this|it)\s)?(?:is|are)\s)?(?:(?:very|quite|pretty|rather|fairly)\s)?"
    r"(?:close\sto|near|nearly|almost|not\sfar\sfrom|just\s(?:under|over|below|above)|nahe\s(?:an|bei)|fast|cerca\sde|casi|proche\sde|"
    r"presque|quasi|vicino\sa|perto\sde|\u043f\u043e\u0447\u0442\u0438|\u63a5\u8fd1|\u7ea6\u7b49\u4e8e)\s*",
    re.IGNORECASE,
)
"""between a formula and one that it is only near"""
_DENIED_BEFORE = re.compile(rf"(?:^|[\s(]){_NOT}[\s(]*$", re.IGNORECASE)
_ROOT = re.compile(r"\s*([A-Za-z](?:_\{?\w\}?)?)\s*=\s*([^=<>]+?)\s*")
_PLAIN_ROOTS = re.compile(
    r"(?<![\w$])([a-z])\s?=\s?([^\s=,;]{1,20})(?:,?\s(?:or|and|oder|ou|o|e|und|\u0438\u043b\u0438)|,)\s\1\s?=\s?([^\s=,;]{1,20}?)[.!]?\s*$"
)
_REJECTED = re.compile(
    r"\b(?:but|however|only|reject\w*|extraneous|discard\w*|invalid|not|negative|except|unless|aber|nur|pero|mais|ma)\b|n't\b",
    re.IGNORECASE,
)
_POINT = re.compile(
    r"(?:\b(?:is|are|at|est|ist|es|son|point|punkt|punto|ponto|vertex)|[=:\u00e9\u00e8])\s+(?:(?:the|le|der|el|il|o)\s)?(?:(?:point|punkt|punto|ponto)\s)?"
    r"(?:[A-Z]'?_?\d?\s?)?(\(\s?-?[^\s(),;]{1,12}\s?(?:;|,(?=\s))\s?-?[^\s(),;]{1,12}(?:\s?(?:;|,(?=\s))\s?-?[^\s(),;]{1,12})?\s?\))[.!]?\s*$",
    re.IGNORECASE,
)
_NAMED_POINT = re.compile(r"(?<!\w)[A-Z]'?\s?(\(\s?-?[^\s(),;]{1,12}\s?;\s?-?[^\s(),;]{1,12}\s?\))[.!]?\s*$")
_NO_POINT = re.compile(r"(?<![A-Za-z])[CPf]\s?\([^;]*$")
"""a binomial or a function, unless its terms are parted as a point's alone are"""
_WORD = re.compile(
    r"(?:^|[.,;:]\s+)(?:(?:so|thus|hence|therefore|then)\s)?(?:the|its|their|this|le|la|der|die|das|el|a|o|il)\s(?:[^\W\d_]+\s){1,5}(?:is|are|est|ist|es|\u00e9|\u00e8)\s"
    r"\*\*([^\W\d_]{3,}(?:\s[^\W\d_]+)?)\*\*[.!]?\s*$",
    re.IGNORECASE,
)
_JUDGING = words_of(
    "correct right wrong incorrect true false valid invalid done complete solved final unclear unknown undefined"
)
_APPROXIMATION = re.compile(r"\s*[\u2248~]\s*-?[\d.,]+\s?(?:[^\W\d_]{1,6}(?:\^?2|\^\(2\))?)?[.!]?\s*$")
_UNIT = re.compile(r"(?<=\S)\s(?:cm|mm|m|km|in|ft|units?)(?:\^\(?[23]\)?)?[.!]?\s*$")
_EXACT = re.compile(r"\\(?:pi|sqrt|d?frac|ln|log)(?![A-Za-z])|\u03c0|\u221a|(?<![A-Za-z\\])e\^")


def standing(text: str, places: list[re.Match[str]]) -> list[re.Match[str]]:
    """The formulas without those at the end that the text says the answer is not, or is only near.

    Raises:
        UnreadableError: the last one is denied, and no other stands directly before it.
    """
    while places:
        last = places[-1]
        gap = text[places[-2].end() : last.start()] if len(places) > 1 else ""
        if len(places) > 1 and (_DENIED.fullmatch(gap) or _NEAR.fullmatch(gap)):
            places = places[:-1]
        elif _DENIED_BEFORE.search(text[max(0, last.start() - 24) : last.start()]):
            raise UnreadableError("the text says that its last formula is not the answer")
        else:
            break
    return places


def roots(formulas: list[str], rest: str) -> str | None:
    """All values that the last formulas give the same name, as a list; None where they are no such solutions.

    Args:
        formulas: that are joined with one another, in order.
        rest: what follows the last of them. UnreadableError where that may reject one.
    """
    found = [_ROOT.fullmatch(formula) for formula in formulas]
    named = [one for one in found if one is not None]
    if len(named) < len(formulas) or len({one[1] for one in named}) != 1 or len(named) < 2:
        return None
    if _REJECTED.search(rest):
        raise UnreadableError("the text rejects one of several solutions")
    return "; ".join(one[2] for one in named)


def plain_end(text: str) -> str | None:
    """What the last line of a text without dollar signs ends in: roots, a point, or an exact value before `~ 31.4`."""
    line = simplify(text.rstrip()).rpartition("\n")[2][-400:]
    both = _PLAIN_ROOTS.search(line)
    if both is not None:
        return f"{both[2]}; {both[3]}"
    point = _NAMED_POINT.search(line) or _POINT.search(line)
    if point is not None and _NO_POINT.search(point[0]) is None:
        return point[1]
    return None


def without_approximation(line: str) -> str:
    """A line without its last side, where that is but a decimal for what stands before it, and without its unit."""
    return _UNIT.sub("", _APPROXIMATION.sub("", simplify(line)))


def stated_word(text: str) -> str | None:
    """The bold word that the last sentence says something is: `the function is **even**.`"""
    found = _WORD.search(text[-200:])
    return None if found is None or not _JUDGING.isdisjoint(found[1].lower().split()) else found[1]


def is_exact(side: str) -> bool:
    """Whether a side of a chain is a value that a decimal can only approximate."""
    return _EXACT.search(side) is not None
