"""Selection keeps or drops every sample once, with one reason, whatever the components."""

from __future__ import annotations

from collections import Counter
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import UserError
from configs.schema.select import Cap, Correct, DropTruncated, LengthWindow, Select, Threshold, Unique
from tasks.records import Drop, DropReason, Example, Label, Message, Problem, Sample, Verdict
from tasks.select.select import Selected, select_samples, to_example
from tasks.select.summary import SelectSummary
from tasks.select.weights import problem_weights
from tests.tasks.select.make import make_sample, make_verdict

DEFAULT: tuple[Select, ...] = (Correct(), DropTruncated(), Cap())


def select(
    samples: list[Sample], verdicts: list[Verdict], components: tuple[Select, ...] = DEFAULT, seed: int = 0
) -> list[Selected]:
    return list(select_samples(samples, verdicts, components, ["answer"], seed, 1))


@st.composite
def judged_samples(draw: st.DrawFn) -> tuple[list[Sample], list[Verdict]]:
    samples, verdicts = [], []
    for problem in range(draw(st.integers(0, 4))):
        for index in range(draw(st.integers(1, 8))):
            is_truncated, text = draw(st.booleans()), draw(st.sampled_from("abc"))
            sample = make_sample(f"p{problem}", index, text, draw(st.integers(0, 9)), is_truncated)
            score = draw(st.none() | st.floats(0, 1))
            samples.append(sample)
            verdicts.append(make_verdict(sample, label=draw(st.sampled_from(list(Label))), score=score))
    return samples, verdicts


COMPONENTS = st.sampled_from(
    [
        Correct(),
        Threshold(at_least=0.5),
        Cap(per_problem=2),
        Unique(),
        LengthWindow(min_tokens=2, max_tokens=7),
        DropTruncated(),
    ]
)


@given(judged_samples(), st.lists(COMPONENTS, min_size=1, max_size=4), st.integers())
def test_every_sample_is_kept_or_dropped_once_in_order(
    judged: tuple[list[Sample], list[Verdict]], components: list[Select], seed: int
) -> None:
    samples, verdicts = judged
    selection = select(samples, verdicts, tuple(components), seed)
    assert [selected.sample for selected in selection] == samples
    assert all(selected.reason is None or selected.reason in DropReason for selected in selection)
    assert selection == select(samples, verdicts, tuple(components), seed)


@given(judged_samples(), st.integers())
def test_the_cap_is_never_exceeded_and_takes_all_it_can(judged: tuple[list[Sample], list[Verdict]], seed: int) -> None:
    samples, verdicts = judged
    selection = select(samples, verdicts, (Correct(), Cap(per_problem=2)), seed)
    num_correct = Counter(verdict.problem_id for verdict in verdicts if verdict.label == Label.CORRECT)
    num_kept = Counter(selected.sample.problem_id for selected in selection if selected.reason is None)
    assert num_kept == Counter({problem_id: min(number, 2) for problem_id, number in num_correct.items()})


def test_rest_em_keeps_0_3_10_10_of_0_3_17_32() -> None:
    samples = [make_sample(f"p{number}", index) for number in (0, 3, 17, 32) for index in range(40)]
    verdicts = [
        make_verdict(sample, label=Label.CORRECT if sample.index < int(sample.problem_id[1:]) else Label.WRONG)
        for sample in samples
    ]
    summary = SelectSummary()
    list(summary.watch(select_samples(samples, verdicts, DEFAULT, ["answer"], 0, 1)))
    assert summary.num_kept_by_problem == {"p3": 3, "p17": 10, "p32": 10}
    numbers = summary.numbers()
    assert (numbers["num_kept"], numbers["dropped_over_cap"]) == (23, 7 + 22)


def test_the_first_component_that_refuses_gives_the_reason() -> None:
    sample = make_sample(is_truncated=True, num_tokens=9)
    verdict = make_verdict(sample, label=Label.WRONG)
    for components, reason in [
        ((Correct(), DropTruncated()), DropReason.WRONG),
        ((DropTruncated(), Correct()), DropReason.TRUNCATED),
        ((LengthWindow(max_tokens=5), Correct()), DropReason.TOO_LONG),
    ]:
        (selected,) = select([sample], [verdict], components)
        assert selected.to_drop() == Drop("p/0", "p", reason)


