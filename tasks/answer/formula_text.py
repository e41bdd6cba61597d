r"""A formula's text as math-verify reads it whole: without the unit at its end, its names as LaTeX commands.

Called by `structure.py`. What math-verify would read in part is refused.
"""

from __future__ import annotations

import re

from tasks.answer import units
from tasks.answer.brackets import are_balanced
from tasks.answer.parts import Formula
from tasks.answer.value import UnreadableError

FUNCTION = "(?:arc)?(?:sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|pi|min|max|gcd|lcm|mod|inf|infty|infinity)"
_NO_FORMULA = re.compile(
    r"\\[bp]?mod(?![A-Za-z])|\dx\d|\d\.\d+\.\d|^\s*(?:\\(?:[lg]e|[lg]t|ne|approx|times|cdot|sim)(?:q|slant)*(?![A-Za-z])|[<>=/^*])"
    r"|(?:\\(?:[lg]e|[lg]t|ne|approx|times|cdot|sim)(?:q|slant)*|[<>=/^*+-])\s*$"
)
"""what math-verify would read in part: remainders, 0x10, 1.2.3, a relation or an operation without one of its sides"""
_UNIT_AT_END = re.compile(r"\\(?:text|mathrm|mbox|textrm)\s*\{([^{}]*)\}\s*(?:\^\s*\{?\s*([23])\s*\}?)?\s*$")
_FUNCTIONS = re.compile(rf"\b{FUNCTION}\b")
_NAMED_FUNCTION = re.compile(
    r"\\(?:text|operatorname|mathrm)\s*\{\s*((?:arc)?(?:sin|cos|tan)|cot|sec|csc|log|ln|exp)\s*\}"
)
_IN_WORDS = re.compile(r"\\(?:text|math|operatorname|mbox)")
_PLAIN_ROOT = re.compile(r"(?<![A-Za-z\\])sqrt\s*(?:\(([^()]*)\)|(\w+))")
_PLAIN_NAME = re.compile(
    r"(?<![A-Za-z\\])((?:arc)?(?:sin|cos|tan)|cot|sec|csc|log|ln|exp|pi|infty|infinity|inf|alpha|beta|theta|lambda|"
    r"mu|sigma|phi|omega)(?![A-Za-z])"
)
_PLAIN_POWER = re.compile(r"\*\*\s*(?:\((-?\w+)\)|(-?\d+|\w))")


def whole_formula(text: str) -> Formula:
    """A formula without the unit at its end."""
    if _NO_FORMULA.search(text):
        raise UnreadableError(f"'{text}' is no whole formula")
    unit = _UNIT_AT_END.search(text)
    if (
        unit is not None
        and text[: unit.start()].strip()
        and (units.read_unit(unit[1].strip()) or re.fullmatch(r"[\sA-Za-z.]+", unit[1]))
    ):
        text = text[: unit.start()].strip()
    prose = re.sub(r"\\[A-Za-z]+", " ", text)
    if re.search(r"[A-Za-z]{4,}\s+[A-Za-z]{2,}", _FUNCTIONS.sub(" ", prose)):
        raise UnreadableError("words stand beside a formula")
    if not are_balanced(text.replace("\\{", "{").replace("\\}", "}")) and "(" not in text and "[" not in text:
        raise UnreadableError("its braces do not close")
    return Formula(_with_commands(text))


def _with_commands(text: str) -> str:
    """`2pi`, `sqrt(2)` and `x**2` as LaTeX writes them: math-verify takes their letters for a product."""
    text = _NAMED_FUNCTION.sub(r"\\\1 ", text)
    if _IN_WORDS.search(text):
        return text
    text = _PLAIN_POWER.sub(lambda found: f"^{{{found[1] or found[2]}}}", text)
    text = _PLAIN_ROOT.sub(lambda found: f"\\sqrt{{{found[1] or found[2]}}}", text)
    return _PLAIN_NAME.sub(lambda found: "\\infty " if found[1].startswith("inf") else f"\\{found[1]} ", text)
