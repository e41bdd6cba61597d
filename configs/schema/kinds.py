"""The kinds of a union of the schema: the classes of their settings, and the files of their code.

    OBJECTIVES = load_kinds(Objective, "infra.engines.train.objectives", "OBJECTIVE")
    OBJECTIVES["dpo"]                      what `dpo.py` of that folder calls OBJECTIVE

A file is called as the recipe calls the kind, so that a new kind is a class of the union and one file.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pydantic import BaseModel

from configs.errors import UserError


def component_choices(annotation: Any) -> dict[str, type[BaseModel]]:
    """Component classes inside an annotation, by kind (or class name where they have none)."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("kind")
        return {kind.default if kind else annotation.__name__: annotation}
    found: dict[str, type[BaseModel]] = {}
    for argument in getattr(annotation, "__args__", ()):
        found |= component_choices(argument)
    return found


def load_kinds(union: Any, package: str, name: str) -> dict[str, Any]:
    """What the files of a package say of all kinds of a union.

    Args:
        package: where the files lie.
        name: what each of them calls that which it says of its kind.

    Raises:
        UserError: a kind has no file, or its file says nothing of it.
    """
    return {kind: _load(kind, package, name) for kind in component_choices(union)}


def _load(kind: str, package: str, name: str) -> Any:
    module, path = f"{package}.{kind}", f"{package.replace('.', '/')}/{kind}.py"
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:  # the file is there, and something that it needs is not
            raise
        raise UserError(f"the schema has the kind '{kind}', and there is no {path}", f"write it, with {name}") from None
    if not hasattr(found, name):
        raise UserError(f"{path} has no {name}, which says what the kind '{kind}' does", f"write {name} there")
    return getattr(found, name)
