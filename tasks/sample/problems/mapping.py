"""From a row of a file to a problem: templates for the prompt, extraction for answer and solution.

Called by `sources.py`. Templates are Jinja in its sandbox, over the row's fields; `row` is the whole row, for
fields whose names are not identifiers. A field that is missing or null is an error, never the text "None".
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from configs.errors import ProblemsError, RecipeError
from configs.schema.row_problems import Extract, ExtractAnswer, ExtractFields
from configs.schema.row_problems import Mapping as RowMapping
from infra.text.outside import explain_text
from tasks.core.records import Message, Problem
from tasks.judge.verifiers.finding import NO_NUMBER
from tasks.sample.problems.chats import read_chat
from tasks.sample.problems.sets import fingerprint

VERSION = 3
"""raised when a row would become another problem"""

ID_LENGTH = 16
"""hexadecimal digits of the prompt's SHA-256: 64 bits"""


def map_rows(rows: Iterable[Mapping[str, Any]], mapping: RowMapping, name: str, start: int = 0) -> Iterator[Problem]:
    """Rows as problems, in order.

    Args:
        rows: fields by name.
        mapping: the recipe's section.
        name: the source, for messages.
        start: number of the first row, for messages.

    Raises:
        ProblemsError: a row lacks a field, or a pattern does not match; the row is named.
        RecipeError: a template is not Jinja.
    """
    for number, row in enumerate(rows, start=start):
        yield map_row(row, mapping, f"{name}, row {number}")


def map_row(row: Mapping[str, Any], mapping: RowMapping, where: str) -> Problem:
    """One row as a problem; errors as of `map_rows`.

    Args:
        where: the row, for messages.
    """
    chat, written = _read_chat(row, mapping, where)
    if mapping.messages is not None:
        row = {**row, mapping.messages: written}  # answer and solution may be taken out of the last assistant turn
    gold = _extract(mapping.answer, row, "answer", where)
    solution = written if mapping.solution is None else _extract(mapping.solution, row, "solution", where)
    for message in chat:
        _check_text(message.content, "prompt" if message.role == "user" else message.role, where)
    return Problem(
        id=fingerprint(chat)[:ID_LENGTH] if mapping.id is None else _read_id(mapping.id, row, where),
        messages=chat,
        gold=(gold.strip() or None) if gold else None,
        solution=solution if solution and solution.strip() else None,
        tags=tuple(_read_tag(field, row, where) for field in mapping.tags),
    )


def _read_chat(row: Mapping[str, Any], mapping: RowMapping, where: str) -> tuple[tuple[Message, ...], str | None]:
    """What the model is asked, and the answer that the row's own chat gives; a system turn of the chat stays."""
    if mapping.messages is not None:
        chat, written = read_chat(_take(row, mapping.messages, "messages", where), mapping.messages, where)
    else:
        chat, written = (Message("user", render_fields(mapping.prompt, row, "mapping.prompt", where)),), None
    if mapping.system is not None and chat[0].role != "system":
        chat = (Message("system", render_fields(mapping.system, row, "mapping.system", where)), *chat)
    if written is not None:
        _check_text(written, "messages", where)
    return chat, written


def read_field(row: Mapping[str, Any], name: str, field: str, where: str) -> str:
    """The text of a field that a section of the recipe besides the mapping names.

    Raises:
        ProblemsError: the row has no such field, or nothing in it.
    """
    if name not in row:
        raise ProblemsError(
            f"{where}: no field '{name}', which {field} names", f"use the fields there are: {_fields(row)}"
        )
    text = _as_text(row[name], name, where)
    if not text.strip():
        raise ProblemsError(f"{where}: field '{name}' is empty, and {field} names it", "fill it, or leave out the row")
    return text


def _read_tag(field: str, row: Mapping[str, Any], where: str) -> str:
    text = _as_text(_take(row, field, "tags", where), field, where)
    _check_text(text, "tags", where)
    return f"{field}={text}"


