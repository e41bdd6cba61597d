"""From a YAML file and `--set a.b=value` to a checked recipe, or one message that names the field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from configs.errors import RecipeError
from configs.schema.judges.kinds import GONE
from configs.schema.kinds import component_choices
from configs.schema.phase_rules import phase_mistakes
from configs.schema.recipe import Recipe

READY = {"recipe": "recipes", "study": "studies"}
"""folders of configs"""
_HALF = re.compile("[\ud800-\udfff]")


def load_recipe(path: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read, override and check a recipe.

    Args:
        path: a YAML file.
        overrides: `a.b=value` strings; the value is YAML, list items are addressed by position (`select.0.kind`).

    Raises:
        RecipeError: the file cannot be read, or the recipe cannot be run; every problem is listed.
    """
    tree = read_yaml(Path(path))
    for override in overrides:
        apply_override(tree, override)
    return check_recipe(tree, str(path))


class RepeatedKeyError(ValueError):
    """A key that a mapping holds twice: the last one would count, without a word."""


class _Loader(yaml.SafeLoader):
    """Refuses keys that stand twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                line = key.start_mark.line + 1
                if (key.tag, key.value) in lines:
                    raise RepeatedKeyError(
                        f"line {line}: the key '{key.value}' stands in line {lines[key.tag, key.value]} already"
                    )
                lines[key.tag, key.value] = line
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """What YAML says.

    Raises:
        yaml.YAMLError: it is none.
        RepeatedKeyError: a mapping holds a key twice.
    """
    return yaml.load(text, Loader=_Loader)


def read_yaml(path: Path, what: str = "recipe") -> dict[str, Any]:
    """A YAML file as a mapping; RecipeError names the file and line otherwise.

    Args:
        what: it is, for messages; ready ones lie in a folder of configs called so.
    """
    try:
        tree = parse_yaml(path.read_text(encoding="utf-8"))
    except RepeatedKeyError as error:
        raise RecipeError(f"{path}, {error}", "leave out one of them") from None
    except FileNotFoundError:
        raise RecipeError(f"there is no {what} {path}", f"look into configs/{READY[what]} for ready ones") from None
    except (IsADirectoryError, PermissionError) as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}", "give the path of a YAML file") from None
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path} is not UTF-8 (byte {error.start})", "save it as UTF-8 text") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the 30th of February
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise RecipeError(f"{where}: not YAML: {getattr(error, 'problem', error)}", "correct that line") from None
    except RecursionError:
        raise RecipeError(f"{path}: lists or mappings lie too deep in each other", "write it flatter") from None
    if not isinstance(tree, dict):
        raise RecipeError(f"{path} is not a mapping of sections", "begin with 'name: my-experiment'")
    return tree


def apply_override(tree: dict[str, Any], override: str) -> None:
    """Set one value in place, making the sections on the way."""
    address, separator, text = override.partition("=")
    if not separator or not address:
        raise RecipeError(f"--set {override}: no '='", "write --set section.field=value")
    try:
        value = parse_yaml(text)
    except RepeatedKeyError as error:
        raise RecipeError(f"--set {override}: {error}", "leave out one of them") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise RecipeError(f"--set {override}: the value is not YAML", "put it in quotes") from error
    node: Any = tree
    *parents, last = address.split(".")
    for name in parents:
        node = _child(node, name, override)
    if isinstance(node, list):
        node[_position(node, last, override)] = value
    else:
        node[last] = value


def _child(node: Any, name: str, override: str) -> Any:
    child = node[_position(node, name, override)] if isinstance(node, list) else node.setdefault(name, {})
    if child is None:
        child = node[name] = {}
    if not isinstance(child, (dict, list)):
        raise RecipeError(f"--set {override}: '{name}' holds a value, not a section", "address a field of a section")
    return child


def _position(items: list[Any], name: str, override: str) -> int:
    if not name.isdigit() or int(name) >= len(items):
        raise RecipeError(f"--set {override}: '{name}' is not a position in a list of {len(items)}", "count from 0")
    return int(name)


def check_recipe(tree: Mapping[str, Any], origin: str = "recipe") -> Recipe:
    """A mapping as a checked recipe; RecipeError lists every field that is wrong."""
    recipe, lines = None, []
    if (address := _find_half(tree)) is not None:
        raise RecipeError(f"{origin}: {address} holds half of a character, a lone surrogate", "write the whole one")
    try:
        recipe = Recipe.model_validate(dict(tree))
    except ValidationError as error:
        lines = explain_mistakes(error)
    if recipe is not None and not (lines := _mistakes_of_phases(recipe)):
        return recipe
    count = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
    raise RecipeError(f"{origin}: {count}\n" + "\n".join(f"  - {line}" for line in lines))


def explain_mistakes(error: ValidationError) -> list[str]:
    """One line a mistake, in the words of a recipe's user."""
    details = error.errors(include_url=False)
    # A list whose items are all refused is also reported as too short: that says nothing new.
    return [
        _explain(detail)
        for detail in details
        if detail["type"] != "too_short" or not any(_is_inside(other["loc"], detail["loc"]) for other in details)
    ]


def _is_inside(location: tuple[Any, ...], outer: tuple[Any, ...]) -> bool:
    return len(location) > len(outer) and location[: len(outer)] == outer


def _find_half(tree: Any) -> str | None:
    """The address of a text that no file can hold; YAML spells it as an escape. None where there is none."""
    waiting, seen = [("", tree)], set()
    while waiting:
        address, node = waiting.pop()
        if isinstance(node, str) and _HALF.search(node):
            return address
        if isinstance(node, (dict, list)) and id(node) not in seen:  # an alias may lead back
            seen.add(id(node))
            parts = node.items() if isinstance(node, dict) else enumerate(node)
            for key, part in parts:
                inside = ascii(key).strip("'") if isinstance(key, str) else str(key)
                waiting += [(".".join(filter(None, (address, inside))), text) for text in (key, part)]
    return None


