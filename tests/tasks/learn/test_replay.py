"""Rows from outside mixed with a round's own: DICE's worked numbers, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ProblemsError
from configs.schema.recipe import Recipe
from tasks.learn.replay import check_replays, mix, read_replay, replay_counts
from tasks.learn.rows import ROW_KINDS
from tests.flows.micro import micro_recipe


def mixed_of(own: list[dict[str, Any]], outside: list[dict[str, Any]], share: float, seed: int) -> list[dict[str, Any]]:
    return list(mix(lambda: iter(own), lambda: iter(outside), share, seed))


def rows(name: str, number: int) -> list[dict[str, Any]]:
    return [{"messages": [{"role": "user", "content": f"{name}{n}"}], "chosen": name} for n in range(number)]


def test_half_of_ten_thousand_and_nine_thousand() -> None:
    assert replay_counts(10_000, 9_000, 0.5) == (5_000, 5_000)


@given(st.integers(0, 500), st.integers(0, 500), st.floats(0.05, 0.95))
def test_the_share_holds_and_nothing_is_used_twice(num_outside: int, num_own: int, share: float) -> None:
    own, outside = replay_counts(num_outside, num_own, share)
    assert own <= num_own
    assert outside <= num_outside
    assert outside <= share * (own + outside) + 1e-6


def test_a_mixture_is_drawn_from_both_and_the_same_every_time() -> None:
    mixed = mixed_of(rows("own", 20), rows("out", 10), 0.5, seed=1)
    assert [row["chosen"] for row in mixed].count("own") == 5
    assert [row["chosen"] for row in mixed].count("out") == 5
    assert mixed == mixed_of(rows("own", 20), rows("out", 10), 0.5, seed=1)
    assert mixed != mixed_of(rows("own", 20), rows("out", 10), 0.5, seed=2)


def test_a_prompt_of_the_round_is_not_replayed() -> None:
    mixed = mixed_of(rows("a", 4), [*rows("a", 4), *rows("b", 4)], 0.5, seed=0)
    assert sorted(row["messages"][0]["content"] for row in mixed[2:]) == sorted(
        row["messages"][0]["content"] for row in mixed[2:] if row["chosen"] == "b"
    )


def test_too_few_rows_from_outside_are_an_error() -> None:
    with pytest.raises(ProblemsError, match="1 rows of the file have prompts of their own"):
        mixed_of(rows("own", 20), rows("out", 1), 0.5, seed=1)


GOOD = '{"prompt": "a", "completion": "b"}'
BAD = {
    '{"completion": "b"}': "row 1 has no prompt",
    '{"prompt": "a"}': "row 1 has no completion",
    '{"prompt": "a", "completion": 7}': "row 1: completion is '7', not a text",
    '{"prompt": 7, "completion": "b"}': "row 1: prompt is '7', not a text",
    '{"prompt": " ", "completion": "b"}': "row 1: prompt holds an empty text",
    '{"prompt": "a", "completion": ""}': "row 1: completion holds an empty text",
    r'{"prompt": "a", "completion": " \n"}': "row 1: completion holds an empty text",
    '{"messages": [{"role": "system", "content": "be brief"}], "completion": "b"}': "row 1: messages has no turn of",
    '{"messages": [{"role": "human", "content": "a"}], "completion": "b"}': "row 1: messages has the role 'human'",
    '{"prompt": "a", "completion": null}': "row 1: completion is 'None'",
    '{"prompt": "a", "completion": "b", "weight": -1}': "row 1: weight is -1, not a number above 0",
    '{"prompt": "a", "completion": "b", "weight": 0}': "row 1: weight is 0",
    '{"prompt": "a", "completion": "b", "weight": true}': "row 1: weight is True",
    '{"prompt": "a", "completion": "b", "weight": "2"}': "row 1: weight is 2",
    '{"prompt": "a", "completion": "b", "weight": NaN}': "row 1: weight is nan",
    '{"prompt": "a", "completion": "b", "weight": 1e999}': "row 1: weight is inf",
    '{"prompt": "a", "completion": "b", "weight": 1%s}' % ("0" * 400): "row 1: weight is 1000",
    '{"messages": [{"role": "assistant", "content": "b"}], "completion": "c"}': "row 1: messages ends with",
    '{"messages": "a", "completion": "b"}': "row 1: messages is no list of turns",
    '{"messages": [], "completion": "b"}': "row 1: messages is no list of turns",
    '{"messages": [{"role": "user"}], "completion": "b"}': "row 1: messages holds .*no turn of a chat",
    '{"messages": [{"role": "user", "content": 7}], "completion": "b"}': "row 1: messages is '7', not a text",
    r'{"prompt": "a", "completion": "b\ud800"}': r"row 1: completion holds half of a character .*U\+D800",
    r'{"prompt": "a\u0000", "completion": "b"}': "row 1: prompt holds the character NUL",
    '["a", "b"]': "line 2: list, not an object",
    '{"prompt": "a", "completion": "b"': "line 2: not JSON",
    '{"prompt": "a", "completion": ' + "9" * 5000 + "}": "line 2: a number has thousands of digits",
    '{"prompt": "a", "completion": ' + "[" * 100_000 + "]" * 100_000 + "}": "line 2: .* deep in each other",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:60])
def test_a_row_that_cannot_be_trained_on_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(ProblemsError, match=rf"rows\.jsonl, {BAD[line]}"):
        list(read_replay(path, ROW_KINDS["examples"]))


def test_what_is_desirable_is_true_or_false(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(GOOD.replace("}", ', "is_desirable": "yes"}'))
    with pytest.raises(ProblemsError, match="row 0: is_desirable is 'yes', not true or false"):
        list(read_replay(path, ROW_KINDS["labelled"]))


def test_a_file_that_is_missing_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match="there is no file"):
        list(read_replay(tmp_path / "none.jsonl", ROW_KINDS["pairs"]))
    (tmp_path / "rows.txt").write_text(GOOD)
    with pytest.raises(ProblemsError, match="not a problem file by its ending"):
        list(read_replay(tmp_path / "rows.txt", ROW_KINDS["pairs"]))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"prompt": "a", "chosen": "b", "rejected": "b "}', "row 0: chosen and rejected are the same text"),
        ('{"prompt": "a", "chosen": "", "rejected": "b"}', "row 0: chosen holds an empty text"),
        ('{"prompt": "a", "chosen": "b", "rejected": " "}', "row 0: rejected holds an empty text"),
        ('{"prompt": "a", "chosen": "b"}', "row 0 has no rejected"),
    ],
)
def test_a_pair_that_says_nothing_is_named(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "rows.jsonl").write_text(line)
    with pytest.raises(ProblemsError, match=says):
        list(read_replay(tmp_path / "rows.jsonl", ROW_KINDS["pairs"]))


def test_blank_lines_marks_and_separators_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    odd = '{"prompt": "a\u2028b", "completion": "c\u202e", "weight": 2}'
    path.write_bytes(b"\xef\xbb\xbf" + f"{GOOD}\n\n   \n{odd}\n\n".encode())
    first, second = read_replay(path, ROW_KINDS["examples"])
    assert (first["weight"], second["weight"]) == (1.0, 2.0)
    assert second["messages"] == [{"role": "user", "content": "a\u2028b"}]
    assert second["completion"] == [{"text": "c\u202e", "weight": 1.0}]


def test_every_file_of_a_recipe_is_read_before_the_first_round(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(f"{GOOD}\n" * 2)
    (tmp_path / "small.jsonl").write_text(GOOD)
    (tmp_path / "bad.jsonl").write_text('{"prompt": "a"}')

    def recipe(path: str) -> Recipe:
        made = micro_recipe()
        return Recipe.model_validate({**made, "train": {**made["train"], "replay": {"path": path}}})

    check_replays(recipe("good.jsonl"), tmp_path)
    with pytest.raises(ProblemsError, match=r"bad\.jsonl, row 0 has no completion"):
        check_replays(recipe("bad.jsonl"), tmp_path)
    with pytest.raises(ProblemsError, match=r"small\.jsonl has 1 rows, of which a share of 0\.5 .* is none"):
        check_replays(recipe("small.jsonl"), tmp_path)
    check_replays(Recipe.model_validate(micro_recipe()), tmp_path)
