"""Every kind of derived rows by its `kind`, which is the name of its file in this folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from configs.schema.kinds import load_kinds
from configs.schema.online.derived import Derived
from tasks.online.derived.made import Made, Scene

KINDS: dict[str, Callable[[Any, Scene, str], Made]] = load_kinds(Derived, "tasks.online.derived", "make")
"""From an entry, a wave and the text of the entry's prompt to what it makes"""
