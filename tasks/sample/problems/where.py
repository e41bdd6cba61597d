"""Which rows a source takes: `where`, a Jinja expression over the row's fields or a function of the user's.

Called by `rows.py`. It has to say true or false: a text that happens to be not empty says neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from configs.errors import ProblemsError
from configs.schema.row_problems import ExpressionWhere, PythonWhere
from tasks.core.user_function import load_function

Row = dict[str, Any]
IsWanted = Callable[[Row, str], bool]
"""from a row, and how messages name it, to whether it is taken; ProblemsError where that cannot be said"""


def build_where(where: ExpressionWhere | PythonWhere) -> IsWanted:
    """What says of a row whether it is taken.

    Raises:
        UserError: there is no such file or function.
    """
    ask, told = (_ask_expression(where), where.expression) if where.kind == "expression" else _ask_function(where)

    def is_wanted(row: Row, name: str) -> bool:
        try:
            answer = ask(row)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise ProblemsError(f"{name}: `where` fails ({told}): {reason}", _fix(where, error, row)) from None
        if not isinstance(answer, bool):
            raise ProblemsError(
                f"{name}: `where` gives {repr(answer)[:80]} ({told}), neither true nor false",
                "write a comparison, such as \"Type == 'Sum'\""
                if where.kind == "expression"
                else "return True or False",
            )
        return answer

    return is_wanted


def _ask_expression(where: ExpressionWhere) -> Callable[[Row], Any]:
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    compiled = environment.compile_expression(where.expression, undefined_to_none=False)

    def ask(row: Row) -> Any:
        answer = compiled({"row": row, **row})
        if isinstance(answer, StrictUndefined):
            bool(answer)  # raises, with the name of the field
        return answer

    return ask


def _ask_function(where: PythonWhere) -> tuple[Callable[[Row], Any], str]:
    function = load_function(where.function, "where.function", "(row)")
    return (lambda row: function(dict(row))), where.function


def _fix(where: ExpressionWhere | PythonWhere, error: Exception, row: Row) -> str:
    if where.kind == "python":
        return "mend the function: it is given the row as a dict"
    texts = [name for name in row if isinstance(row[name], str)]
    if isinstance(error, TypeError) and texts:
        return f"make numbers of texts, such as ({texts[0]} | float) > 5; the row's fields: {', '.join(map(str, row))}"
    return f"use the fields there are: {', '.join(map(str, row))}"
