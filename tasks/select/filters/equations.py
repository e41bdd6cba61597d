"""Equations in a text, and whether they hold. Used by `distinct_equations.py`; nothing is ever passed to `eval`."""

from __future__ import annotations

import operator
import re

_TOKEN = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+|//|[-+*/()]")
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv}
MAX_DEPTH = 50


def find_equations(text: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    """First group of every match (the whole match where the pattern has none), white space removed, in order."""
    return tuple("".join(match[min(1, pattern.groups)].split()) for match in pattern.finditer(text))


def holds(equation: str, tolerance: float) -> bool:
    """Whether all sides of `lhs=rhs` are numbers that differ by less than the tolerance. No `=`: it does not hold."""
    values = [evaluate(side) for side in equation.split("=")]
    first = values[0]
    if first is None or len(values) < 2:
        return False
    return all(value is not None and abs(value - first) < tolerance for value in values[1:])


def evaluate(expression: str) -> float | None:
    """Value of an expression of + - * / // ( ) and decimal numbers; None where it is none, or divides by zero."""
    tokens = _TOKEN.findall(expression)
    if "".join(tokens) != "".join(expression.split()):
        return None
    try:
        value = _sum(tokens, 0)
    except (ValueError, IndexError, ZeroDivisionError):
        return None
    return None if tokens else value


def _sum(tokens: list[str], depth: int) -> float:
    value = _product(tokens, depth)
    while tokens and tokens[0] in ("+", "-"):
        value = _OPERATORS[tokens.pop(0)](value, _product(tokens, depth))
    return value


def _product(tokens: list[str], depth: int) -> float:
    value = _factor(tokens, depth)
    while tokens and tokens[0] in ("*", "/", "//"):
        value = _OPERATORS[tokens.pop(0)](value, _factor(tokens, depth))
    return value


def _factor(tokens: list[str], depth: int) -> float:
    """A number, a signed factor or a sum in parentheses. IndexError or ValueError where there is none."""
    if depth > MAX_DEPTH:
        raise ValueError("too many parentheses or signs")
    token = tokens.pop(0)
    if token in ("+", "-"):
        return _OPERATORS[token](0.0, _factor(tokens, depth + 1))
    if token != "(":
        return float(token)
    value = _sum(tokens, depth + 1)
    if tokens.pop(0) != ")":
        raise ValueError("a parenthesis is not closed")
    return value