def _mistakes_of_phases(recipe: Recipe) -> list[str]:
    """Every phase has to make a sound recipe, and then they have to fit each other."""
    lines = []
    for index, phase in enumerate(recipe.phases):
        try:
            recipe.of_phase(index)
        except ValidationError as error:
            lines += [f"phases.{index}.set ({phase.name}): {line}" for line in explain_mistakes(error)]
    return lines or list(phase_mistakes(recipe))


def read_stored_recipe(text: str, origin: str) -> Recipe:
    """A recipe that `dump_recipe` wrote, of this version or an earlier one.

    Stores are data and stay readable: fields that recipes no longer have are left out. What is run is read by
    `check_recipe`, which refuses them.

    Raises:
        RecipeError: anything else is wrong with it.
    """
    tree = _with_judges_of_today(_with_a_role_for_the_verifier(yaml.safe_load(text)))
    while True:
        try:
            return Recipe.model_validate(tree)
        except ValidationError as error:
            gone = [_address(detail["loc"]) for detail in error.errors() if detail["type"] == "extra_forbidden"]
        if not gone:
            return check_recipe(tree, origin)
        for address in gone:
            _drop(tree, address)


def _with_a_role_for_the_verifier(tree: dict[str, Any]) -> dict[str, Any]:
    """Recipes had a section `verifier`, which was trained as the role of that name is today."""
    section = tree.pop("verifier", None)
    if section is None:
        return tree
    train = {**section["train"], "select": section["select"], "pair": section["pair"]}
    return {**tree, "roles": {**tree.get("roles", {}), "verifier": {"like": "policy", "train": train}}}


def _with_judges_of_today(tree: Any) -> Any:
    """There was a judge `sum`, and `implicit` without a reference was what `likelihood` is; judges stand in a recipe,
    in its phases and in evaluate.best_of."""
    if isinstance(tree, list):
        return [_with_judges_of_today(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    tree = {name: _with_judges_of_today(part) for name, part in tree.items()}
    if tree.get("kind") == "sum" and "of" in tree:
        return {"name": "sum", **tree, "kind": "combine", "how": "sum"}
    if tree.get("kind") == "implicit" and tree.get("reference") == "none":
        kept = {name: part for name, part in tree.items() if name != "reference"}
        return {"name": "implicit", "per_token": False, **kept, "kind": "likelihood"}
    return tree


def _drop(tree: Any, address: list[str]) -> None:
    *parents, last = address
    for name in parents:
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    del tree[last]


def dump_recipe(recipe: Recipe) -> str:
    """The resolved recipe, every default written out, as YAML."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)


def _explain(detail: Mapping[str, Any]) -> str:
    """One pydantic error in the user's words: the field's address, what is wrong, what to write."""
    keys = _address(detail["loc"])
    where = ".".join(keys)
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _fields_at(detail["loc"][:-1])
        close = difflib.get_close_matches(keys[-1], known, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(sorted(known))}"
        return f"{where}: unknown key; {hint}"
    if kind == "missing":
        return f"{where}: missing; add it"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        context = detail.get("ctx", {})
        if "judge" in keys and context.get("tag") in GONE:
            return f"{where}.kind: there is no '{context['tag']}' any more: {GONE[context['tag']]}"
        expected = context.get("expected_tags") or _kinds_at(detail["loc"])
        return f"{where}.kind: unknown or missing; write one of {expected}"
    if kind == "too_short":
        least, there = detail["ctx"]["min_length"], detail["ctx"]["actual_length"]
        found = f"it has {there} of {least}" if there else "it is empty"
        return f"{where}: {found}; write at least {least} item{'s' if least > 1 else ''}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{where}: {message}" if where else message


def _address(location: tuple[Any, ...]) -> list[str]:
    """Pydantic's location without the union tags it adds."""
    keys, _ = _walk(location)
    return keys


def _fields_at(location: tuple[Any, ...]) -> list[str]:
    _, model = _walk(location)
    return list(model.model_fields) if model is not None else []


def _kinds_at(location: tuple[Any, ...]) -> str:
    parent, field = _walk(location[:-1])[1], location[-1]
    if parent is None or field not in parent.model_fields:
        return "the kinds in configs/schema"
    return ", ".join(sorted(repr(kind) for kind in component_choices(parent.model_fields[field].annotation)))


def _walk(location: tuple[Any, ...]) -> tuple[list[str], type[BaseModel] | None]:
    """Follow a location through the schema: the keys a user wrote, and the component it ends in."""
    keys: list[str] = []
    choices: dict[str, type[BaseModel]] = {"": Recipe}
    model: type[BaseModel] | None = Recipe
    is_by_name = False  # the next key is a user's own name, as below `roles`
    for part in location:
        if isinstance(part, str) and part in choices and model is None:
            model = choices[part]
            continue
        if model is not None and choices.get(part) is model and part not in model.model_fields:
            continue  # a union inside of a union says its tag too
        keys.append(str(part))
        if is_by_name:
            is_by_name = False
        elif model is not None and part in model.model_fields:
            annotation = model.model_fields[str(part)].annotation
            choices, is_by_name = component_choices(annotation), get_origin(annotation) is dict
            model = next(iter(choices.values())) if len(choices) == 1 else None
        elif isinstance(part, str):
            model = None
    return keys, model
