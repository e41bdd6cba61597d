"""docker-compose.yml as docker compose would see it: merged, with variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[3] / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<operator>:-|:\?)(?P<rest>[^}]*))?\}")


def read_compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with every ${NAME}, ${NAME:-default} and ${NAME:?message} replaced."""
    return _fill(yaml.safe_load(FILE.read_text(encoding="utf-8")), variables)


def used_variables() -> set[str]:
    """Names the file takes from `.env`."""
    return {match["name"] for match in VARIABLE.finditer(FILE.read_text(encoding="utf-8"))}


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        found = variables.get(match["name"])
        if not found and match["operator"] != ":-":
            raise KeyError(f"{match['name']}: {match['rest']}")
        return found or match["rest"]

    return VARIABLE.sub(replace, value)
