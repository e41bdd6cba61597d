"""What is read from a verdict, and from a text of several parts."""

from __future__ import annotations

from typing import Any

import pytest

from configs.schema.revision.sampler import ReviseStep
from tasks.core.records import Inserted
from tasks.sample.revision.reading import pieces_of, read_verdict

RELEASE = {"pattern": r"\[VERIFY\] (correct|wrong)"}


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("so [VERIFY] wrong.", RELEASE, ("so [VERIFY] wrong", "wrong")),
        ("so [VERIFY] correct. Next", RELEASE, ("so [VERIFY] correct", "right")),
        ("no tag", RELEASE, ("no tag", None)),
        ("[VERIFY] wrong [VERIFY] correct", RELEASE, ("[VERIFY] wrong [VERIFY] correct", None)),
        ("[VERIFY] wrong [VERIFY] correct", {**RELEASE, "last": True}, ("[VERIFY] wrong [VERIFY] correct", "right")),
        ("Verdict: correct", {}, ("Verdict: correct", "right")),
        ("verdict: WRONG", {}, ("verdict: WRONG", "wrong")),
        ("verdict: wrongly", {}, ("verdict: wrongly", None)),
        ("ok? no", {"pattern": r"ok\? (\w+)", "right": "yes", "wrong": "No"}, ("ok? no", "wrong")),
        ("ok? maybe", {"pattern": r"ok\? (\w+)", "right": "yes", "wrong": "no"}, ("ok? maybe", None)),
    ],
)
def test_exactly_one_verdict_is_read(text: str, settings: dict[str, Any], said: tuple[str, str | None]) -> None:
    assert read_verdict(text, ReviseStep.model_validate({"part": "verdict", **settings})) == said


def test_a_verdict_before_an_attempt_is_read_from_its_own_part() -> None:
    step = ReviseStep.model_validate({"part": "attempt", "split": r"(?s)(?P<verdict>.*?)\n(?P<attempt>.*)"})
    assert [piece[:3] for piece in pieces_of("Verdict: wrong\nverdict: correct", step) or []] == [
        ("verdict", "Verdict: wrong", "wrong"), ("attempt", "verdict: correct", None),
    ]  # fmt: skip
    assert pieces_of("one line", step) is None
    assert pieces_of("\nan empty part", step) is None


def test_an_output_of_an_interpreter_says_nothing() -> None:
    """A program that prints a verdict has not given one; what follows the verdict is cut, outputs included."""
    text = "out: Verdict: wrong; so Verdict: correct. out: 3"
    printed = (Inserted(5, 19), Inserted(len(text) - 1, len(text)))
    step = ReviseStep.model_validate({"part": "verdict"})
    assert read_verdict(text, step)[1] is None
    (piece,) = pieces_of(text, step, printed) or []
    assert piece == ("verdict", "out: Verdict: wrong; so Verdict: correct", "right", (Inserted(5, 19),))


def test_outputs_go_with_the_part_that_they_stand_in() -> None:
    step = ReviseStep.model_validate({"part": "attempt", "split": r"(?s)(?P<critique>.*?)---(?P<attempt>.*)"})
    text = "a 12 --- b 34 c"
    critique, attempt = pieces_of(text, step, (Inserted(2, 4), Inserted(11, 13))) or []
    assert (critique.text, critique.inserted) == ("a 12", (Inserted(2, 4),))
    assert (attempt.text, attempt.inserted) == ("b 34 c", (Inserted(2, 4),))
