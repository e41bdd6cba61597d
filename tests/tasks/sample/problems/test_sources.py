"""Every kind of source gives problems; published sets work with a mapping of a few lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.errors import ProblemsError
from configs.schema.problems import Source, StoreSource
from tasks.core.records import Problem
from tasks.sample.problems.sets import require_gold
from tasks.sample.problems.sources import READERS, read_problems
from tests.tasks.sample.problems.apart import check_lists

DATA = Path(__file__).parents[5] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the published problem sets are not in ../shared/data")


def source_of(**fields: Any) -> Any:
    return TypeAdapter(Source).validate_python(fields)


def read(base_dir: Path, part: str = "train", **fields: Any) -> list[Problem]:
    return read_problems(source_of(**fields), part=part, fetch=None, base_dir=base_dir)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"question": f"{n}+{n}?", "answer": 2 * n} for n in range(10)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def test_every_kind_of_the_schema_has_a_reader() -> None:
    union = TypeAdapter(Source).json_schema()["discriminator"]["mapping"]
    assert set(READERS) == set(union)


def test_a_relative_path_begins_at_the_base_folder_and_an_absolute_one_does_not(folder: Path) -> None:
    relative = read(folder, path="rows.jsonl")
    assert [problem.messages[0].content for problem in relative] == [f"{n}+{n}?" for n in range(10)]
    assert read(Path("elsewhere"), path=str(folder / "rows.jsonl")) == relative


def test_start_and_limit_take_rows_out(folder: Path) -> None:
    rows = read(folder, path="rows.jsonl", start=3, limit=2, mapping={"answer": {"field": "answer"}})
    assert [problem.gold for problem in rows] == ["6", "8"]
    assert len(read(folder, path="rows.jsonl", start=8, limit=5)) == 2


def test_rows_are_counted_from_the_first_of_the_file(folder: Path) -> None:
    with pytest.raises(ProblemsError, match=r"rows\.jsonl, row 3: no field 'gold'"):
        read(folder, path="rows.jsonl", start=3, mapping={"answer": {"field": "gold"}})


def test_no_row_left_is_an_error(folder: Path) -> None:
    with pytest.raises(ProblemsError, match=r"rows\.jsonl has no row 10, counting from 0"):
        read(folder, path="rows.jsonl", start=10)
    (folder / "none.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ProblemsError, match=r"none\.json has no rows"):
        read(folder, path="none.json")


def test_one_file_for_two_sets_needs_start_and_limit(folder: Path) -> None:
    train = read(folder, path="rows.jsonl", limit=6)
    check_lists(train=train, select=read(folder, "select", path="rows.jsonl", start=6))
    with pytest.raises(ProblemsError, match="2 problems are in both train and select"):
        check_lists(train=train, select=read(folder, "select", path="rows.jsonl", start=4))


def test_an_object_of_the_store_is_fetched_and_read_by_the_ending_of_its_key(folder: Path) -> None:
    fetched = folder / "4f2a"
    fetched.write_bytes((folder / "rows.jsonl").read_bytes())
    asked: list[StoreSource] = []

    def fetch(source: StoreSource) -> Path:
        asked.append(source)
        return fetched

    source = source_of(kind="store", key="sets/rows.jsonl", limit=2)
    assert len(read_problems(source, part="train", fetch=fetch, base_dir=Path())) == 2
    assert asked == [source]


def test_a_store_source_without_a_store_is_an_error(folder: Path) -> None:
    with pytest.raises(ProblemsError, match=r"rows\.jsonl is in the store, and no store is open"):
        read(folder, kind="store", key="rows.jsonl")


@needs_data
def test_gsm8k_works_as_published() -> None:
    mapping = {"answer": {"field": "answer", "pattern": "#### (.+)"}, "solution": {"field": "answer"}}
    train = read(DATA, path="gsm8k/train.jsonl", mapping=mapping, limit=7000)
    select = read(DATA, path="gsm8k/train.jsonl", mapping=mapping, start=7000)
    report = read(DATA, path="gsm8k/test.jsonl", mapping=mapping)
    assert (len(train), len(select), len(report)) == (7000, 473, 1319)
    assert report[0].gold == "18"
    assert report[0].messages[0].content.startswith("Janet")
    check_lists(train=train, select=select, report=report)
    require_gold([*train, *select, *report], "it is compared")


@needs_data
def test_svamp_works_as_published() -> None:
    mapping = {"prompt": "{{ Body }} {{ Question }}", "answer": {"field": "Answer"}, "id": "ID", "tags": ["Type"]}
    problems = read(DATA, path="svamp/SVAMP.json", mapping=mapping)
    assert len(problems) == 1000
    assert (problems[0].id, problems[0].gold, problems[0].tags) == ("chal-1", "51", ("Type=Subtraction",))
    assert problems[0].messages[0].content == (
        "Each pack of dvds costs 76 dollars. If there is a discount of 25 dollars on each pack "
        "How much do you have to pay to buy each pack?"
    )


@needs_data
def test_a_missing_full_stop_can_be_mended_in_the_template() -> None:
    prompt = "{{ Body.rstrip(' .') }}. {{ Question }}"
    problem = read(DATA, path="svamp/SVAMP.json", mapping={"prompt": prompt}, limit=1)[0]
    assert "on each pack. How much" in problem.messages[0].content


@needs_data
def test_humaneval_is_read_from_its_gz_file() -> None:
    mapping = {"prompt": "{{ prompt }}", "id": "task_id", "solution": {"field": "canonical_solution"}}
    problems = read(DATA, path="humaneval/HumanEval.jsonl.gz", mapping=mapping)
    assert (len(problems), problems[0].id) == (164, "HumanEval/0")
    assert (problems[0].solution or "").startswith("    for idx")
