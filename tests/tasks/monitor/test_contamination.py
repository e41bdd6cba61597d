"""Held-out problems in training texts: found by n-grams of words or as a whole prompt, and nothing else is."""

from __future__ import annotations

import pytest

from tasks.core.records import Problem
from tasks.monitor.contamination import HeldOut, words_of
from tasks.monitor.training_rows import TrainingRows
from tests.build.records import ask, make_example, make_pair, make_problem, make_sample

LONG = (
    "A farmer has seven fields and sells three of them to a neighbour who pays in silver coins, "
    "then buys a mill by the river with two of the coins. How many are left?"
)
SHORT = "Which of the nine planets is the smallest of all?"


def problem(question: str, name: str = "p") -> Problem:
    return make_problem(name, messages=ask(question, "You are helpful."))


def held_out(*questions: str, suite: str = "report", **sizes: int) -> HeldOut:
    return HeldOut({suite: [problem(text, f"p{n}") for n, text in enumerate(questions)]}, **sizes)


def test_the_overlap_of_the_worked_example() -> None:
    index = held_out("a b c d e f g", long=99, short=3)
    assert not index.add("", ["x b c d e y f g"])
    assert index.overlaps() == [pytest.approx(0.4)]
    assert index.flagged() == {}


def test_overlap_is_with_all_texts_together_and_a_text_is_flagged_by_itself() -> None:
    index = held_out("a b c d e f g", long=99, short=3)
    assert not index.add("", ["a b c d"])
    assert not index.add("", ["d e f g"])
    assert index.flagged() == {"report": {"p0": pytest.approx(0.8)}}
    assert index.numbers() == {"contamination_share": 0, "contamination_items_report": 1}
    assert index.add("", ["c d e f g"])
    assert index.numbers()["contamination_share"] == pytest.approx(1 / 3)


def test_words_are_lower_case_without_punctuation() -> None:
    assert words_of("A_b, C-d!  E's 3.5") == ["a", "b", "c", "d", "e", "s", "3.5"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1,200 coins", "1200 coins"),
        ("1 200 coins", "1200 coins"),
        ("1\u202f200 coins", "1200 coins"),
        ("1{,}200 coins", "1200 coins"),
        (r"1\,200 coins", "1200 coins"),
        ("1'200 coins", "1200 coins"),
        ("1,234,567", "1234567"),
        ("1,200.50", "1200.5"),
        ("2.0 litres", "2 litres"),
        ("\uff11\uff12\uff10\uff10 coins", "1200 coins"),
        ("It costs $1,200.", "it costs 1200"),
        ("STRASSE", "stra\u00dfe"),
    ],
)
def test_one_number_is_one_word_however_it_is_spelled(first: str, second: str) -> None:
    assert words_of(first) == words_of(second)
    index = held_out(first)
    assert index.add(first if first.endswith(".") else second, [""]), "a whole prompt too"


@pytest.mark.parametrize(
    ("first", "second"),
    [("1,200", "1,20"), ("1.200", "1200"), ("3,4", "34"), ("1200", "120"), ("1.5", "15"), ("1,200", "1 20 0")],
)
def test_other_numbers_are_other_words(first: str, second: str) -> None:
    assert words_of(first) != words_of(second)


def test_a_problem_written_into_a_completion_is_found() -> None:
    index = held_out(LONG, SHORT)
    assert not index.add("What is rain?", ["Water that falls from clouds when it is cold enough up there, mostly."])
    assert index.add("Continue.", [f"Here is a riddle: {LONG.upper()}"])
    assert index.add("Continue.", [f"He asked: {SHORT}"])
    assert set(index.flagged()["report"]) == {"p0", "p1"}


def test_short_prompts_match_as_a_whole_and_their_signs_count() -> None:
    index = held_out("3 + 4 = ?")
    assert not index.add("3 - 4 = ?", ["-1"])
    assert not index.add("Now 3 + 4 = ?", ["7"])
    assert index.add("3 +  4 = ?", ["7"])
    assert index.numbers() == {"contamination_share": pytest.approx(1 / 3), "contamination_items_report": 1}


def test_the_wording_around_many_problems_is_not_contamination() -> None:
    wording = "Think step by step and write the final answer in a box at the end of the text."
    index = held_out(*(f"{wording} {n}" for n in range(40)))
    assert not index.add(f"{wording} 77", [f"{wording} 12345"])
    assert index.flagged() == {}


def test_two_suites_are_counted_apart() -> None:
    index = HeldOut({"select": [problem(SHORT)], "report": [problem(LONG)]})
    index.add(SHORT, ["Mercury"])
    assert index.numbers() == {
        "contamination_share": 1, "contamination_items_select": 1, "contamination_items_report": 0
    }  # fmt: skip
    assert HeldOut({"select": []}).numbers() == {}


def test_what_is_trained_on_gives_kept_ids_and_lengths() -> None:
    draws = [make_sample(index=index, text=text) for index, text in enumerate(("good", "bad", "chosen", "no"))]
    rows = TrainingRows({"report": [problem(SHORT)]})
    rows.add_all(
        [
            make_example(draws[0], messages=ask(SHORT), is_desirable=True),
            make_example(draws[1], messages=ask(SHORT), is_desirable=False),
            make_pair(draws[2], draws[3]),
            make_pair(make_sample("j", 0, f"It asks: {SHORT}"), make_sample("j", 1, ""), role="judge"),
        ]
    )
    assert rows.kept_ids == {"p/0", "p/2"}
    assert rows.numbers() == {
        "length_chosen": 6, "length_rejected": 2, "length_gap_pairs": 4,
        "contamination_share": 0.75, "contamination_items_report": 1,
    }  # fmt: skip