def test_a_refused_sample_does_not_make_its_copy_a_duplicate() -> None:
    samples = [make_sample(index=0, text="a", is_truncated=True), make_sample(index=1, text="a")]
    selection = select(samples, [make_verdict(sample) for sample in samples], (DropTruncated(), Unique()))
    assert [selected.reason for selected in selection] == [DropReason.TRUNCATED, None]


def test_a_kept_sample_is_no_drop() -> None:
    with pytest.raises(ValueError, match="p/0 was kept"):
        Selected(make_sample(), None).to_drop()


def test_verdicts_of_other_samples_are_refused() -> None:
    samples = [make_sample(index=0), make_sample(index=1)]
    verdicts = [make_verdict(sample) for sample in samples]
    for wrong, found in [
        (verdicts[::-1], "found sample p/1, judge answer"),
        (verdicts[:1], "found the end"),
        (verdicts * 2, "expected the end"),
        ([make_verdict(sample, "style") for sample in samples], "judge style"),
    ]:
        with pytest.raises(UserError, match=found):
            select(samples, wrong)


def test_samples_of_a_problem_must_lie_together() -> None:
    samples = [make_sample("p"), make_sample("q"), make_sample("p", 1)]
    with pytest.raises(UserError, match="problem p lie apart"):
        select(samples, [make_verdict(sample) for sample in samples])


def test_one_problem_is_read_ahead_at_most() -> None:
    samples = (make_sample(f"p{index // 4}", index) for index in count())
    verdicts = (make_verdict(make_sample(f"p{index // 4}", index)) for index in count())
    selection = select_samples(samples, verdicts, DEFAULT, ["answer"], 0, 1)
    assert [selected.sample.index for selected in islice(selection, 4)] == [0, 1, 2, 3]
    assert next(samples).index == 5


def test_the_summary_counts_reasons_and_tokens() -> None:
    samples = [make_sample("p", 0, num_tokens=4), make_sample("p", 1, num_tokens=8), make_sample("q", 0, num_tokens=10)]
    labels = [Label.CORRECT, Label.WRONG, Label.UNPARSEABLE]
    verdicts = [make_verdict(sample, label=label) for sample, label in zip(samples, labels, strict=True)]
    summary = SelectSummary()
    list(summary.watch(select(samples, verdicts)))
    numbers = summary.numbers()
    assert {name: number for name, number in numbers.items() if number} == {
        "num_samples": 3,
        "num_kept": 1,
        "kept_rate": 1 / 3,
        "num_problems": 2,
        "num_problems_with_kept": 1,
        "dropped_wrong": 1,
        "dropped_unparseable": 1,
        "mean_tokens_kept": 4.0,
        "mean_tokens_dropped": 9.0,
    }
    assert {f"dropped_{reason}" for reason in DropReason} <= set(numbers)
    assert SelectSummary().numbers()["kept_rate"] is None


def test_an_example_is_the_problems_chat_and_the_samples_text() -> None:
    chat = (Message("user", "1+1?"),)
    assert to_example(make_sample(text="2"), Problem("p", chat), 0.5) == Example("p/0", "p", chat, "2", 0.5)


def test_problem_weights_by_hand() -> None:
    assert problem_weights({"a": 1, "b": 3}) == {"a": 2.0, "b": 2 / 3}
    assert problem_weights({}) == {}
    with pytest.raises(ValueError, match="without examples"):
        problem_weights({"a": 0})


@given(st.dictionaries(st.text(), st.integers(1, 100), min_size=1))
def test_problems_weigh_the_same_and_examples_one_on_average(counts: dict[str, int]) -> None:
    weights = problem_weights(counts)
    totals = [weights[problem_id] * count for problem_id, count in counts.items()]
    assert totals == pytest.approx([totals[0]] * len(totals))
    assert sum(totals) / sum(counts.values()) == pytest.approx(1)
