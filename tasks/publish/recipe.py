"""A recipe as it may leave the house: what it computes, and nothing of where it ran."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import yaml
from pydantic import BaseModel

from configs.schema.marks import OUTSIDE, Content, Execution, mark_of
from configs.schema.phase import Phase
from configs.schema.recipe import Recipe

NAMED = ("name",)
"""fields that say where something runs, and stay"""


def public_recipe(recipe: Recipe) -> str:
    """The recipe as YAML: devices, addresses and limits are left out, and of files only the names are told."""
    tree = _part(recipe)
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)


def public_contents(contents: Mapping[str, str]) -> dict[str, str]:
    """Digests of what a recipe names outside of itself, under names that tell no folder."""
    told = {}
    for label, digest in contents.items():
        kind, _, name = label.partition(" ")
        told[f"{kind} {public_name(name)}"] = digest
    return told


def public_name(name: str) -> str:
    """A name that tells nothing of a machine: the last part of a path that begins outside of the project."""
    is_outside = os.path.isabs(name) or name.startswith(("~", ".."))
    return PurePath(name).name if is_outside else name


def _part(part: Any) -> Any:
    if isinstance(part, Phase):
        return {"name": part.name, "rounds": part.rounds, "set": _raw(part.set)}
    if isinstance(part, BaseModel):
        return {
            name: _field(mark_of(field), getattr(part, name))
            for name, field in type(part).model_fields.items()
            if mark_of(field) != Execution or name in NAMED
        }
    if isinstance(part, dict):
        return {key: _part(value) for key, value in part.items()}
    return [_part(item) for item in part] if isinstance(part, (tuple, list)) else part


def _field(mark: object, value: Any) -> Any:
    is_name = isinstance(mark, Content) and mark.names in OUTSIDE
    return public_name(value) if is_name and isinstance(value, str) else _part(value)


def _raw(part: Any) -> Any:
    """What a phase lays over the recipe has no fields to go by: of every path the last part, and no address."""
    if isinstance(part, dict):
        return {key: _raw(value) for key, value in part.items() if not _is_address(value)}
    if isinstance(part, (tuple, list)):
        return [_raw(item) for item in part if not _is_address(item)]
    return public_name(part) if isinstance(part, str) else part


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"[a-z][a-z0-9+.-]*://", value) is not None
