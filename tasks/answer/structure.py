r"""What a mathematical answer is made of: a number, words, terms in brackets or in a list, or one formula.

The reader of numbers reads numbers; this file finds the terms, so that order counts in a tuple and not in a set. What
is left is a formula, which the verifier `math` gives to math-verify.
"""

from __future__ import annotations

import re

from tasks.answer.brackets import bracketed, split
from tasks.answer.characters import simplify
from tasks.answer.formula_text import FUNCTION, whole_formula
from tasks.answer.latex import plain
from tasks.answer.number_words import read_number_words
from tasks.answer.parts import Formula, Part, Terms, Words
from tasks.answer.read import MAX_CHARACTERS, read
from tasks.answer.statement_words import words_of
from tasks.answer.value import Number, UnreadableError, Value
from tasks.answer.words import unwrap

_CLEAN = re.compile(r"(?<!\\)\\(?:left|right|[bB]igg?[lr]?|displaystyle|quad|qquad)(?![A-Za-z])|(?<!\\)\\[,;: ]")
_NAMED = re.compile(
    r"\s*(?:\(\s*(?:[A-Za-z]|\\[a-z]+)(?:\s*,\s*(?:[A-Za-z]|\\[a-z]+)){1,3}\s*\)\s*=(?!=)"
    r"|[A-Za-z](?:_\{?\w+\}?)?(?:\s*\(\s*[a-z]\s*\))?\s*(?:=|\\in(?![A-Za-z]))(?!=))"
)
_POINT_NAME = re.compile(
    r"[A-Z](?:_\{?\d\}?|')?\s*(?=\([^();]*;[^()]*\)$)|[ABD-OQ-Z](?:_\{?\d\}?|')?\s*(?=\([^()\[\],;]*,[^()]*\)$)"
)
"""`S(2; -3)`; with a comma `C(5, 2)` and `P(5, 2)` may be numbers"""
_GROUPED = re.compile(r"[-+$]*\\?\$?\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d+)?(?!\d)")
_WORD_PARTS = re.compile(r"\\text\{\s*(?:,\s*)?(?:and|or)\s*\}|\s(?:and|or)\s|\\(?:vee|lor)(?![A-Za-z])")
_UNION = re.compile(r"\\cup(?![A-Za-z])|\u222a")
_PLUS_MINUS = re.compile(r"\\pm(?![A-Za-z])|\u00b1")
_EMPTY = ("\\emptyset", "\\varnothing", "\u2205", "\\O")
_LETTERS = re.compile(r"[^\W\d_]+(?:[\s'-]+[^\W\d_]+)*")
_IN_BASE = re.compile(r"([0-9A-Fa-f,]+)_\(?(\d{1,2})\)?")
"""a number in another base is a name: nothing is worked out"""
_FIGURE = re.compile(r"\\(angle|triangle|overline|overrightarrow|odot|square|vec|widehat)\s*\{?\s*([A-Z]{2,6})\s*\}?")
"""a figure by the names of its points, whose order counts"""
_OF_FUNCTIONS = re.compile(rf"(?:[A-Za-z]\s)*{FUNCTION}(?:\s(?:{FUNCTION}|[A-Za-z]))*")
"""`pi`, `sin x`: no words of a language"""
_GREEK = words_of("alpha beta gamma delta epsilon theta lambda mu sigma phi omega rho tau psi zeta eta kappa chi")


def read_part(text: str, locale: str = "en", depth: int = 0) -> Part:
    """What a spelling is.

    Raises:
        UnreadableError: it is empty, too long, has unbalanced brackets, or holds prose beside a formula.
    """
    text = unwrap(_to_latex(text).replace("\\!", ""))
    text = unwrap(_CLEAN.sub(" ", text).strip().rstrip(".").strip()) if "\\" in text or "." in text[-1:] else text
    if not text.strip(" $") or len(text) > MAX_CHARACTERS or depth > 4:
        raise UnreadableError("it is empty" if not text.strip(" $") else f"longer than {MAX_CHARACTERS} characters")
    if text in _EMPTY:
        return Terms("{}", ())
    words = " ".join(plain(text).split())
    figure = _FIGURE.fullmatch(text)
    if figure is not None:
        return Words(figure[1] + " " + figure[2])
    in_base = _IN_BASE.fullmatch(words)
    if in_base is not None:
        return Words("_".join(in_base.groups()))
    if (number := read_number_words(words)) is not None:
        return Number(number)
    if (words == "R" and "mathbb" in text) or text in ("\u211d", "\\R", "\\reals"):
        return Terms("()", (Formula("-\\infty"), Formula("\\infty")))
    if words.lower() in _GREEK and words[1:].islower():
        return Formula(f"\\{words}")
    if _LETTERS.fullmatch(words) and "\\" not in words and not _OF_FUNCTIONS.fullmatch(words):
        return Words(words)
    point = _POINT_NAME.match(text) if text[:1].isupper() else None
    terms = _read_terms(text if point is None else text[point.end() :], locale, depth)
    if terms is not None:
        return terms
    named = _NAMED.match(text)
    if named is not None and text[named.end() :].strip():
        return read_part(text[named.end() :], locale, depth + 1)
    interval = _read_inequality(text, locale, depth)
    if interval is not None:
        return interval
    return _read_value(text, locale) or whole_formula(text)


