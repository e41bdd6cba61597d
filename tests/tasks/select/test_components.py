"""Each selection component, by cases."""

from __future__ import annotations

import pytest

from configs.schema.select import Cap, Correct, DropTruncated, LengthWindow, Select, Threshold, Unique
from tasks.records import DropReason, Label
from tasks.select.candidate import Candidate, Draw
from tasks.select.registry import COMPONENTS, VERSIONS, component_versions
from tests.tasks.select.make import make_candidate, make_sample, make_verdict


def refuse(group: list[Candidate], config: Select, seed: int = 0, round: int = 1) -> list[DropReason | None]:
    return COMPONENTS[config.kind](group, config, Draw(seed, round))


@pytest.mark.parametrize("label", list(Label))
def test_correct_drops_by_the_judges_label(label: Label) -> None:
    expected = None if label == Label.CORRECT else DropReason(label)
    assert refuse([make_candidate(label=label)], Correct()) == [expected]


def test_correct_asks_the_judge_it_names() -> None:
    sample = make_sample()
    verdicts = {"a": make_verdict(sample, "a", Label.CORRECT), "b": make_verdict(sample, "b", Label.WRONG)}
    candidate = Candidate(sample, verdicts)
    assert refuse([candidate], Correct()) == refuse([candidate], Correct(judge="a")) == [None]
    assert refuse([candidate], Correct(judge="b")) == [DropReason.WRONG]


@pytest.mark.parametrize(
    ("label", "score", "reason"),
    [
        (Label.UNSCORED, 0.5, None),
        (Label.UNSCORED, 0.49, DropReason.BELOW_THRESHOLD),
        (Label.WRONG, 0.0, DropReason.BELOW_THRESHOLD),
        (Label.UNSCORED, None, DropReason.UNSCORED),
        (Label.UNPARSEABLE, None, DropReason.UNPARSEABLE),
        (Label.TRUNCATED, None, DropReason.TRUNCATED),
        (Label.VERIFIER_ERROR, None, DropReason.VERIFIER_ERROR),
    ],
)
def test_threshold_never_takes_a_missing_score_for_a_zero(
    label: Label, score: float | None, reason: DropReason | None
) -> None:
    candidate = make_candidate(label=label, score=score)
    assert refuse([candidate], Threshold(at_least=0.5)) == [reason]
    assert refuse([candidate], Threshold(at_least=-1.0)) == [None if score is not None else reason]


@pytest.mark.parametrize(("num_correct", "num_kept"), [(0, 0), (3, 3), (17, 10), (32, 10)])
def test_cap_keeps_the_numbers_of_rest_em(num_correct: int, num_kept: int) -> None:
    reasons = refuse([make_candidate(index=index) for index in range(num_correct)], Cap(per_problem=10))
    assert reasons.count(None) == num_kept
    assert reasons.count(DropReason.OVER_CAP) == num_correct - num_kept


def test_cap_draws_by_seed_round_and_problem() -> None:
    def chosen(seed: int, round: int, problem_id: str) -> list[int]:
        group = [make_candidate(problem_id, index) for index in range(32)]
        return [i for i, reason in enumerate(refuse(group, Cap(per_problem=8), seed, round)) if reason is None]

    assert chosen(0, 1, "p") == chosen(0, 1, "p")
    assert len({tuple(chosen(*draw)) for draw in [(0, 1, "p"), (1, 1, "p"), (0, 2, "p"), (0, 1, "q")]}) == 4


def test_cap_gives_every_sample_the_same_chance() -> None:
    group = [make_candidate(index=index) for index in range(4)]
    kept = [0] * 4
    for seed in range(4000):
        for index, reason in enumerate(refuse(group, Cap(per_problem=1), seed)):
            kept[index] += reason is None
    # 1000 expected each; five standard deviations of a binomial(4000, 1/4) are 137
    assert sum(kept) == 4000 and all(abs(count - 1000) < 137 for count in kept)


def test_unique_keeps_the_first_of_equal_texts() -> None:
    group = [make_candidate(index=index, text=text) for index, text in enumerate(["a", "b", " a\n", "A", "b"])]
    assert refuse(group, Unique()) == [None, None, DropReason.DUPLICATE, None, DropReason.DUPLICATE]


def test_length_includes_both_ends_of_its_window() -> None:
    group = [make_candidate(index=tokens, num_tokens=tokens) for tokens in (4, 5, 8, 9)]
    assert refuse(group, LengthWindow(min_tokens=5, max_tokens=8)) == [
        DropReason.TOO_SHORT,
        None,
        None,
        DropReason.TOO_LONG,
    ]
    assert refuse(group, LengthWindow(min_tokens=5)) == [DropReason.TOO_SHORT, None, None, None]


def test_drop_truncated_asks_no_judge() -> None:
    group = [make_candidate(is_truncated=True), make_candidate(index=1)]
    assert refuse(group, DropTruncated()) == [DropReason.TRUNCATED, None]


def test_every_component_has_a_version() -> None:
    assert set(VERSIONS) == set(COMPONENTS)
    assert component_versions([Correct(), Cap()]) == {"correct": 1, "cap": 1}
