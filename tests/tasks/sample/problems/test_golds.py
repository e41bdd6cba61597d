"""Golds that a verifier cannot read whole are listed before any model is loaded; numbers of choices are mapped."""

from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from configs.errors import ProblemsError
from configs.schema.row_problems import Mapping
from configs.schema.verifiers.kinds import ChoiceVerifier, ExactVerifier, MathVerifier, NumberVerifier
from flows.commands.check import check
from tasks.core.records import Message, Problem
from tasks.sample.problems.files import read_rows
from tasks.sample.problems.golds import require_readable_gold
from tasks.sample.problems.mapping import map_rows
from tasks.sample.problems.reading import read_of, sift_repeats
from tasks.sample.problems.tally import Tally, refuse_wrong


def problems(*golds: str) -> list[Problem]:
    return [Problem(f"p{place}", (Message("user", f"{place}?"),), gold) for place, gold in enumerate(golds)]


def test_all_golds_that_cannot_be_read_whole_are_listed_with_the_fix() -> None:
    require_readable_gold(problems("1,000", "10:30", "40 cm^2", "1/2"), "train", NumberVerifier())
    with pytest.raises(ProblemsError) as caught:
        require_readable_gold(problems("5", "3 and 5", "10:30 and 11:00", "7", "(2, 3)"), "train", NumberVerifier())
    assert caught.value.message.startswith(
        "3 of 5 problems of the train set have a gold answer that the verifier number"
    )
    lines = caught.value.message.splitlines()[1:]
    assert [line.split(" has the gold answer ")[0].strip() for line in lines] == [
        "number 1 (p1)", "number 2 (p2)", "number 4 (p4)",
    ]  # fmt: skip
    assert "'3 and 5'" in lines[0] and "'10:30 and 11:00'" in lines[1] and "'(2, 3)'" in lines[2]
    assert "mapping.answer.pattern" in (caught.value.fix or "")


def test_a_long_list_is_cut() -> None:
    with pytest.raises(ProblemsError, match=r"25 of 25 problems(.|\n)*and 5 more"):
        require_readable_gold(problems(*["3 and 5"] * 25), "report", NumberVerifier())


@pytest.mark.parametrize(
    ("verifier", "gold", "is_read"),
    [
        (NumberVerifier(), "3-5", False),
        (MathVerifier(), "3-5", True),
        (MathVerifier(), "(2, 3)", True),
        (ExactVerifier(), "3 and 5", True),
        (ChoiceVerifier(), "B", True),
        (ChoiceVerifier(), "(b)", True),
        (ChoiceVerifier(), "2", False),
        (ChoiceVerifier(), "A or B", False),
        (ChoiceVerifier(choices="1234"), "2", True),
    ],
)
def test_each_verifier_reads_golds_as_it_reads_texts(verifier: Any, gold: str, is_read: bool) -> None:
    if is_read:
        require_readable_gold(problems(gold), "train", verifier)
    else:
        with pytest.raises(ProblemsError, match="1 of 1 problems"):
            require_readable_gold(problems(gold), "train", verifier)


def gold_of(value: Any, **answer: Any) -> str | None:
    mapping = Mapping.model_validate({"answer": {"field": "a", **answer}})
    return next(map_rows([{"question": "?", "a": value}], mapping, "file.jsonl", start=7)).gold


def test_numbers_of_choices_are_mapped() -> None:
    assert [gold_of(value, index_of="ABCD") for value in (0, 3, "1", 2.0)] == ["A", "D", "B", "C"]
    assert [gold_of(value, index_of="ABCD", first=1) for value in (1, 4, " 2 ")] == ["A", "D", "B"]
    assert gold_of("answer: 2", index_of="ABCD", pattern="answer: (.)") == "C"
    assert gold_of(None, index_of="ABCD") is None


@pytest.mark.parametrize(("value", "first"), [(4, 0), (0, 1), (-1, 0), ("B", 0), (1.5, 0)])
def test_a_number_that_is_no_choice_names_its_row(value: object, first: int) -> None:
    with pytest.raises(ProblemsError, match=r"file\.jsonl, row 7: field 'a' holds .* counts the choices ABCD"):
        gold_of(value, index_of="ABCD", first=first)


def test_the_first_number_needs_choices() -> None:
    with pytest.raises(ValidationError, match="write index_of: ABCD"):
        Mapping.model_validate({"answer": {"field": "a", "first": 1}})


