"""Rows from outside mixed with a round's own: DICE's worked numbers, and files that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ProblemsError
from tasks.learn.replay import mix, read_replay, replay_counts
from tasks.learn.rows import ROW_KINDS


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
    mixed = mix(rows("own", 20), rows("out", 10), 0.5, seed=1)
    assert [row["chosen"] for row in mixed].count("own") == 5
    assert [row["chosen"] for row in mixed].count("out") == 5
    assert mixed == mix(rows("own", 20), rows("out", 10), 0.5, seed=1)
    assert mixed != mix(rows("own", 20), rows("out", 10), 0.5, seed=2)


def test_a_prompt_of_the_round_is_not_replayed() -> None:
    mixed = mix(rows("a", 4), [*rows("a", 4), *rows("b", 4)], 0.5, seed=0)
    assert sorted(row["messages"][0]["content"] for row in mixed[2:]) == sorted(
        row["messages"][0]["content"] for row in mixed[2:] if row["chosen"] == "b"
    )


def test_too_few_rows_from_outside_are_an_error() -> None:
    with pytest.raises(ProblemsError, match="1 rows of the file have prompts of their own"):
        mix(rows("own", 20), rows("out", 1), 0.5, seed=1)


def test_a_line_without_a_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"prompt": "a", "chosen": "b", "rejected": "c"}\n{"prompt": "a", "chosen": "b"}\n')
    with pytest.raises(ProblemsError, match=r"pairs.jsonl, line 2: KeyError\('rejected'\)"):
        read_replay(path, ROW_KINDS["pairs"])
    with pytest.raises(ProblemsError, match="cannot be read"):
        read_replay(tmp_path / "none.jsonl", ROW_KINDS["pairs"])