def render_fields(template: str, row: Mapping[str, Any], field: str, where: str) -> str:
    """A row's fields filled into a template.

    Args:
        field: of the recipe, for messages: mapping.prompt.
        where: the row, for messages.

    Raises:
        ProblemsError: a field is missing or null, or nothing is left.
        RecipeError: the template is not Jinja.
    """
    compiled = _compile(template, field)
    try:
        text = compiled.render({"row": row, **row})
    except (TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ProblemsError(
            f"{where}: {field} cannot be filled in: {error}", f"use the fields there are: {_fields(row)}"
        ) from None
    if not text.strip():
        raise ProblemsError(f"{where}: {field} gives an empty text", "remove the row, or change the template")
    return text


@cache
def _compile(template: str, field: str) -> Template:
    environment = SandboxedEnvironment(undefined=StrictUndefined, finalize=_refuse_null)
    try:
        return environment.from_string(template)
    except TemplateSyntaxError as error:
        raise RecipeError(f"{field} is not a Jinja template: {error.message}", "write fields as {{ name }}") from None


def _refuse_null(value: Any) -> Any:
    if value is None:
        raise ValueError("a field is null")
    return value


def _extract(rule: Extract | ExtractFields | None, row: Mapping[str, Any], field: str, where: str) -> str | None:
    """The text a rule finds; None where there is no rule or the field is null."""
    if rule is None:
        return None
    if isinstance(rule, ExtractFields):
        return _as_json({name: _take(row, name, f"{field}.fields", where) for name in rule.fields}, where)
    value = _take(row, rule.field, f"{field}.field", where)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = _as_text(value, rule.field, where)
    _check_text(text, field, where)
    text = _search(rule, text, field, where)
    if isinstance(rule, ExtractAnswer) and rule.index_of is not None:
        return _choice(rule, text, where)
    return text


def _choice(rule: ExtractAnswer, text: str, where: str) -> str:
    """The choice that a number stands for."""
    choices = rule.index_of or ""
    place = int(text) - rule.first if re.fullmatch(r"\s*[0-9]{1,3}\s*", text) else -1
    if not 0 <= place < len(choices):
        raise ProblemsError(
            f"{where}: field '{rule.field}' holds {text!r}, and mapping.answer.index_of counts the choices {choices} "
            f"from {rule.first} to {rule.first + len(choices) - 1}",
            "correct the row, index_of, or first (0 or 1)",
        )
    return choices[place]


def _search(rule: Extract, text: str, field: str, where: str) -> str:
    if rule.pattern is None:
        return text
    match = re.search(rule.pattern, text)
    if match is None or not (match.group(1) or "").strip():
        raise ProblemsError(
            f"{where}: mapping.{field}.pattern {rule.pattern!r} finds nothing in field '{rule.field}': {text[-80:]!r}",
            "correct the pattern or the row",
        )
    return match.group(1)


def _check_text(text: str, field: str, where: str) -> None:
    if (complaint := explain_text(text)) is not None:
        raise ProblemsError(f"{where}: mapping.{field} gives a text with {complaint}", "correct or remove the row")


def _read_id(field: str, row: Mapping[str, Any], where: str) -> str:
    value = _take(row, field, "id", where)
    text = "" if value is None else _as_text(value, field, where).strip()
    if not text:
        raise ProblemsError(f"{where}: field '{field}' is empty, and mapping.id reads it", "fill it, or leave out id")
    _check_text(text, "id", where)
    return text


def _take(row: Mapping[str, Any], name: str, field: str, where: str) -> Any:
    if name not in row:
        raise ProblemsError(
            f"{where}: no field '{name}', which mapping.{field} reads", f"use the fields there are: {_fields(row)}"
        )
    return row[name]


def _as_json(values: dict[str, Any], where: str) -> str:
    try:
        text = json.dumps(values, ensure_ascii=False)
        _check_text(text, "fields", where)
        return text
    except (TypeError, ValueError) as error:
        raise ProblemsError(
            f"{where}: fields {', '.join(values)} cannot be written as JSON: {error}", "name fields with plain values"
        ) from None


def _as_text(value: Any, name: str, where: str) -> str:
    """A plain value as people write it: 51.0 is 51, true is true, a day is 2024-03-05."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isinf(value):
        return f"{NO_NUMBER}{value}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    if value is None or isinstance(value, str | int | float | datetime.date | datetime.time):
        return "" if value is None else str(value)
    raise ProblemsError(
        f"{where}: field '{name}' holds a {type(value).__name__}, not a text or a number",
        "name a field with plain values",
    )


def _fields(row: Mapping[str, Any]) -> str:
    return ", ".join(str(name) for name in row) or "none"
