from __future__ import annotations

from tasks.core.records import ItemResult, Message, Problem
from tasks.report.item_changes import Change, item_changes

PROBLEMS = {"report": {name: Problem(name, (Message("user", f"what is {name}?"),), "1") for name in "abcd"}}


def results(**labels: str) -> list[ItemResult]:
    return [
        ItemResult("report", name, label, f"{label} {name}", None if label == "wrong" else "1", "1", 3)
        for name, label in labels.items()
    ]


def test_what_was_lost_stands_first_with_both_outputs() -> None:
    before = results(a="correct", b="wrong", c="correct", d="truncated")
    found = item_changes(PROBLEMS, results(a="correct", b="correct", c="unparseable", d="truncated"), before)
    assert [(one.problem_id, one.change) for one in found] == [
        ("c", Change.LOST), ("b", Change.GAINED), ("d", Change.WRONG), ("a", Change.RIGHT)
    ]  # fmt: skip
    lost = found[0]
    assert (lost.problem, lost.gold, lost.output, lost.before_output) == (
        "what is c?", "1", "unparseable c", "correct c"
    )  # fmt: skip
    assert (lost.label, lost.before_label, lost.is_same_text) == ("unparseable", "correct", False)
    assert found[3].is_same_text


def test_without_a_model_before_nothing_is_lost_or_gained() -> None:
    found = item_changes(PROBLEMS, results(a="correct", b="wrong"))
    assert [(one.problem_id, one.change, one.before_label) for one in found] == [
        ("b", Change.WRONG, ""), ("a", Change.RIGHT, "")
    ]  # fmt: skip


def test_a_problem_that_only_one_of_them_was_asked_is_as_without_the_other() -> None:
    found = item_changes(PROBLEMS, results(a="correct", b="wrong"), results(a="wrong"))
    assert [(one.problem_id, one.change) for one in found] == [("a", Change.GAINED), ("b", Change.WRONG)]
