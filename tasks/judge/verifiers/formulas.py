"""Equality of two formulas by math-verify, checked a second way. For killable workers only: sympy may never end."""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import Any

from tasks.answer.value import UnreadableError, spell

_POINTS = (Fraction(271, 389), Fraction(431, 257), Fraction(1009, 613))
_DIGITS = 30
_MAX_OPERATIONS = 80
"""a larger formula is not simplified: that may take seconds"""


def are_equal(found: str, expected: str) -> bool:
    """Whether two formulas in LaTeX are equal.

    Raises:
        UnreadableError: one of them is none, or math-verify calls equal what differs when it is computed.
    """
    from math_verify import verify as is_equal  # heavy: sympy

    mine, theirs = parse(found), parse(expected)
    if not theirs:
        raise ValueError(f"the gold answer {expected!r} cannot be read as mathematics")
    if not mine:
        raise UnreadableError("no mathematical answer found")
    if not is_equal(list(theirs), list(mine), timeout_seconds=None, raise_on_error=True):
        return False
    if _letters(found) != _letters(expected) and _letters(found.lower()) == _letters(expected.lower()):
        raise UnreadableError("their letters differ in case")
    if len(_PRIME.findall(found)) != len(_PRIME.findall(expected)):
        raise UnreadableError("one of them has a prime that the other has not")
    if not _agree(mine[0], theirs[0]):
        raise UnreadableError("math-verify calls equal what differs when it is computed")
    return True


@functools.lru_cache(maxsize=4096)
def parse(formula: str) -> tuple[Any, ...]:
    """What math-verify reads; empty if it reads nothing.

    Raises:
        UnreadableError: it reads only a part, as it does of `5x apples` and of some products (`2ab`).
    """
    if _TRIGONOMETRIC.search(formula):
        formula = _DEGREES.sub(r"(\\frac{\1 \\pi}{180})", formula)
    products = _BETWEEN_LETTERS.sub(r" \\cdot ", formula) if "\\" not in formula else formula
    for text in dict.fromkeys((formula, products)):
        parsed = _parse(text)
        if not parsed or _is_whole(parsed, text):
            return parsed
    raise UnreadableError(f"math-verify reads only a part of '{formula}'")


def _parse(formula: str) -> tuple[Any, ...]:
    from math_verify import parse as parse_text

    is_marked = "$" in formula or r"\boxed" in formula or r"\[" in formula
    text = formula if is_marked else f"${formula}$"
    return tuple(_with_unit(one) for one in parse_text(text, parsing_timeout=None, raise_on_error=True))


def _with_unit(expression: Any) -> Any:
    """The letter i as the imaginary unit, which \\sqrt{-1} is: math-verify takes it for a variable."""
    import sympy

    if not isinstance(expression, sympy.Basic):
        return expression
    return expression.subs({one: sympy.I for one in expression.free_symbols if str(one) == "i"})


_DEGREES = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)\s*(?:\^\s*\{?\s*\\circ\s*\}?|\\degree)")
_TRIGONOMETRIC = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")


_PRIME = re.compile(r"'|\\prime(?![A-Za-z])")
"""math-verify reads x' as x"""


def _letters(formula: str) -> set[str]:
    """The letters that are names; math-verify takes X for x."""
    return set(re.findall(r"[^\W\d_]", re.sub(r"\\(?:text|math[a-z]*|mbox)\s*\{[^{}]*\}|\\[A-Za-z]+", "", formula)))


_BETWEEN_LETTERS = re.compile(r"(?<=[A-Za-z0-9])(?=[A-Za-z])")
_COMMAND = re.compile(r"\\[A-Za-z]+|\W|_")


def _is_whole(parsed: tuple[Any, ...], formula: str) -> bool:
    """Whether the text that was read has all letters and digits of the formula."""
    texts = [one for one in parsed if isinstance(one, str)]
    return not texts or any(_COMMAND.sub("", text) == _COMMAND.sub("", formula) for text in texts)


def canonical(formula: str) -> str:
    """x = 5 is 5, as for math-verify; 1/2 is 0.5; (x + 1)^2 is x**2 + 2*x + 1."""
    parsed = parse(formula)
    if not parsed:
        raise UnreadableError("no mathematical answer found")
    try:
        return _spell(parsed[0])
    except (ArithmeticError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError):
        return formula  # sympy cannot simplify it; what is written stands for itself


def _spell(expression: Any) -> str:
    import sympy

    if isinstance(expression, sympy.Equality) and isinstance(expression.lhs, sympy.Symbol):
        return _spell(expression.rhs)
    if not isinstance(expression, sympy.Basic):
        return str(expression).strip()
    value = expression.doit()
    value = sympy.expand(value) if isinstance(value, sympy.Expr) else value
    if value.count_ops() <= _MAX_OPERATIONS:
        value = sympy.simplify(value)
    return spell(Fraction(int(value.p), int(value.q))) if isinstance(value, sympy.Rational) else str(value)


def _agree(mine: Any, theirs: Any) -> bool:
    """Whether two parsed formulas are equal when they are computed."""
    import sympy

    if isinstance(mine, str) or isinstance(theirs, str):
        return str(mine).strip() == str(theirs).strip()
    if mine == theirs:
        return True
    if isinstance(mine, sympy.Equality) and isinstance(theirs, sympy.Equality):
        one, other = mine.lhs - mine.rhs, theirs.lhs - theirs.rhs
        return _vanishes(one - other, one) or _vanishes(one + other, one)
    sides = [_side(one) for one in (mine, theirs)]
    if any(not isinstance(side, sympy.Expr) for side in sides):
        return False
    mine, theirs = sides
    return _vanishes(mine - theirs, mine)


def _vanishes(difference: Any, scale: Any) -> bool:
    return all(_is_zero_at(difference, scale, shift) for shift in range(len(_POINTS)))


def _side(expression: Any) -> Any:
    """Of an equation for one symbol its right side."""
    import sympy

    is_solved = isinstance(expression, sympy.Equality) and isinstance(expression.lhs, sympy.Symbol)
    return expression.rhs if is_solved else expression


def _is_zero_at(difference: Any, scale: Any, shift: int) -> bool:
    import sympy

    symbols = sorted(difference.free_symbols | scale.free_symbols, key=lambda symbol: symbol.name)
    points = {
        symbol: sympy.Rational(*_POINTS[(place + shift) % len(_POINTS)].as_integer_ratio()) + place
        for place, symbol in enumerate(symbols)
    }
    value, size = (sympy.N(part.subs(points), _DIGITS) for part in (difference, scale))
    if not value.is_number or value.has(sympy.nan, sympy.zoo):
        return False
    return bool(abs(value) <= sympy.Float(10) ** (-_DIGITS + 10) * (1 + abs(size)))
