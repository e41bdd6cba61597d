"""Any text is a name: legal ones stay, others are spelled without two of them becoming one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.text.names import artifact_key, file_name, mlflow_name

ODD = [
    "Counting & Probability", "Counting _ Probability", "a//b", "a/b/", "/a", "a/../b", "..", ".", "./a", "", " ",
    "a/ b", "x" * 251, "x" * 250 + "y", "x" * 5000, "na\u00efve", "nai\u0308ve", "\u6570\u5b66", "\ud800", "\0",
    "a\nb", "a:b",     "a\u202eb", "a\\b", "'; drop table", "%2e%2e", "\U0001f600", "a=b", "CON", "a.", "A_3f2a1b4c5d",
]  # fmt: skip
LEGAL = {
    "mlflow": (mlflow_name, re.compile(r"[A-Za-z0-9_.\- /]{1,250}")),
    "prefect": (artifact_key, re.compile(r"[a-z0-9]([a-z0-9-]{0,198}[a-z0-9])?")),
    "file": (file_name, re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")),
}
ANY = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=()), max_size=300))


@pytest.mark.parametrize("target", LEGAL)
def test_odd_texts_become_legal_names_all_of_them_different(target: str) -> None:
    spell, legal = LEGAL[target]
    assert [text for text in ODD if not legal.fullmatch(spell(text))] == []
    assert len({spell(text) for text in ODD}) == len(ODD)


@pytest.mark.parametrize("target", ["mlflow", "file"])
@given(ANY, ANY)
def test_two_texts_never_become_one_name(target: str, first: str, second: str) -> None:
    spell, legal = LEGAL[target]
    assert legal.fullmatch(spell(first))
    assert (spell(first) == spell(second)) == (first == second)
    assert spell(spell(first)) != spell(first) or spell(first) == first, "a spelling is no text that somebody wrote"


@given(ANY)
def test_a_name_of_mlflow_is_one_path(text: str) -> None:
    name = mlflow_name(text)
    assert posixpath.normpath(name) == name and not name.startswith(("/", ".."))


@pytest.mark.parametrize(
    ("spell", "text", "name"),
    [
        (mlflow_name, "select_accuracy_digits_2", "select_accuracy_digits_2"),
        (mlflow_name, "select_accuracy_level_Level 5", "select_accuracy_level_Level 5"),
        (mlflow_name, "train.tune.r", "train.tune.r"),
        (artifact_key, "micro round 1", "micro-round-1"),
        (artifact_key, "my-experiment plan", "my-experiment-plan"),
        (file_name, "scores_of_the_judges", "scores_of_the_judges"),
    ],
)
def test_what_is_legal_stays(spell: Callable[[str], str], text: str, name: str) -> None:
    assert spell(text) == name


def test_a_spelling_can_be_read() -> None:
    assert re.fullmatch(r"Counting _ Probability_[0-9a-f]{10}", mlflow_name("Counting & Probability"))
    assert re.fullmatch(r"a-b-round-1-[0-9a-f]{10}", artifact_key("a_b round 1"))
