r"""Verifier `math`: mathematical equality.

The answer is what `pattern` finds, else the last \boxed{...}, else the last formula behind `answer is`, the last
formula of the text, or its last number. Numbers, words, tuples, sets and intervals are compared by the reader of
answers. Formulas are compared by math-verify (github.com/huggingface/Math-Verify); what it calls equal is computed a
second way, at some points with thirty digits, since it also calls equal what agrees to six digits.

math-verify limits its own time by SIGALRM, which works in a main thread only and does not stop native loops: that is
switched off here. Symbolic work can still take for ever (9^{9^{9^9}}), so this runs in killable workers alone.
"""

from __future__ import annotations

import functools
import logging
import re

from configs.schema.verifiers.kinds import MathVerifier
from tasks.answer.boxes import find_boxed
from tasks.answer.cues import find_turn
from tasks.answer.denials import refuse_governed
from tasks.answer.equal import same
from tasks.answer.find import find
from tasks.answer.formula_ends import is_exact, plain_end, roots, standing, stated_word, without_approximation
from tasks.answer.parts import Formula, Part, Terms, Words
from tasks.answer.scope import answered_part
from tasks.answer.settled import settled_locale
from tasks.answer.structure import read_part
from tasks.answer.value import Number, UnreadableError
from tasks.judge.verifiers import formulas
from tasks.judge.verifiers.finding import (
    Finding,
    explain_unread,
    find_answer_text,
    unread_has_no_answer,
    unread_has_no_verdict,
)

VERSION = 7
MAX_TEXT_CHARACTERS = 2000
"""How much of a text's end is searched for an answer that is not boxed."""


def warm_up() -> None:
    """Import math-verify and build its grammars, so that forks of this process need not."""
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that its own time-outs are off
    verify(r"\boxed{\frac{x}{2}}", "x/2", MathVerifier())
    extract(r"\boxed{\frac{x}{2}}", MathVerifier())


@unread_has_no_verdict
def verify(text: str, gold: str | None, config: MathVerifier) -> Finding:
    """Compare two mathematical answers. Whatever math-verify raises is raised on: it is no verdict."""
    expected = _read_gold((gold or "").strip(), config.locale)
    found = _find(text, config)
    if found is None:
        return Finding(note="no mathematical answer found")
    try:
        return Finding(key(found), are_equal(found, expected))
    except UnreadableError as error:
        return Finding(key(found), note=str(error))


@unread_has_no_answer
def extract(text: str, config: MathVerifier) -> str | None:
    """The answer in one spelling: rational numbers as `number` writes them, formulas expanded and simplified.

    For killable workers only, like `verify`. Whatever sympy raises is raised on.
    """
    found = _find(text, config)
    return None if found is None else key(found)


