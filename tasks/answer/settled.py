r"""Which of two readings of a separator a text itself settles: `250 * 5 = 1.250` is a thousand and more.

Called by `find.py` and by the verifier `math`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fractions import Fraction

from tasks.answer.characters import simplify
from tasks.answer.locales import conventions
from tasks.answer.numbers import LITERAL, read_literal
from tasks.answer.value import UnreadableError

_POINT, _COMMA, _SHORT_COMMA = (re.compile(one) for one in (r"\.\d{3}(?![\d.])", r",\d{3}(?!\d)", r",\d{1,2}(?!\d)"))
_BETWEEN = r"\s?(?:[$\u20ac\u00a3%]|[^\W\d_x]{1,12}\.?)?\s?"
_EQUATION = re.compile(
    rf"(?P<one>{LITERAL}){_BETWEEN}(?P<sign>[-+*/:x\u00d7\u00f7\u00b7]|\\(?:times|cdot|div))\s?[$\u20ac\u00a3]?(?P<other>{LITERAL})"
    rf"{_BETWEEN}=\s?[$\u20ac\u00a3]?(?P<result>{LITERAL})"
)
_WORKED: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add, "-": operator.sub, "/": operator.truediv, ":": operator.truediv, "\u00f7": operator.truediv,
    "\\div": operator.truediv,
}  # fmt: skip
"""all others multiply"""


def settled_locale(text: str, locale: str) -> str:
    """The locale, or one with the other decimal separator where only that makes the text's equations true."""
    if not _has_two_readings(text) or "=" not in text:
        return locale
    mine = conventions(locale).decimal
    other = "," if mine == "." else "."
    equations = [
        (_holds(found, mine), _holds(found, other))
        for found in _EQUATION.finditer(simplify(text))
        if _POINT.search(found[0]) or _COMMA.search(found[0])
    ]
    is_settled = any(theirs and not ours for ours, theirs in equations) and not any(
        ours and not theirs for ours, theirs in equations
    )
    return locale if not is_settled else "de" if other == "," else "en"


def _has_two_readings(text: str) -> bool:
    """Whether a point stands before three digits; or a comma, where another one is no separator of thousands."""
    return _POINT.search(text) is not None or (
        "," in text and _SHORT_COMMA.search(text) is not None and _COMMA.search(text) is not None
    )


def _holds(found: re.Match[str], decimal: str) -> bool:
    """Whether an equation is true where its numbers are read with a decimal separator."""
    try:
        one, other, result = (read_literal(found[name], decimal) for name in ("one", "other", "result"))
        return _WORKED.get(found["sign"], operator.mul)(one, other) == result
    except (UnreadableError, ZeroDivisionError):
        return False
