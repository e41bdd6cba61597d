"""`selfloop init` writes a sound recipe for a file that it has never seen, and says what it cannot guess."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from configs.errors import UserError
from configs.schema.load import load_recipe
from configs.schema.recipe import Recipe
from flows.commands.check import check
from flows.commands.init import init
from flows.new_recipe.guess import Guess, guess_rows
from flows.new_recipe.write import ANSWERS, DEVICES, LEAST_ROWS, METHODS, Choice, write_recipe

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the published problem sets are not in ../shared/data")


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("method", METHODS)
def test_every_choice_is_a_sound_recipe(tmp_path: Path, method: str, answer: str, device: str) -> None:
    guess = Guess('{{ row["a b"] }} \\ {{ q }}', gold="a: b", choices="ABC")
    path = tmp_path / "mine.yaml"
    path.write_text(write_recipe(Choice("mine", "my file.csv", "some/model", answer, method, device, guess)))
    recipe = load_recipe(path)
    source: Any = recipe.problems.source
    assert source.path == "my file.csv" and source.mapping.answer.field == "a: b"
    assert f"{guess.prompt}\n" in source.mapping.prompt
    assert source.mapping.prompt.startswith("Tom has 7 apples") == (device == "cpu" and answer == "number")
    assert recipe.answer_judge() is not None and (recipe.online is not None) == (method == "grpo")
    shows = device == "cpu" and answer == "number" and method != "grpo"
    assert not hasattr(recipe.generate, "stop") or recipe.generate.stop == (("\n",) if shows else ())
    assert recipe.decide.gate.kind == "significant", "a rise of one problem is none"
    assert method == "grpo" or recipe.train.min_examples == LEAST_ROWS


def rows_of(**fields: Any) -> list[dict[str, Any]]:
    return [fields] * 3


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (rows_of(question="1+1?", answer=2), Guess()),
        (rows_of(Body="Two.", Question="How many?", Answer=2.0), Guess("{{ Body }} {{ Question }}", gold="Answer")),
        (rows_of(question="?", answer="so #### 2"), Guess(pattern="#### (.+)")),
        (rows_of(problem="?", label="J"), Guess("{{ problem }}", gold="label", answer="choice", choices="ABCDEFGHIJ")),
        (rows_of(problem="?", label="c"), Guess("{{ problem }}", gold="label", answer="choice", choices="ABC")),
        (rows_of(prompt="?", target="Paris"), Guess("{{ prompt }}", gold="target", answer="text")),
        (rows_of(messages=[{"role": "user"}], answer="7"), Guess("", "messages")),
    ],
)
def test_fields_are_guessed_by_their_names_and_answers_by_their_looks(rows: Any, expected: Guess) -> None:
    found = guess_rows(rows, "a.csv", None, None)
    assert (found.prompt, found.messages, found.gold, found.pattern, found.answer) == (
        expected.prompt, expected.messages, expected.gold, expected.pattern, expected.answer,
    )  # fmt: skip
    assert expected.answer != "choice" or found.choices == expected.choices


def test_what_cannot_be_guessed_is_asked_for() -> None:
    with pytest.raises(UserError, match="no field looks like a question; there are frage, antwort") as caught:
        guess_rows(rows_of(frage="?", antwort=1), "a.csv", None, None)
    assert "--prompt" in (caught.value.fix or "")
    with pytest.raises(UserError, match="no field looks like an answer") as caught:
        guess_rows(rows_of(frage="?", antwort=1), "a.csv", "{{ frage }}", None)
    assert "--gold FIELD" in (caught.value.fix or "")
    assert guess_rows(rows_of(frage="?", antwort=1), "a.csv", "{{ frage }}", "antwort").gold == "antwort"


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, **said: str) -> Recipe:
    monkeypatch.chdir(folder)
    init(Path("My Own.yaml"), **said)
    return load_recipe(Path("My Own.yaml"))


@needs_data
def test_svamp_as_published_and_a_csv_made_from_it_are_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json.loads((DATA / "svamp" / "SVAMP.json").read_text())
    with (tmp_path / "svamp.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["Body", "Question", "Answer"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    for name, path in (("json", str(DATA / "svamp" / "SVAMP.json")), ("csv", "svamp.csv")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "svamp.csv").symlink_to(tmp_path / "svamp.csv")
        recipe = made(tmp_path / name, monkeypatch, data=path)
        judge = recipe.answer_judge()
        assert recipe.name == "my-own" and judge is not None and judge.rule.kind == "number"
        check(Path("My Own.yaml"), data=True, overrides=(f"services.store={tmp_path}/store",))
        assert "problems: train 800, select 100, report 100" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "--data is missing, and nobody can be asked"),
        ({"data": "none.csv"}, "there is no file none.csv"),
        ({"data": "rows.csv", "method": "magic"}, "--method magic: there is none such"),
        ({"data": "rows.csv", "device": "tpu"}, "--device tpu: there is none such"),
    ],
)
def test_what_is_wrong_is_one_message_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], words: str
) -> None:
    (tmp_path / "rows.csv").write_text("question,answer\n1+1?,2\n")
    with pytest.raises(UserError, match=words):
        made(tmp_path, monkeypatch, **said)
    assert not (tmp_path / "My Own.yaml").exists()


def test_a_recipe_that_is_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "My Own.yaml").write_text("name: mine\n")
    with pytest.raises(UserError, match="is there already"):
        made(tmp_path, monkeypatch, data="rows.csv")
    assert (tmp_path / "My Own.yaml").read_text() == "name: mine\n"


def test_a_data_set_of_the_hub_is_named_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source: Any = made(tmp_path, monkeypatch, data="openai/gsm8k", model="some/model").problems.source
    assert (source.kind, source.id) == ("hub", "openai/gsm8k")
