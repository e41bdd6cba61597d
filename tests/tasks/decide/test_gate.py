"""A gate promotes by the select suite alone, and says why in words."""

from __future__ import annotations

import pytest

from configs.schema.evaluate import Always, Better, Gate, Significant
from tasks.core.records import ItemResult, Label
from tasks.decide.gate import GateDecision, apply_gate
from tests.build.records import make_item


def items(marks: str, suite: str = "select") -> list[ItemResult]:
    """One item a character: `+` is correct, `-` is wrong."""
    labels = [Label.CORRECT if mark == "+" else Label.WRONG for mark in marks]
    return [make_item(suite, str(number), label) for number, label in enumerate(labels)]


def compare(gate: Gate, gained: int, lost: int, num_problems: int = 100) -> GateDecision:
    same = "+" * (num_problems - gained - lost)
    return apply_gate(gate, items("-" * gained + "+" * lost + same), items("+" * gained + "-" * lost + same))


@pytest.mark.parametrize(
    ("gate", "gained", "lost", "promote"),
    [
        (Better(), 1, 0, True),
        (Better(), 3, 3, False),
        (Better(), 0, 1, False),
        (Better(margin=0.02), 4, 2, False),
        (Better(margin=0.02), 5, 2, True),
        (Better(margin=0.07), 7, 0, False),
        (Significant(), 15, 5, True),
        (Significant(), 8, 2, False),
        (Significant(alpha=0.2), 8, 2, True),
        (Significant(), 5, 15, False),
        (Significant(), 0, 0, False),
        (Always(), 0, 9, True),
    ],
)
def test_which_candidates_are_promoted(gate: Gate, gained: int, lost: int, promote: bool) -> None:
    decision = compare(gate, gained, lost)
    assert decision.promote is promote
    assert (decision.gained, decision.lost) == (gained, lost)


def test_the_reason_gives_the_numbers() -> None:
    begin = "select accuracy 85.00% -> 95.00% on 100 problems (15 gained, 5 lost, exact McNemar p = 0.0414): "
    assert compare(Better(), 15, 5).reason == begin + "a rise, as asked"
    assert compare(Better(margin=0.1), 15, 5).reason == begin + "not a rise above 10.00%"
    assert compare(Significant(), 15, 5).reason == begin + "a rise, and p is below 0.05"
    assert compare(Significant(alpha=0.01), 15, 5).reason == begin + "a rise, and p is not below 0.01"
    assert compare(Always(), 15, 5).reason == begin + "every candidate is promoted"
    assert compare(Significant(), 5, 15).reason.endswith("not a rise")


def test_the_p_value_is_mcnemars_whatever_the_gate() -> None:
    for gate in (Better(), Significant(), Always()):
        assert compare(gate, 12, 3).p_value == pytest.approx(0.035156, abs=5e-7)


def test_the_report_suite_decides_nothing() -> None:
    before = items("--") + items("++++", "report")
    after = items("+-") + items("----", "report")
    assert apply_gate(Better(), before, after) == apply_gate(Better(), items("--"), items("+-"))


def test_other_problems_or_none_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="one evaluation only"):
        apply_gate(Better(), items("++"), items("+++"))
    with pytest.raises(ValueError, match="no select items"):
        apply_gate(Better(), items("++", "report"), items("++", "report"))
