"""Calls of tools, read as structures: a name, and arguments by name, without anything being run. Pure.

Written as in Python, `f(a=1)` or `[f(a=1), g()]`, or as JSON, `{"name": "f", "arguments": {"a": 1}}` or a list of such,
with `parameters` for `arguments`, and with arguments that are JSON within a text, as servers send them.

`spell` writes equal calls alike: arguments by name, numbers in their shortest form, so that 1, 1.0 and 1e0 are one.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from tasks.answer.value import UnreadableError

MOST_CHARS = 20_000
_TAGS = re.compile(r"(?s)<tool_call>(.*?)</tool_call>")
_FENCE = re.compile(r"(?ms)^[ \t]*```[^\n`]*\n(.*?)^[ \t]*```")
_JSON = re.compile(r"\[?\s*\{")
_WORDS = {"true": True, "false": False, "null": None}
"""as JSON writes them, within calls that are written as in Python"""

_MOST_DIGITS = 40
"""of a whole number that is written out; larger ones have an exponent"""

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
"""name, arguments by place, arguments by name"""


def read_calls(text: str) -> list[Call]:
    """The calls of a text, in their order.

    Raises:
        UnreadableError: there is none, or something else beside them.
    """
    if len(text) > MOST_CHARS:
        raise UnreadableError(f"calls of more than {MOST_CHARS:,} characters")
    if tagged := _TAGS.findall(text):
        return [call for inside in tagged for call in _read(inside)]
    fenced = _FENCE.findall(text)
    return _read(fenced[-1] if fenced else text)


def spell(calls: Sequence[Call], *, ordered: bool = False) -> str:
    """Calls in the one form that equal ones have; without `ordered` in the order of their letters."""
    spelled = [_spell_call(*call) for call in calls]
    return "; ".join(spelled if ordered else sorted(spelled))


def _read(text: str) -> list[Call]:
    text = text.strip()
    try:
        found = _from_json(text) if _JSON.match(text) else _from_python(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"no call that can be read: {error}" if str(error) else "no call") from None
    if not found:
        raise UnreadableError("no call found")
    return found


def _from_json(text: str) -> list[Call]:
    tree = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=Decimal)
    return [_call_of(one) for one in (tree if isinstance(tree, list) else [tree])]


def _call_of(tree: Any) -> Call:
    if isinstance(tree, dict) and isinstance(tree.get("function"), dict):
        tree = tree["function"]
    if not isinstance(tree, dict) or not isinstance(name := tree.get("name"), str) or not name:
        raise ValueError("a call is {name, arguments}")
    told = tree.get("arguments", tree.get("parameters", {}))
    if isinstance(told, str):
        told = json.loads(told, object_pairs_hook=_once, parse_constant=_no_number, parse_float=Decimal)
    if not isinstance(told, dict):
        raise ValueError("arguments have names")
    return name, (), told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _from_python(text: str) -> list[Call]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is never run
        tree = ast.parse(text, mode="eval").body
    nodes = tree.elts if isinstance(tree, (ast.List, ast.Tuple)) else [tree]
    return [_call_at(node) for node in nodes]


def _call_at(node: ast.expr) -> Call:
    if not isinstance(node, ast.Call):
        raise ValueError("something that is no call")
    named: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg in named:
            raise ValueError("arguments that are not written out")
        named[keyword.arg] = _value(keyword.value)
    return _name(node.func), tuple(_value(one) for one in node.args), named


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    raise ValueError("a function without a name")


def _value(node: ast.expr) -> Any:
    """A literal; ValueError for anything that would have to be run."""
    if isinstance(node, ast.Name) and node.id in _WORDS:
        return _WORDS[node.id]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(one) for one in node.elts]
    if isinstance(node, ast.Dict) and None not in node.keys:
        keys = [_value(key) for key in node.keys if key is not None]
        if not all(isinstance(key, str) for key in keys) or len(set(keys)) < len(keys):
            raise ValueError("keys are texts, each once")
        return dict(zip(keys, map(_value, node.values), strict=True))
    found = ast.literal_eval(node)
    if isinstance(found, (str, bool, int, float)) or found is None:
        return found
    raise ValueError("a value that is no text, number, list or mapping")


def _spell_call(name: str, placed: tuple[Any, ...], named: dict[str, Any]) -> str:
    inside = [*(_spell(one) for one in placed), *(f"{key}={_spell(named[key])}" for key in sorted(named))]
    return f"{name}({', '.join(inside)})"


def _spell(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_spell(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_spell, value)) + "]"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return _spell_number(value if isinstance(value, Decimal) else Decimal(repr(value)))


def _spell_number(value: Decimal) -> str:
    if not value.is_finite():
        raise UnreadableError("a number that is not finite")
    if value == value.to_integral_value() and value.adjusted() < _MOST_DIGITS:
        return str(int(value))
    return str(value.normalize())
