"""What a task's own file is to a step's key: everything that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import ProblemsError
from tasks.core.benchmark_task import digest_task

TASK = """
task: mine
include: common.yaml
dataset_path: json
dataset_kwargs:
  data_files: {test: rows.jsonl, train: [more.jsonl]}
process_docs: !function helpers.clean
doc_to_text: "{{question}}"
"""
NAMED = ("mine.yaml", "common.yaml", "rows.jsonl", "more.jsonl", "helpers.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMED:
        (tmp_path / name).write_text(f"# {name}\n")
    (tmp_path / "mine.yaml").write_text(TASK)
    (tmp_path / "common.yaml").write_text("include: mine.yaml\n")  # a circle is no endless walk
    return tmp_path


@pytest.mark.parametrize("name", NAMED)
def test_a_change_of_any_file_that_it_names_is_another_task(name: str, folder: Path) -> None:
    before = digest_task("mine.yaml", folder)
    assert digest_task("mine.yaml", folder) == before
    path = folder / name
    path.write_text(path.read_text() + "\n# more")
    assert digest_task("mine.yaml", folder) != before


def test_what_it_does_not_name_and_where_it_lies_are_not_part_of_it(folder: Path) -> None:
    before = digest_task("mine.yaml", folder)
    (folder / "beside.jsonl").write_text("{}")
    assert digest_task("mine.yaml", folder) == before
    assert digest_task(str(folder / "mine.yaml"), Path("/")) == before


def test_a_folder_of_data_counts_by_its_files(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "a.jsonl").write_text("1")
    (folder / "own.yml").write_text("task: own\ndataset_path: data\n")
    before = digest_task("own.yml", folder)
    (folder / "data" / "a.jsonl").write_text("2")
    assert digest_task("own.yml", folder) != before


def test_a_name_of_the_library_stands_for_itself(tmp_path: Path) -> None:
    assert digest_task("gsm8k", tmp_path) == digest_task("gsm8k", Path("/")) != digest_task("arc_easy", tmp_path)


def test_a_file_that_is_not_there_or_no_yaml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"there is no file gone\.yaml"):
        digest_task("gone.yaml", tmp_path)
    (tmp_path / "bad.yaml").write_text("task: [")
    with pytest.raises(ProblemsError, match=r"bad\.yaml is no YAML"):
        digest_task("bad.yaml", tmp_path)
