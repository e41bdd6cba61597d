"""Which recipes run with each change."""

from __future__ import annotations

from tests.flows.representatives import fewest, parts_of


def test_the_fewest_have_all_parts_between_them() -> None:
    parts = {"a": frozenset("xy"), "b": frozenset("yzw"), "c": frozenset("x"), "d": frozenset("xw")}
    assert fewest(parts) == {"a", "b"}


def test_parts_are_known_by_where_they_stand_and_their_kind() -> None:
    parts = parts_of("rest_em")
    assert {"generate independent", "objective sft", "judge answer"} <= parts and "select cap" not in parts
