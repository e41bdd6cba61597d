"""The fewest recipes that have, between them, every kind of part that any recipe has, but for kinds that are pure
functions: those run with each change, the others at night."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from tests.flows.world import RECIPES

PURE = ("select", "pair", "weigh", "verifier", "gate", "engine", "tune")
"""sections whose kinds are functions with tests of their own, or are the tests' in all recipes"""


def fewest(parts: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Names that have all parts between them: greedily, the one first that has most of what is missing; the first of
    equals."""
    missing, chosen = set().union(*parts.values()), []
    while missing:
        chosen.append(max(parts, key=lambda name: len(parts[name] & missing)))
        missing -= parts[chosen[-1]]
    return frozenset(chosen)


def parts_of(name: str) -> frozenset[str]:
    """Of a published recipe: all that has a `kind`, and where it stands."""
    return frozenset(_parts(yaml.safe_load((RECIPES / f"{name}.yaml").read_text()), ""))


def representatives(names: Iterable[str]) -> frozenset[str]:
    return fewest({name: parts_of(name) for name in names})


def _parts(node: Any, where: str) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _parts(item, where)
    elif isinstance(node, dict):
        if "kind" in node and where not in PURE:
            yield f"{where} {node['kind']}"
        for name, value in node.items():
            yield from _parts(value, name)
