"""Samples and verdicts joined by problem; correctness from a judge or a verifier; lengths and repeats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from configs.schema.verifiers.kinds import NumberVerifier
from tasks.core.joined import Group, joined
from tasks.core.records import Label, Part, Sample, Verdict
from tasks.monitor.gold import gold_is_unknown, has_gold, known_from_judge, known_from_verifier
from tasks.monitor.group import Known, read_groups
from tasks.monitor.texts import Texts
from tests.build.records import make_problem, make_sample, make_scored, make_verdict
from tests.tasks.monitor.make import group

SAMPLES = [make_sample("p", 0, "7"), make_sample("p", 1, "8"), make_sample("q", 0, "9")]
VERDICTS = [
    make_verdict(one, label, judge)
    for one, label in zip(SAMPLES, (Label.CORRECT, Label.TRUNCATED, Label.WRONG), strict=True)
    for judge in ("answer", "rubric")
]


PROBLEMS = {name: make_problem(name) for name in ("p", "q")}


def read(verdicts: list[Verdict], known: Known = gold_is_unknown) -> list[tuple[str, object, list[bool]]]:
    candidates = joined(SAMPLES, verdicts, ["answer", "rubric"], PROBLEMS)
    groups = read_groups(candidates, {"p/1"}, known)
    return [(one.problem.id, one.correct, list(one.kept)) for one in groups]


def test_groups_hold_what_is_known_of_a_problem() -> None:
    assert read(VERDICTS, known_from_judge("answer")) == [
        ("p", [True, False], [False, True]),
        ("q", [False], [False]),
    ]


def test_a_judge_that_only_scores_knows_no_gold() -> None:
    bare = [make_scored(one, 1.0, judge) for one in SAMPLES for judge in ("answer", "rubric")]
    assert [correct for _, correct, _ in read(bare, known_from_judge("answer"))] == [None, None]


def test_only_problems_with_gold_are_verified() -> None:
    seen: list[str] = []

    def verify_all(samples: Iterable[Sample]) -> Iterator[Verdict]:
        for one in samples:
            seen.append(one.id)
            yield make_verdict(one, Label.CORRECT if one.text == "9" else Label.WRONG, "gold")

    known = known_from_verifier(SAMPLES, {"q"}, verify_all)
    assert [correct for _, correct, _ in read(VERDICTS, known)] == [None, [True]]
    assert seen == ["q/0"]


def test_steps_of_a_solution_are_neither_right_nor_wrong() -> None:
    steps = [make_sample(index=index, part=Part.STEP) for index in (0, 1)]
    known = known_from_verifier(steps, {"p"}, lambda samples: iter([pytest.fail("verified") for _ in samples]))
    assert known(Group(PROBLEMS["p"], steps)) is None


def test_gold_that_a_verifier_cannot_read_is_none() -> None:
    golds = [has_gold(make_problem(gold=gold), NumberVerifier()) for gold in ("7", "many", None)]
    assert golds == [True, False, False]


def test_independent_draws_can_be_looked_at_alone() -> None:
    one = group("101", kept="011", scores=[1.0, 2.0, 3.0], draws=["", "hot", ""]).independent()
    assert [row.index for row in one.samples] == [0, 2]
    assert (one.correct, one.kept) == ([True, True], [False, True])
    assert [row.score for row in one.verdicts["rubric"]] == [1.0, 3.0]


def test_lengths_and_repeats() -> None:
    measure = Texts()
    measure.add(group("1101", kept="1101", texts=["aa", "aa ", "bbbb", "cc"]))
    measure.add(group(None, kept="10", problem_id="q", texts=["aa", "dddd"]))
    assert measure.numbers() == {
        "duplicate_rate": pytest.approx(1 / 6),
        "duplicate_rate_kept": pytest.approx(1 / 4),
        "length_mean": pytest.approx((2 + 3 + 4 + 2 + 2 + 4) / 6),
        "length_kept": pytest.approx((2 + 3 + 2 + 2) / 4),
        "kept_precision": 1,
    }
    histogram = measure.histogram()
    assert histogram is not None
    assert histogram.classes == ("to 0", "to 1", "to 3", "to 7")
    assert histogram.series["all samples"] == pytest.approx((0, 0, 4 / 6, 2 / 6))
    assert histogram.series["kept"] == (0, 0, 1, 0)


def test_nothing_kept_has_no_means() -> None:
    measure = Texts()
    measure.add(group("00", texts=["a", "b"]))
    assert measure.numbers() == {"duplicate_rate": 0, "length_mean": 1}
    assert Texts().histogram() is None