def test_golds_that_are_numbers_of_choices_are_told_how_to_map_them() -> None:
    with pytest.raises(ProblemsError, match=r"mapping\.answer\.index_of") as caught:
        require_readable_gold(problems("2"), "train", ChoiceVerifier())
    assert "index_of" in (caught.value.fix or "")


def test_short_floats_in_lists_and_structs_are_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    short = pa.float32()
    columns = {
        "list": pa.array([[0.1, None], []], pa.list_(short)),
        "struct": pa.array([{"x": 0.1, "y": [0.2]}, None], pa.struct([("x", short), ("y", pa.list_(pa.float16()))])),
        "map": pa.array([[("k", 0.3)], None], pa.map_(pa.string(), short)),
        "double": [0.1, 0.2],
    }
    pq.write_table(pa.table(columns), path)
    first, second = read_rows(path)
    assert first == {"list": [0.1, None], "struct": {"x": 0.1, "y": [0.2]}, "map": [("k", 0.3)], "double": 0.1}
    assert second == {"list": [], "struct": None, "map": None, "double": 0.2}


@pytest.mark.parametrize("verifier", [NumberVerifier(), MathVerifier(), ExactVerifier()])
def test_an_infinite_gold_answer_is_listed(verifier: Any, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "1?", "answer": Infinity}\n{"question": "2?", "answer": -Infinity}\n')
    rows = list(map_rows(read_rows(path), Mapping.model_validate({"answer": {"field": "answer"}}), "rows"))
    with pytest.raises(ProblemsError, match="2 of 2 problems") as caught:
        require_readable_gold(rows, "train", verifier)
    assert "has a gold answer that is no finite number: inf" in caught.value.message


def test_short_floats_are_what_their_column_means(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    values = [0.1, 16777216.0, None, 1e-7, 3.0]
    columns = {
        "question": [str(place) for place in range(5)],
        "single": pa.array(values, pa.float32()),
        "half": pa.array(np.array([0.1, 2.5, 1.0, 0.5, 7.0], np.float16)),
        "double": pa.array(values, pa.float64()),
        "money": pa.array([decimal.Decimal("3.50")] * 5, pa.decimal128(9, 2)),
        "day": pa.array([datetime.date(2024, 3, 5)] * 5),
    }
    pq.write_table(pa.table(columns), path)

    def golds(field: str) -> list[str | None]:
        return [
            one.gold for one in map_rows(read_rows(path), Mapping.model_validate({"answer": {"field": field}}), "rows")
        ]

    assert golds("single") == golds("double") == ["0.1", "16777216", None, "1e-07", "3"]
    assert golds("half") == ["0.1", "2.5", "1", "0.5", "7"]
    assert set(golds("money")) == {"3.50"} and set(golds("day")) == {"2024-03-05"}
    assert gold_of(float("nan")) is None


def test_repeats_whose_golds_mean_the_same_are_repeats() -> None:
    def twice(*golds: str) -> Tally:
        tally = Tally()
        sift_repeats([read_of("row", Problem("p", (Message("user", "?"),), gold)) for gold in golds], tally)
        return tally

    assert twice("1,000", "1000.0").repeated.count == 1
    with pytest.raises(ProblemsError, match="two answers: 9:30 and 10:30"):
        refuse_wrong([twice("10:30", "9:30")])


def test_check_reads_problems_and_golds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"question": f"{place}?", "answer": gold} for place, gold in enumerate(["5", "6", "3 and 5"])]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    mapping = {"answer": {"field": "answer"}}
    file = {"path": str(tmp_path / "rows.jsonl"), "mapping": mapping}
    sets = {"train": file | {"limit": 1}, "select": file | {"start": 1, "limit": 1}, "report": file | {"start": 2}}
    recipe = tmp_path / "mine.yaml"
    settings = {"name": "mine", "model": {"kind": "tiny_llama"}, "generate": {"max_tokens": 9}, "problems": sets}
    recipe.write_text(json.dumps(settings | {"services": {"store": str(tmp_path / "store")}}), encoding="utf-8")
    with pytest.raises(ProblemsError, match=r"rows.jsonl, row 2 .'2.'. has the gold answer '3 and 5'"):
        check(recipe, data=True)
    check(recipe, overrides=("problems.report.start=1", "problems.select.start=0", "problems.train.start=9"))
    assert "sound" in capsys.readouterr().out
