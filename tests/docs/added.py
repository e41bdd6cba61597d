"""Adds a part to a copy of the project, word for word as a page of docs/parts says, and runs checks there.

A page is read as a reader does. Each numbered step has one block of Python, and names between backticks, before the
block, where it goes:

    a file that is not there yet         it is made
    a file of the schema and a union     the class stands before the union, whose first member it becomes
    a file and a table                   the block's imports stand with the file's own, the entry in the table
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "parts"
COPIED = ("configs", "infra", "tasks", "flows", "tests")


@dataclass(frozen=True)
class Step:
    """One step of a page.

    Attributes:
        path: file that it changes, relative to the project.
        name: the union or the table in it; None for a new file.
    """

    path: str
    name: str | None
    code: str


def read_steps(page: str) -> list[Step]:
    """The steps of a page of docs/parts, in order."""
    text = (PAGES / page).read_text(encoding="utf-8")
    found = re.findall(r"^\d\. (.*?)^   ```python\n(.*?)^   ```$", text, re.DOTALL | re.MULTILINE)
    steps = []
    for sentence, block in found:
        path = re.findall(r"`(\S+\.py)`", sentence)[0]
        named = re.search(r"the union `(\w+)`|entry in `(\w+)`", sentence)
        name = (named[1] or named[2]) if named else None
        steps.append(Step(path, name, re.sub(r"^   ", "", block, flags=re.MULTILINE)))
    return steps


def copy_project(folder: Path) -> Path:
    """The project's code and tests, without what was written beside them."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def add_part(project: Path, page: str) -> list[Path]:
    """Take the steps of a page; the files touched."""
    touched = []
    for step in read_steps(page):
        path = project / step.path
        if step.name is None:
            assert not path.exists(), f"{page} writes {step.path} anew"
            path.write_text(step.code, encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
            change = _into_union if step.code.startswith("class ") else _into_table
            path.write_text(change(text, step.name, step.code), encoding="utf-8")
        touched.append(path)
    return touched


def _into_union(text: str, union: str, code: str) -> str:
    (name,) = re.findall(r"^class (\w+)", code, re.MULTILINE)
    changed, count = re.subn(
        rf"^({union} = Annotated\[\s*)", lambda found: f"{code}\n\n{found[1]}{name} | ", text, flags=re.MULTILINE
    )
    assert count == 1, f"one union {union}"
    return changed


def _into_table(text: str, table: str, code: str) -> str:
    imports, entry = code.split("\n\n")
    changed, count = re.subn(
        rf"^({table}: .* = {{\n)", lambda found: f"{found[1]}    {entry.strip()}\n", text, flags=re.MULTILINE
    )
    assert count == 1, f"one table {table}"
    future = "from __future__ import annotations\n"
    assert future in changed
    return changed.replace(future, f"{future}\n{imports}\n", 1)


def run_checks(project: Path, *checks: str, **variables: str) -> None:
    """Run files of `tests/docs/parts` with the project's copy in place of the project."""
    files = [f"tests/docs/parts/{name}.py" for name in checks]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        cwd=project, env={**os.environ, "PYTHONPATH": str(project), **variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    assert re.search(r"\b[1-9]\d* passed", done.stdout), done.stdout