def explain_gold(gold: str | None, config: MathVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    return explain_unread(gold, lambda spelling: read_part(spelling, config.locale))


@functools.lru_cache(maxsize=4096)
def _read_gold(gold: str, locale: str) -> Part:
    """Parsed once for the many samples of a problem. ValueError if gold cannot be read."""
    try:
        return read_part(gold, locale)
    except UnreadableError as error:
        raise ValueError(f"the gold answer {gold!r} cannot be read as mathematics: {error}") from error


_CUE = re.compile(r"(?i:answer(?:\s+is|\s*:)+)[\s*_:}]*([^\n]{1,300})")
_MARKED = re.compile(r"(?:^|\n)####[ \t]*([^\n]{1,300})\s*$")
_PLAIN_FORMULA = re.compile(
    r"(?:\b(?:is|are|equals|be|get|gives)|=|:)\s+((?:\d|\u221a|\u03c0|sqrt|pi\b|[-+*/^()]|\s(?=\S))*(?:\u221a|\u03c0|sqrt|pi\b)"
    r"(?:\d|\u221a|\u03c0|sqrt|pi\b|[-+*/^()]|\s(?=\S))*)[.!]?\s*$"
)
"""a root or a multiple of pi without dollar signs, at the end of a sentence: `is sqrt(5)/2`"""
_ONE_TERM = re.compile(r"[*_`]*(?:\S{1,80}|[(\[{][^\n]{1,80}[)\]}]|[A-Za-z]\s?=\s?\S{1,40})[*_`.]*")
"""a cue is followed by nothing but an answer"""
_MATH = re.compile(
    r"\$\$([^$]{1,400})\$\$|\$(?!\d[\d.,]*\s(?:a\s|[A-Za-z]{2}))([^$\n]{1,400})\$(?![\d<])|\\\((.{1,400}?)\\\)|\\\[(.{1,400}?)\\\]",
    re.DOTALL,
)

_JOINED = re.compile(r"[\s,;]*\b(and|or|und|oder|et|ou|y|o|e|\u0438|\u0438\u043b\u0438)\b[\s,;]*|\s*[,;]\s*")
_CONDITION = re.compile(r"\b(?:when|if|for|at|where|since|with|let|as|because)\s+\Z", re.IGNORECASE)
"""before `$x=2$, $y=5$`: the second alone is an answer"""
_REASON = re.compile(r"(?:^|[.!?\n]\s*)(?:since|because|as|if|when|given|for)\s[^.!?\n]*$", re.IGNORECASE)
"""before `Since n exceeds $6$, $n=7$`: the same"""
_MAX_JOINED = 5


def _find(text: str, config: MathVerifier) -> Part | None:
    said = find_answer_text(text, config)
    if not said:
        return None
    if config.pattern is not None:
        return read_part(said, config.locale)
    said = answered_part(said)
    locale = settled_locale(said, config.locale)
    box = find_boxed(said)
    if box is not None:
        return read_part(box, locale) if box else None
    if said.rstrip().endswith("####"):
        raise UnreadableError("no answer stands behind ####")
    end = said[-MAX_TEXT_CHARACTERS:]
    cues = [*_CUE.finditer(end), *(_MARKED.finditer(end) if "####" in end else ())]
    if cues:
        refuse_governed(end, cues[-1].start())
        _refuse_turn(end[cues[-1].end() :])
    word = stated_word(end)
    if word is not None and not cues:
        return read_part(word, locale)
    for place in (cues[-1][1] if cues else "", end):
        formula = _last_formula(place, locale)
        if formula is not None:
            if place is end and _UNFINISHED.search(end):
                raise UnreadableError("the text ends before its answer")
            return read_part(_last_side(formula), locale)
        if place is not end and _ONE_TERM.fullmatch(place.strip()):
            return read_part(place.strip("*_` ").rstrip("*_`!. "), locale)
    plainly = plain_end(end)
    if plainly is not None:
        return read_part(plainly, locale)
    try:
        return find(end, locale)
    except UnreadableError:
        line = end.splitlines()[-1]
        said_plainly = _PLAIN_FORMULA.search(line) or _PLAIN_FORMULA.search(without_approximation(line))
        if said_plainly is None:
            raise
        return read_part(said_plainly[1], locale)


def _refuse_turn(rest: str) -> None:
    """UnreadableError where a text that goes on without another number or formula takes its answer back."""
    after = find_turn(rest)
    if after is not None and not re.search(r"[\d$]", after):
        raise UnreadableError("the text takes its answer back")


def _last_formula(text: str, locale: str) -> str | None:
    """The last formula of a text. UnreadableError where it is one of several answers: `$3$ or $5$`."""
    places = standing(text, list(_MATH.finditer(text))[-_MAX_JOINED:])
    found = [next(filter(None, match.groups())) for match in places]
    first = len(places) - 1
    while first > 0 and _are_joined(text, places[first - 1], places[first]):
        first -= 1
    several = roots(found[first:], text[places[-1].end() :]) if 0 <= first < len(places) - 1 else None
    if several is not None:
        return several
    if len(found) > 1 and first < len(found) - 1:
        one, other = (read_part(_last_side(formula), locale) for formula in found[-2:])
        if not are_equal(other, one):
            raise UnreadableError("the text ends in several formulas")
    return found[-1] if found else None


def _are_joined(text: str, first: re.Match[str], second: re.Match[str]) -> bool:
    joined = _JOINED.fullmatch(text, first.end(), second.start())
    if joined is None or joined[1] is not None:
        return joined is not None
    begins = text[max(0, first.start() - 120) : first.start()]
    return not (_CONDITION.search(begins) or _REASON.search(begins))


_OPERATION = re.compile(r"[^\s(]\s*[-+*/]|\\(?:cdot|times|frac)(?![A-Za-z])")
_VARIABLE = re.compile(r"(?<![A-Za-z\\])[a-z](?![A-Za-z])")
_UNFINISHED = re.compile(
    r"(?:\b(?:so|and|or|then|is|because|where|since|thus|hence|therefore|that|gives)|[,=:])\s*$", re.IGNORECASE
)


def _last_side(formula: str) -> str:
    """What a chain of equations ends in."""
    before, _, rounded = formula.rpartition("\\approx")
    if before and is_exact(_last_side(before)) and re.fullmatch(r"[\s\d.,-]+(?:\\.*)?", rounded):
        return _last_side(before)
    sides = re.split(r"(?<![<>!=\\])=(?!=)|\\approx(?![A-Za-z])", formula)
    is_relation = len(sides) == 2 and _OPERATION.search(sides[0]) and all(_VARIABLE.search(side) for side in sides)
    return formula if is_relation else sides[-1]


def are_equal(found: Part, expected: Part) -> bool:
    """Whether an answer is the expected one.

    Raises:
        UnreadableError: two ways to tell disagree.
    """
    if isinstance(found, Words) and isinstance(expected, Words):
        return _are_same_words(found, expected)
    if isinstance(found, Terms) or isinstance(expected, Terms):
        return isinstance(found, Terms) and isinstance(expected, Terms) and _are_same_terms(found, expected)
    if isinstance(found, (Words, Formula)) or isinstance(expected, (Words, Formula)):
        if _is_prose(found) or _is_prose(expected):
            return False
        return formulas.are_equal(_latex(found), _latex(expected))
    return same(found, expected)


def _is_prose(part: Part) -> bool:
    return isinstance(part, Words) and (len(part.text) > 3 or (part.is_name and len(part.text) > 1))


def _are_same_words(found: Words, expected: Words) -> bool:
    if str(found) == str(expected):
        return True
    is_product = 1 < len(expected.text) < 4 and expected.text.islower() and sorted(found.text) == sorted(expected.text)
    vowels = set(expected.text) & set("aeiou")
    if vowels - {"a"} or (vowels and len(expected.text) > 2):
        return False
    if is_product and vowels:
        raise UnreadableError(f"'{found.text}' is '{expected.text}' as a product, not as a word")
    return is_product


def _are_same_terms(found: Terms, expected: Terms) -> bool:
    """Terms of the same kind; a list may stand for a set, and in both the order does not count."""
    kinds = {found.kind, expected.kind}
    if kinds == {"()", ","}:
        if len(found.terms) == len(expected.terms) and all(map(are_equal, found.terms, expected.terms)):
            raise UnreadableError("a list beside a tuple")
        return False
    if (len(kinds) > 1 and kinds != {"{}", ","}) or len(found.terms) != len(expected.terms):
        return False
    if expected.is_ordered:
        return all(are_equal(mine, theirs) for mine, theirs in zip(found.terms, expected.terms, strict=True))
    left = list(expected.terms)
    for mine in found.terms:
        place = next((place for place, theirs in enumerate(left) if are_equal(mine, theirs)), None)
        if place is None:
            return False
        del left[place]
    return True


def _latex(part: Part) -> str:
    if isinstance(part, Formula):
        return part.text
    if isinstance(part, Words):
        return part.text
    if isinstance(part, Number):
        return f"({part.value})"
    raise UnreadableError(f"'{part}' beside a formula")


def key(part: Part) -> str:
    """A spelling in which equal answers look equal."""
    if isinstance(part, Terms):
        terms = [key(term) for term in part.terms]
        terms = terms if part.is_ordered else sorted(terms)
        opening, closing = {",": ("", ""), "|": ("", "")}.get(part.kind, tuple(part.kind))
        return opening + (" u " if part.kind == "|" else ", ").join(terms) + closing
    return formulas.canonical(part.text) if isinstance(part, Formula) else str(part)
