r"""Where the answer of a problem of reasoning-gym stands in a text, and whether it may be shown to the package.

Answers are texts of any number of lines, so cues are taken only where they are sure: `answer is`, `Answer:`.
"""

from __future__ import annotations

import ast
import re

from tasks.answer.boxes import find_boxed
from tasks.answer.words import unwrap
from tasks.judge.verifiers.finding import find_last

LITERALS = frozenset({"binary_matrix", "n_queens", "spiral_matrix", "string_insertion"})
"""tasks whose answers the package evaluates as Python: they are lists"""
FORMULAS = frozenset(
    {"countdown", "intermediate_integration", "polynomial_multiplication", "puzzle24", "simple_integration"}
)
"""tasks whose answers the package gives to sympy's parser, which evaluates them as Python"""

_TAGGED = re.compile(r"<answer>(.*?)</answer>", re.DOTALL | re.IGNORECASE)
_CUE = re.compile(r"\banswer[\s*_]*(?:(?:is|are)\b(?:[\s*_]*[:=])?|[:=])", re.IGNORECASE)
_BOLD_ENDS = re.compile(r"[ \t]*(?:\*\*|__)(?=\s)")
"""of a cue in bold: `**Answer:** 12`"""
_EMPTY_LINE = re.compile(r"\n\r?\n")
"""lines of blanks may belong to a puzzle"""
_FENCE = re.compile(r"```[^\n`]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_PLAIN_NODES = (
    ast.Expression, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Name, ast.Load, ast.UnaryOp, ast.unaryop,
    ast.BinOp, ast.operator, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop,
)  # fmt: skip
_FORMULA = re.compile(r"[A-Za-z0-9_\s+\-*/^().,!=]*")
_NAME = re.compile(r"[A-Za-z_]\w*")
_FUNCTIONS = frozenset(
    ("sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
     "atanh", "exp", "log", "ln", "sqrt", "pi", "Abs", "abs", "erf", "Rational", "oo")
)  # fmt: skip
_EXPONENT = re.compile(r"[eE][0-9]+")
_INDEXED = re.compile(r"[A-Za-z]_?[0-9]{1,3}")


def find_gym_answer(said: str) -> str | None:
    """The answer of a text that is no thinking; None where it is empty.

    Raises:
        UnreadableError: the last box does not end, or there are several.
    """
    answer = _find(said)
    fenced = _FENCE.findall(answer)
    return (fenced[-1] if fenced else answer).strip("\n").rstrip() or None


def _find(said: str) -> str:
    if tagged := _TAGGED.findall(said):
        return str(tagged[-1]).strip()
    if (box := find_boxed(said)) is not None:
        return unwrap(box)
    mark = said.rfind("####")
    if mark >= 0:
        return _first_block(said[mark:].lstrip("#"))
    cue = find_last(_CUE, said)
    return said if cue is None else _first_block(said[cue.end() :])


def _first_block(rest: str) -> str:
    """What follows a cue, up to an empty line. On the cue's own line a full stop ends the sentence, and the answer."""
    bold = _BOLD_ENDS.match(rest)
    rest = rest[bold.end() :] if bold else rest
    is_below = rest.strip(" \t")[:1] in ("\n", "\r")
    rest = rest.lstrip()
    if rest.startswith("```"):
        return rest
    block = _EMPTY_LINE.split(rest, maxsplit=1)[0].rstrip()
    line, _, more = block.partition("\n")
    if is_below:
        return block if more else unwrap(block)
    return block if more and not line.rstrip("* ").endswith(".") else unwrap(unwrap(line).removesuffix("."))


def explain_danger(answer: str, task: str) -> str | None:
    """Why the package must not evaluate an answer of this task, in words; None if it may see it."""
    if task in LITERALS and not _is_harmless(answer):
        return "the answer is a program, and not a list: it is not evaluated"
    if task in FORMULAS and not _is_formula(answer):
        return "the answer is no formula: it is not evaluated"
    return None


def _is_harmless(answer: str) -> bool:
    """Whether evaluating it calls nothing and looks nothing up but names; what is no Python is not evaluated at all."""
    try:
        tree = ast.parse(answer.lstrip(" \t"), mode="eval")
    except SyntaxError:
        return True
    except (ValueError, RecursionError, MemoryError):
        return False
    return all(isinstance(node, _PLAIN_NODES) for node in ast.walk(tree))


def _is_formula(answer: str) -> bool:
    """Digits, signs, brackets, one-letter names and the functions of mathematics."""
    if _FORMULA.fullmatch(answer) is None or re.search(r"\.\s*[A-Za-z_]", answer) is not None:
        return False
    names = _NAME.findall(answer)
    return all(
        len(name) == 1 or name in _FUNCTIONS or _EXPONENT.fullmatch(name) or _INDEXED.fullmatch(name) for name in names
    )
