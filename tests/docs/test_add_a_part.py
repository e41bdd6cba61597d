"""Every page of docs/parts adds its part in the files that docs/add-a-method.md counts, and the part works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.build.records import make_recipe
from tests.docs.added import PAGES, ROOT, add_part, copy_project, read_steps, run_checks

OVERVIEW = ROOT / "docs" / "add-a-method.md"
SLOW = {"judge", "loss"}
PARTS = [pytest.param(page.stem, marks=pytest.mark.slow) if page.stem in SLOW else page.stem
         for page in sorted(PAGES.glob("*.md"))]  # fmt: skip


def counted() -> dict[str, int]:
    """Number of files by page, as the table says."""
    rows = re.findall(r"^\| \[[^]]+\]\(parts/([a-z-]+)\.md\) .* \| (\d) \|$", OVERVIEW.read_text(), re.MULTILINE)
    return {page: int(number) for page, number in rows}


def test_the_table_has_every_page_and_its_number_of_files() -> None:
    assert counted() == {page.stem: len({step.path for step in read_steps(page.name)}) for page in PAGES.glob("*.md")}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_added_as_its_page_says_works(part: str, tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    touched = add_part(project, f"{part}.md")
    assert len(set(touched)) == counted()[part]
    run_checks(project, f"check_{part.replace('-', '_')}")


@pytest.mark.parametrize("part", [page.stem for page in PAGES.glob("*.md")])
def test_the_code_of_a_page_is_in_the_projects_style(part: str, tmp_path: Path) -> None:
    (step,) = (step for step in read_steps(f"{part}.md") if step.name is None)
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), "-"]
        done = subprocess.run([*ruff, "--stdin-filename", step.path], cwd=ROOT, input=step.code, capture_output=True,
                              text=True)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_recipe_of_added_parts_runs(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    for part in ("filter", "judge", "pair-maker", "loss", "sampler"):
        add_part(project, f"{part}.md")
    run_checks(project, "check_run")


def sections(language: str) -> list[Any]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", OVERVIEW.read_text(), re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(block) for block in found]


def test_the_sections_of_the_overview_are_valid() -> None:
    raft, functions, role = sections("yaml")
    make_recipe(**{name: raft[name] for name in ("roles", "judge", "select", "train", "evaluate")})
    assert [part.kind for part in make_recipe(**functions).select] == ["correct", "python"]
    learner = make_recipe(**role).roles["ranker"]
    assert learner.train is not None and learner.train.objective.kind == "dpo"
