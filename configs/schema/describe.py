"""docs/recipe.md, written from the schema: `python -m configs.schema.describe > docs/recipe.md`.

A test holds the page to the schema, so that it cannot go stale.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from configs.schema.kinds import component_choices
from configs.schema.recipe import Recipe

HEAD = """# The recipe, field by field

Written from `configs/schema`. A recipe needs `name`, `model` and `problems`; everything else has the default shown
here. Unknown keys are refused. `selfloop check my.yaml --show` prints a recipe with every default written out, and any
field can be set from the command line: `--set generate.temperature=1.0`, `--set select.0.kind=correct`. A component
that can stand in several places is described where it is first met.
"""


def describe_recipe() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    yield from _component("recipe", Recipe)
    yield from _nested("", Recipe, seen=set())


def _nested(address: str, component: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    """Components below one, depth first; each is described where it is first met."""
    for name, field in component.model_fields.items():
        for inner in component_choices(field.annotation).values():
            if inner not in seen:
                seen.add(inner)
                yield from _component(f"{address}{name}", inner)
                yield from _nested(f"{address}{name}.", inner, seen)


def _component(address: str, component: type[BaseModel]) -> Iterator[str]:
    kind = component.model_fields.get("kind")
    yield f"\n## {address}{f': {kind.default}' if kind else ''}\n"
    yield f"{inspect.cleandoc(component.__doc__ or '')}\n"
    rows = [_row(name, field) for name, field in component.model_fields.items() if name != "kind"]
    if rows:
        yield "| field | default | |\n|---|---|---|"
        yield from rows


def _row(name: str, field: Any) -> str:
    return f"| `{name}` | {_default(field)} | {field.description or ''} |"


def _default(field: Any) -> str:
    if field.default is PydanticUndefined:
        return "**needed**"
    value = field.default
    if isinstance(value, BaseModel) and "kind" not in type(value).model_fields:
        return "see below"
    if isinstance(value, BaseModel):
        return f"`{_written(value)}`"
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return ", ".join(f"`{_written(part)}`" for part in value)
    return f"`{json.dumps(value)}`" if value is not None else "none"


def _written(component: BaseModel) -> str:
    """A component as a recipe writes it: its kind, where that says all, or what is not default."""
    fields = component.model_dump(mode="json", exclude_defaults=True)
    kind = getattr(component, "kind", None)
    if kind is not None and not fields.keys() - {"kind"}:
        return str(kind)
    named = fields if kind is None else {"kind": kind, **fields}
    return yaml.safe_dump(named, default_flow_style=True, sort_keys=False, width=math.inf).strip()


if __name__ == "__main__":
    print(describe_recipe())
