r"""Verifier `math`: symbolic equality by math-verify (github.com/huggingface/Math-Verify), after an exact-number path.

The answer is what `pattern` finds, else the last \boxed{...}, else what math-verify finds in the end of the text. If
both answers are plain numbers they are compared exactly and math-verify is not asked.

math-verify limits its own time by SIGALRM, which works in a main thread only and does not stop native loops: that is
switched off here. Symbolic work can still take for ever (9^{9^{9^9}}), so this runs in killable workers alone.
"""

from __future__ import annotations

import functools
import logging
from fractions import Fraction
from typing import Any

from configs.schema.verifier import MathVerifier
from tasks.judge.verifiers.finding import Finding, explain_missing, find_answer_text
from tasks.judge.verifiers.number import Number, are_equal, read_number

VERSION = 1
MAX_ANSWER_CHARACTERS = 400
"""Longer answers are refused: parsing time grows fast with length."""
MAX_TEXT_CHARACTERS = 2000
"""How much of a text's end is searched for an answer that is not boxed."""


def warm_up() -> None:
    """Import math-verify and build its grammars, so that forks of this process need not."""
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that its own time-outs are off
    verify(r"\boxed{\frac{x}{2}}", "x/2", MathVerifier())
    extract(r"\boxed{\frac{x}{2}}", MathVerifier())


def verify(text: str, gold: str | None, config: MathVerifier) -> Finding:
    """Compare two mathematical expressions. Whatever math-verify raises is raised on: it is no verdict."""
    from math_verify import verify as is_equal  # heavy: sympy

    expected = (gold or "").strip()
    answer = _find_answer(text, config)
    if answer is not None and len(answer) > MAX_ANSWER_CHARACTERS:
        return Finding(note=f"answer longer than {MAX_ANSWER_CHARACTERS} characters")
    found_number, expected_number = read_number(answer or ""), read_number(expected)
    if found_number is not None and expected_number is not None:
        return Finding(str(found_number), are_equal(found_number, expected_number))
    if answer is None and config.pattern is not None:
        return Finding(note="no answer found by the pattern")
    parsed = _parse(text[-MAX_TEXT_CHARACTERS:]) if answer is None else _parse_answer(answer)
    if not parsed:
        return Finding(note="no mathematical answer found")
    is_correct = is_equal(list(_parse_gold(expected)), parsed, timeout_seconds=None, raise_on_error=True)
    return Finding(str(parsed[-1]), is_correct)


def extract(text: str, config: MathVerifier) -> str | None:
    """The answer in one spelling: rational numbers as `number` writes them, other expressions expanded and simplified.

    For killable workers only, like `verify`. Whatever sympy raises is raised on.
    """
    answer = _find_answer(text, config)
    if answer is not None and len(answer) > MAX_ANSWER_CHARACTERS:
        return None
    number = read_number(answer or "")
    if number is not None:
        return str(Number(number.value))
    if answer is None and config.pattern is not None:
        return None
    parsed = _parse(text[-MAX_TEXT_CHARACTERS:]) if answer is None else _parse_answer(answer)
    return _canonical(parsed[0]) if parsed else None


def _find_answer(text: str, config: MathVerifier) -> str | None:
    return find_boxed(text) if config.pattern is None else find_answer_text(text, config.pattern)


def _canonical(expression: Any) -> str:
    """x = 5 is 5, as for math-verify; 1/2 is 0.5; (x + 1)^2 is x**2 + 2*x + 1."""
    import sympy

    if isinstance(expression, sympy.Equality) and isinstance(expression.lhs, sympy.Symbol):
        return _canonical(expression.rhs)
    if not isinstance(expression, sympy.Basic):
        return str(expression).strip()
    value = expression.doit()
    value = sympy.simplify(sympy.expand(value) if isinstance(value, sympy.Expr) else value)
    return str(Number(Fraction(int(value.p), int(value.q)))) if isinstance(value, sympy.Rational) else str(value)


def explain_gold(gold: str | None, config: MathVerifier) -> str | None:
    """Why gold cannot be compared with; None if it can."""
    return explain_missing(gold)


def find_boxed(text: str) -> str | None:
    r"""Content of the last \boxed{...} whose braces balance, or None."""
    start = text.rfind(r"\boxed{")
    if start < 0:
        return None
    depth, begin = 0, start + len(r"\boxed")
    for position in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[begin + 1 : position].strip()
    return None


@functools.lru_cache(maxsize=4096)
def _parse_gold(gold: str) -> tuple[Any, ...]:
    """Parsed once for the many samples of a problem. ValueError if gold cannot be read."""
    parsed = _parse_answer(gold)
    if not parsed:
        raise ValueError(f"the gold answer {gold!r} cannot be read as mathematics")
    return tuple(parsed)


def _parse_answer(answer: str) -> list[Any]:
    is_marked = "$" in answer or r"\boxed" in answer or r"\[" in answer
    return _parse(answer if is_marked else f"${answer}$")


def _parse(text: str) -> list[Any]:
    from math_verify import parse

    return list(parse(text, parsing_timeout=None, raise_on_error=True))