def _read_value(text: str, locale: str) -> Value | None:
    try:
        return read(text, locale)
    except UnreadableError:
        return None


_SYMBOLS = {"\u221a": "\\sqrt ", "\u03c0": "\\pi ", "\u00d7": "\\times ", "\u00b7": "\\cdot ", "\u2264": "\\le ",
            "\u2265": "\\ge ", "\u221e": "\\infty ", "\u00b1": "\\pm ", "\u222a": "\\cup ", "\u00b0": "^\\circ ",
            "\u03b8": "\\theta ", "\u03b1": "\\alpha ", "\u03b2": "\\beta ", "\u03b3": "\\gamma ", 
            "\u03bb": "\\lambda ",            "\u03c3": "\\sigma ", "\u03c6": "\\phi ", "\u03c9": "\\omega ",
            "\u03bc": "\\mu ", "\u2260": "\\ne "}  # fmt: skip
_ROOT = re.compile("\u221a\\(?(\\w+)\\)?")


def _to_latex(text: str) -> str:
    """Characters of other scripts and of mathematics as LaTeX writes them."""
    if text.isascii():
        return text
    text = re.sub(r"\^\((-?\w+)\)", r"^{\1}", _ROOT.sub(r"\\sqrt{\1}", simplify(text)))
    return "".join(_SYMBOLS.get(character, character) for character in text)


_SIDES = re.compile(r"(?<!\\)(<|>|\\leq?(?:slant)?(?![A-Za-z])|\\geq?(?:slant)?(?![A-Za-z])|\\[lg]t(?![A-Za-z]))=?")


_RELATIONS = {"<": "<", "\\lt": "<", ">": ">", "\\gt": ">"}


def _read_inequality(text: str, locale: str, depth: int) -> Terms | None:
    """`x > 3` and `2 \\le x < 5` as intervals; None for anything else."""
    pieces = [piece.strip() for piece in _SIDES.split(text)]
    signs = [
        "<" if sign in ("<", "\\lt") else ">" if sign in (">", "\\gt") else "<=" if "l" in sign else ">="
        for sign in pieces[1::2]
    ]
    sides = pieces[::2]
    names = [place for place, side in enumerate(sides) if re.fullmatch(r"[A-Za-z]", side)]
    names = [1] if len(sides) == 3 and 1 in names else names
    if len(names) != 1 or len(sides) not in (2, 3) or (len(sides) == 3 and names != [1]) or not all(sides):
        return None
    if any(sign.startswith(">") for sign in signs):
        if any(sign.startswith("<") for sign in signs):
            return None
        sides, signs = sides[::-1], [sign.replace(">", "<") for sign in signs[::-1]]
        names = [len(sides) - 1 - names[0]]
    (place,) = names
    low = read_part(sides[0], locale, depth + 1) if place > 0 else Formula("-\\infty")
    high = read_part(sides[-1], locale, depth + 1) if place < len(sides) - 1 else Formula("\\infty")
    opening = "[" if place > 0 and signs[0] == "<=" else "("
    closing = "]" if place < len(sides) - 1 and signs[-1] == "<=" else ")"
    return Terms(opening + closing, (low, high))


def _terms(kind: str, pieces: list[str], locale: str, depth: int) -> Terms:
    """Terms with names of their own, such as `x = 2, y = 3`, are a tuple in the order of the names."""
    names = [_NAMED.match(piece) for piece in pieces]
    if kind == "," and all(names) and len({name[0].strip() for name in names if name}) == len(pieces):
        kind, pieces = "()", sorted(pieces, key=str.strip)
    return Terms(kind, tuple(read_part(piece, locale, depth + 1) for piece in pieces))


def _read_terms(text: str, locale: str, depth: int) -> Part | None:
    """Terms in brackets or in a list; None where there is one term only."""
    for pattern, kind in ((_UNION, "|"), (_WORD_PARTS, ",")):
        parts = split(text, pattern)
        if len(parts) > 1 and not _has_plain_value(text, locale):
            return _terms(kind, [part for part in parts if part.strip(" ,")], locale, depth)
    opening, inner, closing = bracketed(text)
    pieces = split(inner, re.compile(r"[,;]"))
    if len(pieces) > 1 and not (
        not opening and (_GROUPED.fullmatch(text.strip()) or _has_plain_value(text, locale, locale))
    ):
        return _terms(opening + closing or ",", pieces, locale, depth)
    if opening == "{":
        if inner.strip() in _EMPTY:
            return Terms("{}", (Terms("{}", ()),))  # a set that holds the empty one is not empty
        return read_part(inner, locale, depth + 1) if inner.strip() else Terms("{}", ())
    if len(_PLUS_MINUS.findall(text)) == 1:
        return Terms(",", tuple(read_part(_PLUS_MINUS.sub(sign, text), locale, depth + 1) for sign in ("+", "-")))
    return None


def _has_plain_value(text: str, locale: str, unless: str | None = None) -> bool:
    """Whether commas and words belong to one value: a date, 2 and a half, 1,234.5; in English 1,2 are two numbers."""
    value = _read_value(text, locale)
    return value is not None and not (
        unless == "en" and text.count(",") == 1 and re.search(r"\d,(?!\d{3}(?!\d))\d", text)
    )
