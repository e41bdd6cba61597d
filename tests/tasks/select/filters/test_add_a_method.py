"""The filter that docs/add-a-method.md writes out works as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from configs.schema import select
from configs.schema.select import Correct
from tasks.core.records import DropReason, Label
from tasks.select.filters import registry
from tasks.select.filters.filter import Draw
from tasks.select.filters.registry import FILTERS
from tasks.select.selection import Selection
from tests.tasks.select.make import make_candidate

RIGHT, WRONG, NONE = Label.CORRECT, Label.WRONG, Label.UNPARSEABLE
PAGE = Path(__file__).parents[4] / "docs" / "add-a-method.md"


def code_blocks() -> list[str]:
    """Python blocks of the page, without the list's indentation."""
    found = re.findall(r"^ *```python\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


def test_the_shortest_correct_samples_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, rule, entry = code_blocks()
    schema: dict[str, Any] = dict(vars(select))
    exec(settings, schema)
    monkeypatch.setattr(select, "Shortest", schema["Shortest"], raising=False)
    module: dict[str, Any] = {}
    exec(rule, module)
    names = {**vars(registry), "shortest": SimpleNamespace(**module)}
    monkeypatch.setitem(FILTERS, *eval(f"dict({{{entry}}}).popitem()", names))
    lengths = [(9, RIGHT), (3, WRONG), (4, RIGHT), (6, RIGHT), (4, RIGHT), (2, NONE)]
    group = [
        make_candidate(index=place, num_tokens=tokens, label=label) for place, (tokens, label) in enumerate(lengths)
    ]
    selection = Selection(lambda: iter([group]), [Correct(), schema["Shortest"](number=2)], Draw(0, 1))
    assert [one.reason for one in next(iter(selection))] == [
        DropReason.TOO_LONG, "wrong", None, DropReason.TOO_LONG, None, "unparseable"
    ]  # fmt: skip
