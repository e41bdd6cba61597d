"""Selection keeps or drops every sample once, with one reason, whatever the components."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema.select import (
    BestShare,
    BothOutcomes,
    Cap,
    Correct,
    DistinctEquations,
    DropTruncated,
    Judged,
    LengthGap,
    LengthWindow,
    Select,
    Threshold,
    Unique,
)
from tasks.core.records import Drop, DropReason, Label
from tasks.select.defaults import all_filters
from tasks.select.filters.filter import Draw, Group
from tasks.select.selection import Selected, Selection, kept_of
from tasks.select.summary import SelectSummary
from tests.build.candidates import make_candidate
from tests.build.records import make_recipe

DEFAULT: tuple[Select, ...] = (Correct(), DropTruncated(), Cap())


def prepare(groups: Sequence[Group], components: Sequence[Select] = DEFAULT, seed: int = 0) -> Selection:
    return Selection(lambda: iter(groups), components, Draw(seed, 1))


def select(groups: Sequence[Group], components: Sequence[Select] = DEFAULT, seed: int = 0) -> list[Selected]:
    return [selected for group in prepare(groups, components, seed) for selected in group]


@st.composite
def judged_groups(draw: st.DrawFn) -> list[Group]:
    return [
        [
            make_candidate(
                f"p{problem}",
                index,
                draw(st.sampled_from(list(Label))),
                draw(st.none() | st.floats(0, 1)),
                text=draw(st.sampled_from(["a", "bb", "<<1+1=2>>", "<<1+1=3>>"])),
                num_tokens=draw(st.integers(0, 9)),
                is_truncated=draw(st.booleans()),
            )
            for index in range(draw(st.integers(1, 6)))
        ]
        for problem in range(draw(st.integers(0, 4)))
    ]


COMPONENTS = st.sampled_from(
    [
        Correct(),
        Judged(),
        Threshold(at_least=0.5),
        Threshold(above=0.2),
        BothOutcomes(),
        Cap(per_problem=2),
        Unique(),
        DistinctEquations(),
        LengthWindow(min_tokens=2, max_tokens=7),
        LengthGap(theta=1),
        BestShare(share=0.5),
        DropTruncated(),
    ]
)


@given(judged_groups(), st.lists(COMPONENTS, min_size=1, max_size=5), st.integers())
def test_every_sample_is_kept_or_dropped_once_in_order(
    groups: list[Group], components: list[Select], seed: int
) -> None:
    selection = prepare(groups, components, seed)
    assert [[one.candidate for one in group] for group in selection] == groups
    assert list(selection) == list(selection) == list(prepare(groups, components, seed))
    assert list(selection.kept()) == [kept_of(group) for group in selection]


@given(judged_groups(), st.lists(COMPONENTS, min_size=1, max_size=4), COMPONENTS)
def test_a_further_component_only_takes_away(groups: list[Group], components: list[Select], further: Select) -> None:
    before, after = select(groups, components), select(groups, [*components, further])
    assert all(two.reason == one.reason for one, two in zip(before, after, strict=True) if one.reason is not None)


@given(judged_groups(), st.integers())
def test_the_cap_is_never_exceeded_and_takes_all_it_can(groups: list[Group], seed: int) -> None:
    selection = select(groups, (Correct(), Cap(per_problem=2)), seed)
    num_correct = Counter(
        one.sample.problem_id for group in groups for one in group if one.verdict(None).label == Label.CORRECT
    )
    num_kept = Counter(selected.sample.problem_id for selected in selection if selected.reason is None)
    assert num_kept == Counter({problem_id: min(number, 2) for problem_id, number in num_correct.items()})


@given(judged_groups(), st.lists(COMPONENTS, min_size=1, max_size=4), st.randoms())
def test_fates_do_not_depend_on_the_order_of_problems(
    groups: list[Group], components: list[Select], random: object
) -> None:
    fates = {one.sample.id: one.reason for one in select(groups, components)}
    random.shuffle(groups)  # type: ignore[attr-defined]
    assert {one.sample.id: one.reason for one in select(groups, components)} == fates


def test_rest_em_keeps_0_3_10_10_of_0_3_17_32() -> None:
    groups = [
        [make_candidate(f"p{right}", index, Label.CORRECT if index < right else Label.WRONG) for index in range(40)]
        for right in (0, 3, 17, 32)
    ]
    summary = SelectSummary()
    for group in prepare(groups):
        summary.count(group)
    assert summary.num_kept_by_problem == {"p3": 3, "p17": 10, "p32": 10}
    numbers = summary.numbers()
    assert (numbers["num_kept"], numbers["dropped_over_cap"]) == (23, 7 + 22)


def test_the_first_component_that_refuses_gives_the_reason() -> None:
    groups = [[make_candidate(label=Label.WRONG, is_truncated=True, num_tokens=9)]]
    for components, reason in [
        ((Correct(), DropTruncated()), DropReason.WRONG),
        ((DropTruncated(), Correct()), DropReason.TRUNCATED),
        ((LengthWindow(max_tokens=5), Correct()), DropReason.TOO_LONG),
    ]:
        (selected,) = select(groups, components)
        assert selected.to_drop() == Drop("p/0", "p", reason)


def test_a_component_of_the_whole_round_sees_what_is_left() -> None:
    groups = [
        [make_candidate("p", 0, Label.WRONG, text="x" * 30), make_candidate("p", 1, text="x" * 10)],
        [make_candidate("q", 0, text="x" * 8), make_candidate("q", 1, text="x" * 2)],
    ]
    kept = [selected.reason for selected in select(groups, (Correct(), LengthGap(theta=5)))]
    assert kept == [DropReason.WRONG, None, None, DropReason.TOO_SHORT]
    kept = [selected.reason for selected in select(groups, (LengthGap(theta=5), Correct()))]
    assert kept == [DropReason.WRONG, *[DropReason.TOO_SHORT] * 3]


def test_a_shown_hint_comes_before_every_component() -> None:
    groups = [[make_candidate(label=Label.WRONG, draw="hinted", text="the hint"), make_candidate(index=1)]]
    recipe = make_recipe(guide={}).model_copy(update={"select": DEFAULT})
    ((hinted, other),) = prepare(groups, all_filters(recipe))
    assert (hinted.reason, other.reason) == (DropReason.HINT_SHOWS, None)
    assert next(iter(prepare(groups)))[0].reason == DropReason.WRONG


@pytest.mark.parametrize(
    ("text", "kind", "shows"),
    [
        ("By the hint it is 5", "answer", True),
        ("HINT: 5", "answer", True),
        ("The hints say 5", "answer", True),
        ("as the hint's answer", "answer", True),
        ("(Hint) 5", "answer", True),
        ("the\n answer  given is 5", "answer", True),
        ("Mr Hinton has 5", "answer", False),
        ("the whinting horse", "answer", False),
        ("shinty", "answer", False),
        ("by the comment, 5", "answer", False),
        ("As the comment says, 5", "interactive", True),
        ("In my attempt I erred", "interactive", True),
        ("each attempt costs 5", "interactive", False),
        ("she commented", "interactive", False),
        ("it stands in <solution> tags", "rationale", True),
        ("as in the given solution", "rationale", True),
        ("the solution is 5", "rationale", False),
    ],
)
def test_a_hint_shows_by_whole_words_and_by_those_of_its_own_prompt(text: str, kind: str, shows: bool) -> None:
    groups = [[make_candidate(draw="hinted", text=text), make_candidate(index=1, text=text)]]
    recipe = make_recipe(guide={"kind": kind}).model_copy(update={"select": DEFAULT})
    ((hinted, other),) = prepare(groups, all_filters(recipe))
    assert (hinted.reason == DropReason.HINT_SHOWS, other.reason) == (shows, None)


def test_without_leak_words_nothing_is_searched() -> None:
    recipe = make_recipe(guide={"leak_words": []}).model_copy(update={"select": DEFAULT})
    assert all_filters(recipe) == DEFAULT


def test_a_draw_that_gives_its_prompt_away_goes_before_all_filters() -> None:
    """Each draw has words of its own; by default one that sees the answer has those of hints, and others have none."""
    told = {"name": "told", "prompt": "hint_answer", "sees": "answer", "stored_prompt": "plain"}
    good = {"name": "good", "system": "answer_well", "leak_words": ["instruction"]}
    draws = [{"name": "plain"}, good, told, {**told, "name": "open", "leak_words": []}]
    recipe = make_recipe(generate={"max_tokens": 8, "draws": draws})
    texts = ("By the instructions: 5", "The hint says 5")
    group = [
        make_candidate(index=place, text=text, draw=draw)
        for place, (draw, text) in enumerate((draw, text) for draw in ("", "good", "told", "open") for text in texts)
    ]
    (fates,) = prepare([group], all_filters(recipe.model_copy(update={"select": (DropTruncated(),)})))
    shown = [one.sample.draw + one.sample.text[:3] for one in fates if one.reason == DropReason.HINT_SHOWS]
    assert shown == ["goodBy ", "toldThe"]


def test_a_refused_sample_does_not_make_its_copy_a_duplicate() -> None:
    groups = [[make_candidate(index=0, text="a", is_truncated=True), make_candidate(index=1, text="a")]]
    assert [one.reason for one in select(groups, (DropTruncated(), Unique()))] == [DropReason.TRUNCATED, None]


def test_a_kept_sample_is_no_drop_and_the_first_refusal_stays() -> None:
    kept = Selected(make_candidate())
    with pytest.raises(ValueError, match="p/0 was kept"):
        kept.to_drop()
    refused = kept.refused(DropReason.WRONG)
    assert refused.refused(DropReason.NOT_PAIRED).reason == DropReason.WRONG


def test_a_filters_own_reason_is_counted_beside_the_known_ones() -> None:
    summary = SelectSummary()
    summary.count([Selected(make_candidate(), "too_terse"), Selected(make_candidate(index=1))])
    numbers = summary.numbers()
    assert (numbers["dropped_too_terse"], numbers["dropped_wrong"], numbers["num_kept"]) == (1, 0, 1)


def test_the_summary_counts_reasons_sources_and_tokens() -> None:
    groups = [
        [
            make_candidate("p", 0, num_tokens=4),
            make_candidate("p", 1, Label.WRONG, num_tokens=8, draw="hot"),
            make_candidate("p", 2, num_tokens=6, draw="hinted"),
        ],
        [make_candidate("q", 0, Label.UNPARSEABLE, None, num_tokens=10)],
    ]
    summary = SelectSummary()
    for group in prepare(groups):
        summary.count(group)
    numbers = summary.numbers()
    assert {name: number for name, number in numbers.items() if number} == {
        "num_samples": 4,
        "num_kept": 2,
        "kept_rate": 0.5,
        "num_problems": 2,
        "num_problems_with_kept": 1,
        "dropped_wrong": 1,
        "dropped_unparseable": 1,
        "mean_tokens_kept": 5.0,
        "mean_tokens_dropped": 9.0,
        "num_kept_iid": 1,
        "num_kept_hinted": 1,
    }
    assert numbers["num_kept_hot"] == 0
    assert {f"dropped_{reason}" for reason in DropReason} <= set(numbers)
    assert SelectSummary().numbers()["kept_rate"] is None
