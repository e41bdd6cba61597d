"""docs/recipe.md, written from the schema: `python -m configs.schema.describe > docs/recipe.md`.

A test holds the page to the schema, so that it cannot go stale.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from configs.schema.kinds import component_choices
from configs.schema.recipe import Recipe

HEAD = """# The recipe, field by field

Written from `configs/schema`. A recipe needs `name`, `model` and `problems`; everything else has the default shown
here. Unknown keys are refused. `selfloop check my.yaml --show` prints a recipe with every default written out, and any
field can be set from the command line: `--set generate.temperature=1.0`, `--set select.0.kind=correct`. A component
that can stand in several places is described where it is first met.
"""


BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


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


def _row(name: str, field: FieldInfo) -> str:
    said = "; ".join(part for part in (field.description, _choices(field.annotation), _range(field)) if part)
    return f"| `{name}` | {_default(field)} | {said} |"


def _choices(annotation: Any) -> str:
    """The words that a field may hold."""
    words = [word for part in (annotation, *get_args(annotation)) if get_origin(part) is Literal
             for word in get_args(part)]  # fmt: skip
    return "one of " + ", ".join(f"`{word}`" for word in words) if len(words) > 1 else ""


def _range(field: FieldInfo) -> str:
    """The numbers that a field may hold; none is said where there is no limit."""
    limits = {
        name: value for item in field.metadata for name in BOUNDS if (value := getattr(item, name, None)) is not None
    }
    return " and ".join(f"{BOUNDS[name]} {value:g}" for name, value in limits.items())


def _default(field: FieldInfo) -> str:
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
