"""Every kind of the schema is a file of its name, and every file that says it is a kind is one of the schema."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from configs.errors import UserError
from configs.schema.generate import Generate
from configs.schema.judges.kinds import Judge
from configs.schema.kinds import component_choices, load_kinds
from configs.schema.objective import Objective
from configs.schema.pair import Pair
from tasks.judge.kinds.registry import KINDS as JUDGES
from tasks.sample.samplers.registry import SAMPLERS
from tasks.select.pairs.registry import KINDS as PAIRS

ROOT = Path(__file__).parents[2]
FOLDERS = [
    (Judge, "tasks/judge/kinds", "KIND"),
    (Generate, "tasks/sample/samplers", "make"),
    (Pair, "tasks/select/pairs", "make"),
    (Objective, "infra/engines/train/objectives", "OBJECTIVE"),
]


@pytest.mark.parametrize(("union", "folder", "name"), FOLDERS)
def test_the_files_of_a_folder_are_the_kinds_of_the_schema(union: Any, folder: str, name: str) -> None:
    says = re.compile(rf"^(def {name}\(|{name}\b.* = )", re.MULTILINE)
    files = {path.stem for path in (ROOT / folder).glob("*.py") if says.search(path.read_text(encoding="utf-8"))}
    assert files == set(component_choices(union))


def test_registries_hold_what_the_files_say() -> None:
    for kinds, union in ((JUDGES, Judge), (SAMPLERS, Generate), (PAIRS, Pair)):
        assert list(kinds) == list(component_choices(union))
    assert {kind: made.__module__ for kind, made in PAIRS.items()} == {k: f"tasks.select.pairs.{k}" for k in PAIRS}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package `loose_kinds`, importable for one test."""
    folder = tmp_path / "loose_kinds"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("loose_kinds")]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def test_a_kind_without_a_file_is_named(package: Path) -> None:
    (package / "independent.py").write_text("make = 3\n")
    with pytest.raises(UserError, match=r"the kind 'stepwise', and there is no loose_kinds/stepwise\.py") as caught:
        load_kinds(Generate, "loose_kinds", "make")
    assert caught.value.fix == "write it, with make"


def test_a_file_that_does_not_say_what_its_kind_does_is_named(package: Path) -> None:
    (package / "independent.py").write_text("made = 3\n")
    with pytest.raises(UserError, match=r"loose_kinds/independent\.py has no make"):
        load_kinds(Generate, "loose_kinds", "make")


def test_what_a_file_needs_and_is_missing_is_no_missing_file(package: Path) -> None:
    (package / "independent.py").write_text("import not_installed_anywhere\n")
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        load_kinds(Generate, "loose_kinds", "make")
