"""Two answers are one by what they mean; one function says so for verdicts, votes, weights and counts."""

from __future__ import annotations

from itertools import permutations

import pytest

from tasks.answer.equal import clusters, same, same_spelling
from tasks.answer.find import find
from tasks.answer.read import read
from tasks.answer.value import UnreadableError
from tasks.select.weigh import answer_entropy


@pytest.mark.parametrize(
    ("found", "gold", "is_equal"),
    [
        ("10:30", "10:30", True), ("9:30", "10:30", False), ("30", "10:30", False), ("12:00", "12", False),
        ("5 pm", "5", True),
        ("5 pm", "17:00", True), ("40 cm^2", "40", True), ("40 cm^2", "2", False), ("40", "40 cm^2", True),
        ("5 km", "5000 m", True),
        ("5 km", "5 m", False), ("5 kg", "5 m", False), ("90 minutes", "1.5 hours", True), ("60 km/h",
        "60 km per hour", True),
        ("$5", "5", True), ("$5", "\u20ac5", False), ("50 cents", "$0.50", True), ("50%", "50", True), ("50%",
        "0.5", True),
        ("0.5%", "0.5", False), ("50", "50%", True), ("0.5", "50%", True), ("0.5%", "50%", False), ("0.3333",
        "1/3", False),
        ("0.1 + 0.2 = 0.30", "3/10", True), ("3 apples", "3 apple", True), ("24", "2 dozen", True),
        ("March 5, 2024", "March 5", True),
        ("March 5", "March 5, 2024", False), ("6:4", "3:2", True), ("-0", "0", True), ("2^10", "1024", True),
    ],
)  # fmt: skip
def test_equality_is_of_what_is_meant(found: str, gold: str, is_equal: bool) -> None:
    value = find(found)
    assert value is not None
    assert same(value, read(gold)) is is_equal


@pytest.mark.parametrize(
    ("found", "gold"),
    [("10:30", "10:30 pm"), ("10:30 pm", "10:30"), ("3 oranges", "3 apples"), ("2 dozen", "2"), ("3 million",
     "3"), ("3:2", "1.5"),
     ("5", "5 pm")],
)  # fmt: skip
def test_what_one_side_leaves_open_is_not_told(found: str, gold: str) -> None:
    with pytest.raises(UnreadableError):
        same(read(found), read(gold))


def test_tolerance_is_in_the_unit_of_gold() -> None:
    assert same(read("3.15"), read("3.14"), 0.01) and not same(read("3.1500001"), read("3.14"), 0.01)
    assert same(read("1004 m"), read("1 km"), 0.005) and not same(read("1006 m"), read("1 km"), 0.005)


def test_five_spellings_are_one_cluster() -> None:
    keys = [str(read(spelling)) for spelling in ("0.5", "1/2", r"\frac12", ".50", "50%")]
    assert clusters(keys) == ["0.5"] * 5
    assert answer_entropy(keys) == 0.0


def test_clusters_follow_units_and_leave_what_differs() -> None:
    assert clusters(["5 km", "5000 m", "5 m", None, "yes"]) == ["5 km", "5 km", "5 m", None, "yes"]
    assert clusters(["40 cm^2", "40", "40 cm^2"]) == ["40"] * 3
    assert clusters(["40 cm", "40 m", "40"]) == ["40 cm", "40 m", "40"]  # the bare number belongs to neither
    assert clusters(["50%", "50"]) == ["50", "50"]
    assert clusters([]) == []


def test_the_order_of_answers_changes_no_cluster() -> None:
    keys = ("50%", "0.5", "50", "5 km", "5000 m", "5")
    expected = dict(zip(keys, clusters(keys), strict=True))
    assert all(dict(zip(one, clusters(one), strict=True)) == expected for one in permutations(keys))


def test_golds_of_one_problem_are_compared_as_answers() -> None:
    assert same_spelling("1,000", "1000") and same_spelling("yes", "yes") and same_spelling(None, None)
    assert not same_spelling("3-5", "5") and not same_spelling("10:30", "9:30") and not same_spelling(None, "1")
    assert not same_spelling("50%", "0.7")
