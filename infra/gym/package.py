"""The package reasoning-gym, as the rest needs it: its version, a task with settings, and entries as JSON.

The package is imported where it is used, and not before: it is an extra, and takes a second to import.
"""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import fields
from typing import Any

NAME = "reasoning-gym"
INSTALL = "pip install 'selfloop[gym]' (reasoning-gym needs a C compiler while it installs)"
OWN_FIELDS = ("seed", "size")
"""of every task's settings; what is drawn says them, not what is asked for"""
TUPLE, MAPPING = "__tuple__", "__mapping__"

Settings = dict[str, Any]


class GymError(Exception):
    """What is asked of the package cannot be had; `kind` is one of not_installed | unknown_task | unknown_setting |
    bad_setting | bad_level | too_few."""

    def __init__(self, kind: str, detail: object, choices: list[str] | None = None) -> None:
        super().__init__(str(detail))
        self.answer = {"error": kind, "detail": str(detail), "choices": choices or []}


def installed_version() -> str | None:
    """None where it is not installed."""
    try:
        return importlib.metadata.version(NAME)
    except importlib.metadata.PackageNotFoundError:
        return None


def own_settings(task: str, level: int | None, difficulty: Settings) -> Settings:
    """What of a task's settings is not its default, by name: those of the level, and those given, which win.

    Raises:
        GymError: there is no such task, level or setting.
    """
    _, config_class = _task(task)
    defaults = _settings_of(config_class())
    settings = dict(defaults) if level is None else _settings_of(_at_level(task, level))
    for name, value in difficulty.items():
        if name not in defaults:
            raise GymError("unknown_setting", name, sorted(defaults))
        settings[name] = tuple(value) if isinstance(value, list) and isinstance(defaults[name], tuple) else value
    return {name: value for name, value in settings.items() if value != defaults[name]}


def _settings_of(config: Any) -> Settings:
    return {field.name: getattr(config, field.name) for field in fields(config) if field.name not in OWN_FIELDS}


def make_task(task: str, settings: Settings, **own: int) -> Any:
    """The package's dataset: `dataset[index]` is an entry, `dataset.score_answer(answer, entry)` a number.

    Raises:
        GymError: there is no such task, or it refuses its settings.
    """
    dataset_class, config_class = _task(task)
    try:
        return dataset_class(config_class(**settings, **own))
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
        raise GymError("bad_setting", error or type(error).__name__) from error


def _task(name: str) -> tuple[Any, Any]:
    try:
        from reasoning_gym.factory import DATASETS
    except ImportError as error:
        raise GymError("not_installed", error) from error
    if name not in DATASETS:
        raise GymError("unknown_task", name, sorted(DATASETS))
    return DATASETS[name]


def _at_level(task: str, level: int) -> Any:
    """The package's own settings of a level; it has no error for a level past the last one."""
    from reasoning_gym.factory import create_curriculum, has_curriculum

    if not has_curriculum(task):
        raise GymError("bad_level", "has no levels")
    curriculum = create_curriculum(task)
    last = max((len(attribute.levels) for attribute in curriculum.attributes.values()), default=1) - 1
    if level > last:
        raise GymError("bad_level", f"has levels 0 to {last}, and not {level}")
    curriculum.set_global_level(level)
    return curriculum.generate_configuration()


def to_json(value: Any) -> str:
    """A value of the package as JSON that `from_json` reads back as it was: some tasks tell tuples from lists, and have
    numbers as keys. Numbers of numpy are Python's.

    Raises:
        TypeError: it holds what is no plain value.
    """
    return json.dumps(_plain(value), ensure_ascii=False)


def from_json(text: str) -> Any:
    """What `to_json` was given. ValueError if it is not JSON."""
    return json.loads(text, object_hook=_unplain)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        items = {key: _plain(item) for key, item in value.items()}
        if all(type(key) is str for key in items):
            return items
        return {MAPPING: [[_plain(key), item] for key, item in items.items()]}
    if isinstance(value, tuple):
        return {TUPLE: [_plain(item) for item in value]}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value


def _unplain(found: dict[str, Any]) -> Any:
    if found.keys() == {TUPLE}:
        return tuple(found[TUPLE])
    return dict(found[MAPPING]) if found.keys() == {MAPPING} else found
