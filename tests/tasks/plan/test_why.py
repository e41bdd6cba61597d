"""Why a step is new, field by field."""

from __future__ import annotations

from typing import Any

from tasks.plan.why import differences

OLD: dict[str, Any] = {
    "stage": "train", "round": 2, "seed": 5, "versions": {"train": 1},
    "inputs": {"model": "a" * 64, "rows": ["b" * 64]},
    "config": {"train": {"learning_rate": 0.001, "tune": {"rank": 8}}},
}  # fmt: skip


def test_a_setting_is_named_with_its_section() -> None:
    new = OLD | {"config": {"train": {"learning_rate": 0.002, "tune": {"rank": 8}}}}
    assert list(differences(OLD, new)) == ["train.learning_rate: 0.001 -> 0.002"]
    assert not list(differences(OLD, OLD))


def test_digests_are_short_and_lists_are_seen() -> None:
    new = OLD | {"inputs": {"model": "c" * 64, "rows": ["b" * 64, "d" * 64]}}
    assert list(differences(OLD, new)) == [
        f"inputs.model: {'a' * 12} -> {'c' * 12}",
        f'inputs.rows: ["{"b" * 12}"] -> ["{"b" * 12}", "{"d" * 12}"]',
    ]


def test_what_only_one_has_is_nothing_on_the_other_side() -> None:
    new = OLD | {"config": {"train": {"tune": {"rank": 8}}, "extra": 1}}
    assert list(differences(OLD, new)) == ["extra: nothing -> 1", "train.learning_rate: 0.001 -> nothing"]


def test_a_seed_says_something_within_a_round_only() -> None:
    assert list(differences(OLD, OLD | {"seed": 6})) == ["seed: 5 -> 6"]
    assert not list(differences(OLD, OLD | {"seed": 6, "round": 3}))


def test_long_texts_are_cut() -> None:
    (line,) = differences(OLD, OLD | {"versions": {"train": "x" * 500}})
    assert line.startswith("versions.train: 1 -> 'xxx") and line.endswith("...'") and len(line) < 100
