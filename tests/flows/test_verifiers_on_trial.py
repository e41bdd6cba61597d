"""`selfloop doctor --verifiers`: what a user sees of a verifier that confuses answers, and of one that is sound."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from configs.errors import ProblemsError, RecipeError, UserError
from configs.schema.load import check_recipe
from flows.commands.doctor import doctor
from flows.run.verifiers_on_trial import Report, try_verifiers, verifiers_of
from tasks.core.progress import Silent
from tasks.core.records import Message, Problem
from tests.infra.sandbox.sandboxes import needs_sandbox

pytestmark = pytest.mark.slow
DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the published problem sets are not in ../shared/data")
ANSWER = {"field": "answer"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recipe(path: str, verifier: dict[str, Any], sizes: tuple[int, int, int] = (8, 1, 1), **mapping: Any) -> Any:
    """A recipe over the rows of one file, cut into the three sets."""
    fields = {"answer": ANSWER, **mapping}
    starts = (0, sizes[0], sizes[0] + sizes[1])
    sets = [
        {"path": path, "start": start, "limit": size, "mapping": fields}
        for start, size in zip(starts, sizes, strict=True)
    ]
    return {
        "name": "trial",
        "model": {"base": "nobody/needs-this"},
        "problems": dict(zip(("train", "select", "report"), sets, strict=True)),
        "judge": [{"kind": "answer", "verifier": verifier}],
    }


def write_rows(path: Path, golds: list[str]) -> str:
    rows = [{"question": f"Number {index}?", "answer": gold} for index, gold in enumerate(golds)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path.name


def run(tree: dict[str, Any], folder: Path, **arguments: Any) -> int:
    """Exit status of the command."""
    path = folder / "my.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    try:
        doctor(verifiers=path, **arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


GOLDS = ["18", "1250", "-7", "2.5", "3", "4", "5", "6", "9", "10"]


def test_a_sound_verifier_says_so_and_ends_with_status_0(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = write_rows(folder / "rows.jsonl", GOLDS)
    assert run(recipe(name, {"kind": "number", "pattern": "#### (.+)"}), folder) == 0
    said = capsys.readouterr().out
    assert "judge 'answer' (number): 81 texts for 10 of 10 gold answers\n" in said and "told from others" in said


def test_what_is_confused_is_printed_with_status_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = write_rows(folder / "rows.jsonl", GOLDS)
    assert run(recipe(name, {"kind": "number", "pattern": "answer is (-?[0-9.]+)"}), folder) == 1
    said = capsys.readouterr().out
    assert "  gold '1250', thousands separators: 'The answer is 1,250' is wrong\n" in said
    assert "1 are not read in every spelling, or not told from others (1 texts)" in said


def test_gold_answers_are_drawn_and_the_number_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = write_rows(folder / "rows.jsonl", [str(number) for number in range(1, 301)])
    tree = recipe(name, {"kind": "number", "pattern": "#### (.+)"}, (280, 10, 10))
    assert run(tree, folder, limit=20) == 0
    assert "160 texts for 20 of 300 gold answers, drawn at random (--limit tries more)" in capsys.readouterr().out
    assert run(tree, folder, limit=0) == 0
    assert "2,400 texts for 300 of 300 gold answers\n" in capsys.readouterr().out


def test_gold_answers_that_cannot_be_tried_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = write_rows(folder / "rows.jsonl", [*GOLDS[:9], "E"])
    assert run(recipe(name, {"kind": "number", "pattern": "#### (.+)"}), folder) == 1
    said = capsys.readouterr().out
    assert " has the gold answer 'E'" in said and "gold 'E' has" not in said and "  problem " in said


def test_choices_of_a_parquet_file_are_told_apart(folder: Path) -> None:
    rows = [{"question": f"Which, {index}?", "answer": "ABCD"[index % 4]} for index in range(10)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")
    tree = recipe("rows.parquet", {"kind": "choice", "pattern": "Answer: (.+)"})
    (report,) = try_verifiers(check_recipe(tree), folder, 0, Silent())
    assert report.is_clean and report.num_golds == 4 and report.num_trials == 24


def test_built_in_problems_and_every_verifier_of_the_recipe_are_tried(folder: Path) -> None:
    sums = {"kind": "addition", "digits": [2], "num_problems": 20}
    tree = recipe("unused", {"kind": "number", "pattern": "#### (.+)"}) | {
        "problems": {"train": sums, "select": sums, "report": sums},
        "evaluate": {"verifier": {"kind": "math"}},
    }
    reports = try_verifiers(check_recipe(tree), folder, 10, Silent())
    assert [report.name for report in reports] == ["judge 'answer' (number)", "evaluate.verifier (math)"]
    assert all(report.is_clean and len(report.tried) == 10 for report in reports)


def test_mistakes_are_told_with_their_fix(folder: Path) -> None:
    sound = recipe(write_rows(folder / "rows.jsonl", GOLDS), {"kind": "number"})
    with pytest.raises(RecipeError, match="there is no recipe"):
        doctor(verifiers=folder / "absent.yaml")
    with pytest.raises(ProblemsError, match=r"there is no file gone\.jsonl"):
        run(recipe("gone.jsonl", {"kind": "number"}), folder)
    with pytest.raises(UserError, match="--limit -1"):
        run(sound, folder, limit=-1)
    own = {**sound, "judge": [{"kind": "answer", "verifier": {"kind": "python", "function": "mine.py:score"}}]}
    with pytest.raises(RecipeError, match="no verifier that compares"):
        verifiers_of(check_recipe(own))


@needs_data
@pytest.mark.parametrize("kind", ["number", "math"])
def test_the_answers_of_gsm8k_are_read_and_told_apart(folder: Path, kind: str) -> None:
    answer = {"field": "answer", "pattern": "#### (.+)"}
    path = str(DATA / "gsm8k" / "train.jsonl")
    tree = recipe(path, {"kind": kind, "pattern": "#### (.+)"}, (7000, 200, 273), answer=answer)
    (report,) = try_verifiers(check_recipe(tree), folder, 100 if kind == "math" else 0, Silent())
    assert [str(one.trial) for one in report.confused] == [] and report.is_clean and report.num_golds > 800


@needs_data
def test_the_answers_of_svamp_are_read_and_told_apart(folder: Path) -> None:
    prompt = "{{ ID }} {{ Body }} {{ Question }}"
    tree = recipe(str(DATA / "svamp" / "SVAMP.json"), {"kind": "number", "pattern": "answer is (.+)"}, (800, 100, 100),
                  prompt=prompt, answer={"field": "Answer"})  # fmt: skip
    (report,) = try_verifiers(check_recipe(tree), folder, 0, Silent())
    assert report.is_clean and report.num_golds > 200


@needs_data
@needs_sandbox
@pytest.mark.usefixtures("sandboxes_alone")
def test_the_solutions_of_humaneval_pass_and_emptied_ones_do_not(folder: Path) -> None:
    with gzip.open(DATA / "humaneval" / "HumanEval.jsonl.gz") as file:
        rows = [json.loads(line) for line in file]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    tree = recipe("rows.jsonl", {"kind": "code", "layout": "humaneval", "extract": "whole"}, (150, 7, 7),
                  prompt="{{ prompt }}", answer={"fields": ["prompt", "test", "entry_point"]},
                  solution={"field": "canonical_solution"})  # fmt: skip
    (report,) = try_verifiers(check_recipe(tree), folder, 30, Silent())
    assert report.is_clean and report.num_trials == 60


def test_problems_without_a_right_answer_are_not_said_to_be_read() -> None:
    bare = Problem("p", (Message("user", "?"),), "1")
    told = "\n".join(Report("code", 1, [bare], num_trials=1, num_without_right=1).lines())
    assert "of 1 problems nothing right could be tried" in told and "every gold answer" not in told
