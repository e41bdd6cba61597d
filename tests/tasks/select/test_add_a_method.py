"""The component that docs/add-a-method.md writes out works as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from configs.schema import select
from tasks.core.records import DropReason
from tasks.select.filters.filter import Candidate, Draw
from tests.tasks.select.make import make_problem, make_sample

PAGE = Path(__file__).parents[3] / "docs" / "add-a-method.md"


def code_blocks() -> list[str]:
    """Python blocks of the page, without the list's indentation."""
    found = re.findall(r"^ *```python\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


def test_the_shortest_samples_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    settings, rule = code_blocks()
    schema: dict[str, Any] = dict(vars(select))
    exec(settings, schema)
    monkeypatch.setattr(select, "Shortest", schema["Shortest"], raising=False)
    module: dict[str, Any] = {}
    exec(rule, module)
    samples = [make_sample(index=index, num_tokens=tokens) for index, tokens in enumerate((9, 4, 6, 4))]
    group = [Candidate(sample, {}, make_problem()) for sample in samples]
    reasons = module["keep"](group, schema["Shortest"](number=2), Draw(0, 1))
    assert reasons == [DropReason.TOO_LONG, None, DropReason.TOO_LONG, None]
