"""A changed gold answer is another answer, in each part that a hasty reader may lose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.judge.trials.changes import changed_golds


@pytest.mark.parametrize(
    ("gold", "changed"),
    [
        ("18", ["19", "118", "-18"]),
        ("-5", ["-6", "-15", "5"]),
        ("007", ["008", "1007", "-007"]),
        ("1,250", ["2,250", "1,251", "11,250", "-1,250"]),
        ("0", ["1", "10"]),
        ("0.00", ["1.00", "0.01", "10.00"]),
        ("10:30", ["11:30", "10:31"]),
        (r"\frac{1}{2}", [r"\frac{2}{2}", r"\frac{1}{3}"]),
        ("(3, 4)", ["(4, 4)", "(3, 5)"]),
        ("50%", ["51%"]),
        ("2024-05-12", ["2025-05-12", "2024-05-13"]),
        ("CAB", ["BAC"]),
        (r"\text{Monday}", [r"\text{yadnoM}"]),
        (r"\sqrt{x}", [r"\sqrt{x}1"]),
        ("noon", ["noon1"]),
        ("\u0967\u096e", ["\u0967\u096e1"]),
    ],
)
def test_each_part_is_changed_once(gold: str, changed: list[str]) -> None:
    assert changed_golds(gold) == changed


@given(st.text(min_size=1))
def test_any_gold_answer_has_another_one(gold: str) -> None:
    changed = changed_golds(gold)
    assert changed and gold not in changed and len(set(changed)) == len(changed)
