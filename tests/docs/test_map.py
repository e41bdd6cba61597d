"""docs/map.md lists every file with what its docstring says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("make_map", ROOT / "docs" / "make_map.py")
assert _spec is not None and _spec.loader is not None
make_map = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(make_map)


def test_the_page_is_that_of_today() -> None:
    page = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    assert page == make_map.write_map(ROOT), "run: python docs/make_map.py > docs/map.md"


PLACEHOLDERS = {"NAME.py"}
"""in a docstring: whatever the file is called"""


def test_files_that_the_code_names_are_there() -> None:
    """A file that is moved leaves no old name in docstrings and comments."""
    floors = [ROOT / floor for floor in ("configs", "flows", "infra", "tasks")]
    there = {path.name for floor in floors for path in floor.rglob("*.py")} | PLACEHOLDERS
    named = {
        (str(path.relative_to(ROOT)), name)
        for floor in floors
        for path in floor.rglob("*.py")
        for name in re.findall(r"`(?:[a-z_0-9]+/)*([A-Za-z_0-9]+\.py)`", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    assert {(path, name) for path, name in named if name not in there} == set()


def test_a_line_is_the_first_sentence(tmp_path: Path) -> None:
    path = tmp_path / "part.py"
    path.write_text('"""Which samples stay | go, and\nwhy. Called by nobody.\n\nMore."""\n')
    assert make_map.first_line(path) == r"Which samples stay \| go, and why"


def test_a_file_without_a_docstring_is_named(tmp_path: Path) -> None:
    (tmp_path / "silent.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match=r"silent\.py has no docstring"):
        make_map.first_line(tmp_path / "silent.py")
