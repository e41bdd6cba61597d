"""Which rows a source gives: `where`, `shuffle`, bad rows and repeats, each told with its file, row and fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.errors import ProblemsError
from configs.schema.load import check_recipe
from configs.schema.problems import Source
from configs.schema.verifiers.kinds import MathVerifier, NumberVerifier
from tasks.sample.problems.place import Place
from tasks.sample.problems.reading import Reading
from tasks.sample.problems.run import Sets
from tasks.sample.problems.sources import read_source
from tasks.sample.problems.tally import NUM_SHOWN, refuse_wrong, rows_left_out

NUMBERS = (NumberVerifier(),)


def reading(folder: Path, rows: list[Any], **fields: Any) -> Reading:
    path = folder / "rows.jsonl"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    verifiers = fields.pop("verifiers", ())
    mapping = {"mapping": {"answer": {"field": "answer"}}}
    source = TypeAdapter(Source).validate_python({"path": "rows.jsonl", **mapping, **fields})
    return read_source(source, Place("train", None, folder, verifiers))


def asked(found: Reading) -> list[str]:
    return [problem.messages[-1].content for problem in found.problems]


def error_of(found: Reading) -> ProblemsError:
    with pytest.raises(ProblemsError) as caught:
        refuse_wrong([found.tally])
    return caught.value


def sums(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"question": f"{n}+{n}?", "answer": 2 * n, **fields} for n in range(count)]


def test_where_takes_rows_before_start_and_limit_count_them(tmp_path: Path) -> None:
    found = reading(tmp_path, sums(10), where="answer % 4 == 0", start=1, limit=2)
    assert asked(found) == ["2+2?", "4+4?"]
    assert [row.label for row in found.rows] == ["rows.jsonl, row 2", "rows.jsonl, row 4"]
    assert found.tally.num_unwanted == 2, "what lies after the last row is not read"


def test_where_may_be_a_function_of_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text("def small(row):\n    return row['answer'] < 4\n\ndef half(row): return 0.5\n")
    where = {"kind": "python", "function": "own.py:small"}
    assert asked(reading(tmp_path, sums(5), where=where)) == ["0+0?", "1+1?"]
    wrong = error_of(reading(tmp_path, sums(1), where={"kind": "python", "function": "own.py:half"}))
    assert wrong.message == "rows.jsonl, row 0: `where` gives 0.5 (own.py:half), neither true nor false"


@pytest.mark.parametrize(
    ("where", "words", "fix"),
    [
        ("level > 2", "row 1: `where` fails (level > 2): UndefinedError: 'level' is undefined", "question, answer"),
        ("question > 2", "row 0: `where` fails (question > 2): TypeError", "(question | float) > 5"),
        ("question", "row 0: `where` gives '0+0?' (question), neither true nor false", "a comparison"),
        ("answer / 0 > 1", "row 0: `where` fails (answer / 0 > 1): ZeroDivisionError", "fields there are"),
        ("''.__class__.__mro__ is none", "row 0: `where` fails", "fields there are"),
    ],
)
def test_a_where_that_fails_names_file_row_and_fix(tmp_path: Path, where: str, words: str, fix: str) -> None:
    rows = [{"question": "0+0?", "answer": 0, "level": 3}, *sums(3)[1:]]
    found = reading(tmp_path, rows, where=where, limit=2)
    told = error_of(found)
    assert "rows.jsonl, " + words in told.message
    assert fix in (told.fix or "") and "on_bad_row: drop" in (told.fix or "")


def test_rows_that_where_fails_on_can_be_left_out(tmp_path: Path) -> None:
    found = reading(tmp_path, [*sums(2, level=3), *sums(4)[2:]], where="level > 2", on_bad_row="drop")
    assert len(found.rows) == 2 and found.tally.bad.count == 2
    with pytest.raises(ProblemsError, match=r"no row can be used; .* left out 4, the first: rows\.jsonl, row 0"):
        reading(tmp_path, sums(4), where="level > 2", on_bad_row="drop")


def test_a_where_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"rows\.jsonl: `where` takes none of 3 rows: answer > 99"):
        reading(tmp_path, sums(3), where="answer > 99")
    with pytest.raises(ProblemsError, match=r"no row 5 that `where` takes \(1 are not\)"):
        reading(tmp_path, sums(3), where="answer > 0", start=5)


@pytest.mark.parametrize(("where", "words"), [("answer >", "no Jinja expression"), ("{{ answer }}", "is a template")])
def test_a_where_that_is_no_expression_is_an_error_of_the_recipe(where: str, words: str) -> None:
    problems = {"source": {"path": "a.jsonl", "where": where}}
    with pytest.raises(Exception, match=rf"problems\.source\.where\.expression: .*{words}"):
        check_recipe({"name": "a", "model": {"kind": "tiny_llama"}, "problems": problems})


def test_shuffle_orders_rows_by_its_seed_and_keeps_their_numbers(tmp_path: Path) -> None:
    first, again, other = (reading(tmp_path, sums(50), shuffle=seed) for seed in (1, 1, 2))
    assert asked(first) == asked(again) != asked(other)
    assert sorted(asked(first)) == sorted(asked(other)) == sorted(row["question"] for row in sums(50))
    number = int(first.rows[0].label.split()[-1])
    assert asked(first)[0] == f"{number}+{number}?"
    parts = [reading(tmp_path, sums(50), shuffle=1, start=start, limit=25) for start in (0, 25)]
    assert asked(parts[0]) + asked(parts[1]) == asked(first)


BAD: list[Any] = [
    *sums(3),
    "{not json",
    {"question": "no answer?"},
    {"question": "", "answer": 1},
    {"question": "words?", "answer": "Yes"},
    {"question": "1+1?", "answer": 7},
]
WHY = [
    "rows.jsonl, line 4: not JSON",
    "rows.jsonl, row 4: no field 'answer'",
    "rows.jsonl, row 5: mapping.prompt gives an empty text",
    "rows.jsonl, row 6 ('words?') has the gold answer 'Yes', which cannot be read",
    "rows.jsonl, row 7 and rows.jsonl, row 1 are the same problem ('1+1?') with two answers: 7 and 2",
]


def test_all_bad_rows_are_told_at_once(tmp_path: Path) -> None:
    told = error_of(reading(tmp_path, BAD, verifiers=NUMBERS))
    assert told.message.startswith("5 rows cannot be used:\n")
    for line, words in zip(told.message.splitlines()[1:], WHY, strict=True):
        assert line.strip().startswith(words)


def test_bad_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    found = reading(tmp_path, BAD, verifiers=NUMBERS, on_bad_row="drop")
    assert asked(found) == ["0+0?", "2+2?"], "of two answers to one problem nobody knows the right one"
    assert found.tally.bad.count == 6 and not found.tally.wrong.count
    assert next(found.tally.lines("train")) == "train: 8 rows, left out: 6 bad"
    for words in WHY:
        assert any(line.startswith(words) for line in found.tally.bad.first)
    refuse_wrong([found.tally])


def test_a_long_list_shows_ten_and_the_count(tmp_path: Path) -> None:
    told = error_of(reading(tmp_path, [{"question": f"{n}?", "answer": "Yes"} for n in range(25)], verifiers=NUMBERS))
    assert told.message.startswith("25 rows cannot be used:")
    assert len(told.message.splitlines()) == 1 + NUM_SHOWN + 1 and told.message.endswith("and 15 more")


def test_every_verifier_reads_every_gold(tmp_path: Path) -> None:
    rows = [{"question": "?", "answer": "(2, 3)"}]
    refuse_wrong([reading(tmp_path, rows, verifiers=(MathVerifier(),)).tally])
    told = error_of(reading(tmp_path, rows, verifiers=(MathVerifier(), NumberVerifier())))
    assert "the verifier number compares with it" in told.message


def test_a_missing_gold_answer_says_where_to_name_it(tmp_path: Path) -> None:
    told = error_of(reading(tmp_path, [{"question": "?", "answer": None}], verifiers=NUMBERS))
    assert told.message == "rows.jsonl, row 0 ('?') has no gold answer, and the verifier number compares with it"
    assert (told.fix or "").startswith("say where the answer is: mapping.answer")


def test_repeats_are_left_out_or_refused(tmp_path: Path) -> None:
    found = reading(tmp_path, [*sums(2), *sums(2)])
    assert asked(found) == ["0+0?", "1+1?"]
    assert found.tally.repeated.first[0] == "rows.jsonl, row 2: the same problem as rows.jsonl, row 0 ('0+0?')"
    told = error_of(reading(tmp_path, [*sums(2), *sums(2)], duplicates="error", on_bad_row="drop"))
    assert told.message.startswith("2 rows cannot be used:\n  rows.jsonl, row 2: the same problem as")


def test_one_id_for_two_problems_is_a_bad_row(tmp_path: Path) -> None:
    mapping = {"mapping": {"id": "name"}}
    found = reading(tmp_path, sums(2, name="a"), **mapping)
    assert error_of(found).message == "rows.jsonl, row 1 and rows.jsonl, row 0 both have the id 'a'"
    assert asked(reading(tmp_path, sums(2, name="a"), on_bad_row="drop", **mapping)) == ["0+0?"]


def test_what_was_left_out_stands_in_the_record_and_is_told_by_the_report(tmp_path: Path) -> None:
    found = reading(tmp_path, [*BAD, *sums(1)], verifiers=NUMBERS, on_bad_row="drop", where="question != '2+2?'")
    summary = Sets({"train": found.problems}, {"train": found.tally}).summary()
    counts = {name: value for name, value in summary.items() if name != "left_out_train"}
    assert counts == {"num_train": 1, "num_unwanted_train": 1, "num_bad_train": 6, "num_repeated_train": 1}
    told = rows_left_out(summary)
    assert told[0] == "train: 9 rows, left out: 1 not taken by `where`, 6 bad, 1 repeated"
    assert len(told) == 8 and told[-1].startswith(
        "  repeated: rows.jsonl, row 8: the same problem as rows.jsonl, row 0"
    )
    whole = reading(tmp_path, sums(2))
    assert Sets({"train": whole.problems}, {"train": whole.tally}).summary() == {"num_train": 2}, "as before"
