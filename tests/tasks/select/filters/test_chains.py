"""Filters over chains, by the worked example of eight chains and others of graded scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from configs.schema.select import Correct, Select
from configs.schema.select_chains import (
    BalanceSides,
    Calls,
    Confirmed,
    Cut,
    Gain,
    Helps,
    Leaks,
    Leaves,
    Mirrors,
    Moves,
    OnePer,
    PassRate,
    Pattern,
    Rescued,
    TrueVerdicts,
)
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import DropReason, Inserted
from tasks.select.defaults import all_filters
from tasks.select.filters.filter import Draw
from tasks.select.selection import Selection
from tests.build.records import make_problem, make_recipe
from tests.tasks.select.chains import candidates, chain_nodes, root

EIGHT = {
    "c1": "W - R", "c2": "R - R", "c3": "R +", "c4": "W +", "c5": "W - W", "c6": "R - W", "c7": "W - W - R",
    "c8": "U - R",
}  # fmt: skip


def fates(group: list[Candidate], *filters: Any, seed: int = 0) -> dict[str, str | None]:
    """What becomes of each candidate, by its id."""
    selection = Selection(lambda: iter([group]), filters, Draw(seed, 1))
    return {one.sample.id: one.reason for problem in selection for one in problem}


def kept(chains: dict[str, str], *filters: Any, **settings: Any) -> list[str]:
    """First attempts of the chains that are kept."""
    group = candidates(chains)
    told = fates(group, *filters, **settings)
    return [root(one) for one in group if told[one.sample.id] is None]


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (Moves(), "c1 c7 c8"),
        (Moves(of=("wrong_to_right", "right_to_right")), "c1 c2 c7 c8"),
        (Moves(of=("right", "wrong")), "c3 c4"),
        (Moves(which="every"), "c1 c8"),
        (Moves(of=("wrong_to_wrong", "wrong_to_right"), which="every"), "c1 c5 c7 c8"),
        (Moves(of=("right_to_wrong",)), "c6"),
        (Gain(), "c1 c7 c8"),
        (Gain(or_equal_from=1), "c1 c2 c7 c8"),
        (Gain(above=1), "c8"),
        (TrueVerdicts(), "c1 c3 c5 c7 c8"),
        (Correct(), "c1 c2 c3 c7 c8"),
        (Confirmed(), "c3 c4"),
        (OnePer(), "c1 c2 c3 c4 c5 c6 c7 c8"),
        (OnePer(of="problem"), "c1"),
        (OnePer(of="answer"), "c1 c4"),
        (PassRate(low=0.375, high=0.375), "c1 c2 c3 c4 c5 c6 c7 c8"),
        (PassRate(low=0.38), ""),
        (PassRate(high=0.37), ""),
        (Rescued(), ""),
        (Leaks(gold=True, words=("nothing",)), "c1 c2 c3 c4 c5 c6 c7 c8"),
    ],
)  # fmt: skip
def test_the_worked_example_of_eight_chains(config: Select, names: str) -> None:
    assert kept(EIGHT, config) == names.split()


def test_what_improves_and_what_harms() -> None:
    """Parents (wrong, wrong, right, right) with children (right, wrong, right, wrong)."""
    chains = {"a": "W R", "b": "W W", "c": "R R", "d": "R W"}
    assert kept(chains, Gain()) == kept(chains, Moves()) == ["a"]
    assert kept(chains, Moves(of=("right_to_wrong",))) == ["d"]


def test_verdicts_of_both_kinds_are_as_many() -> None:
    """40 true verdicts on right attempts and 25 on wrong ones leave 25 and 25."""
    told = {f"r{place}": "R +" for place in range(40)} | {f"w{place}": "W -" for place in range(25)}
    left = kept(told, TrueVerdicts(), BalanceSides(by="ends_right"))
    assert [sum(name[0] == side for name in left) for side in "rw"] == [25, 25]


def test_of_an_attempt_that_the_judge_has_no_answer_to_nothing_is_right_wrong_or_true() -> None:
    chains = {"a": "M - R", "b": "W - M", "c": "M -", "d": "M +", "e": "W - R"}
    assert kept(chains, Moves()) == kept(chains, Moves(which="every")) == ["e"]
    assert kept(chains, Moves(of=("right", "wrong"))) == []
    assert kept(chains, TrueVerdicts()) == ["b", "e"]


def test_true_verdicts_of_chains_that_end_right() -> None:
    assert kept(EIGHT, TrueVerdicts(), Correct()) == ["c1", "c3", "c7", "c8"]


def test_the_larger_side_is_cut_to_the_smaller() -> None:
    """Two begin right, c2 and c3; two of c1, c7 and c8 stay, which ones the seed says."""
    chosen = set()
    for seed in range(20):
        left = kept(EIGHT, Correct(), BalanceSides(), seed=seed)
        assert {"c2", "c3"} < set(left) and len(left) == 4
        chosen.add(tuple(left))
    assert len(chosen) == 3
    assert len(kept(EIGHT, Correct(), BalanceSides(ratio=1.5))) == 5
    assert kept({name: EIGHT[name] for name in ("c2", "c3")}, BalanceSides()) == [], "there is no other side"
    assert set(kept(EIGHT, BalanceSides(by="ends_right"))) > {"c4", "c5", "c6"}


def test_sides_are_balanced_over_the_round_or_in_each_problem() -> None:
    groups = [
        candidates({f"{name}/{place}": letter for place, letter in enumerate(letters)}, make_problem(name))
        for name, letters in (("p", "RRW"), ("q", "WWW"))
    ]
    for over, number in (("round", [3, 1]), ("problem", [2, 0])):
        config = BalanceSides(by="ends_right", over=over)
        selection = Selection(lambda: iter(groups), [config], Draw(0, 1))
        counts = [sum(one.reason is None for one in group) for group in selection]
        assert sum(counts) == (4 if over == "round" else 2)
        assert over == "round" or counts == number


def test_sides_by_the_attempt_before_and_by_the_last_verdict() -> None:
    """Two revise a right attempt and three a wrong one; one is no revision, and on no side."""
    chains = {"a": "R W", "b": "W W", "c": "W W", "d": "W R", "e": "R R", "f": "W"}
    left = kept(chains, BalanceSides(by="parent_label"))
    assert len(left) == 4 and {"a", "e"} < set(left) and "f" not in left
    said = {"a": "W +", "b": "W -", "c": "W -", "d": "W"}
    left = kept(said, BalanceSides(by="verdict"))
    assert len(left) == 2 and "a" in left and "d" not in left


@pytest.mark.parametrize(
    ("config", "places"),
    [(Gain(), [0, 4, 5]), (Gain(or_equal_from=0.8), [0, 2, 4, 5]), (Gain(above=0.2), [0, 5])],
)
def test_graded_scores(config: Gain, places: list[int]) -> None:
    scores = [(0.2, 0.5), (0.5, 0.5), (0.8, 0.8), (0.9, 0.7), (0.9, 1.0), (0.6, 0.9)]
    chains = {f"c{place}": f"{before} {after}" for place, (before, after) in enumerate(scores)}
    assert kept(chains, config) == [f"c{place}" for place in places]


def test_a_missing_score_is_no_zero() -> None:
    told = fates(candidates({"a": "U 0.5", "b": "0.5 U", "c": "U W", "d": "U R"}), Gain())
    assert [*told.values()] == [DropReason.NO_GAIN, DropReason.UNPARSEABLE, DropReason.NO_GAIN, None]


TREE = """p/0 W
p/0:critique0 words p/0
p/0:critique0/0 W p/0:critique0
p/0:critique0/1 R p/0:critique0
p/0:critique0/2 R p/0:critique0
p/0:critique1 words p/0
p/0:critique1/0 W p/0:critique1
p/1 R"""


def tree(written: str) -> list[Candidate]:
    """A problem's texts from lines of id, word and parent."""
    members = []
    for line in written.splitlines():
        name, word, *parent = line.split()
        ((sample, verdict),) = chain_nodes(word, name)
        placed = replace(sample, parent_id=parent[0] if parent else None)
        members.append(Candidate(placed, {"answer": verdict} if verdict else {}, make_problem()))
    return with_chains(members)


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (Helps(), ["p/0:critique0/1"]),
        (Helps(at_least=2), ["p/0:critique0/1"]),
        (Helps(at_least=3), []),
        (Helps(of="all"), []),
    ],
)
def test_feedback_that_helps_is_kept_with_its_first_right_revision(config: Helps, names: list[str]) -> None:
    told = fates(tree(TREE), Leaves(), config)
    assert [name for name, reason in told.items() if reason is None] == names
    assert told["p/0"] == DropReason.REVISED and told["p/1"] == DropReason.NO_RECOVERY


def test_one_chain_of_each_first_attempt() -> None:
    told = fates(tree(TREE), Leaves(), OnePer())
    assert [name for name, reason in told.items() if reason is None] == ["p/0:critique0/0", "p/1"]


def test_one_chain_of_each_answer_whatever_its_unit() -> None:
    """5 km and 5 are one answer, as they are to votes."""
    group = [
        replace(one, verdicts={name: replace(verdict, answer=answer) for name, verdict in one.verdicts.items()})
        for one, answer in zip(candidates(EIGHT), ("5 km", "5", "6", "5", "6 km", "7", "8", "5 km"), strict=True)
    ]
    told = fates(group, OnePer(of="answer"))
    assert [root(one) for one in group if told[one.sample.id] is None] == ["c1", "c3", "c6", "c7"]


def test_revisions_rescue_problems_that_no_first_attempt_solves() -> None:
    assert kept({"a": "W R", "b": "W W", "c": "W"}, Rescued()) == ["a"]
    assert kept({"a": "W R", "b": "R"}, Rescued()) == []


@pytest.mark.parametrize(
    ("chain", "ends"),
    [
        ("R + R +", "p"),
        ("R - R +", "p/0/0"),
        ("W - R + R - R +", "p/0/0"),
        ("W - R + W - W -", "p/0/0"),
        ("W - R - W - W -", "p/0/0"),
        ("W - W -", "p/0/0"),
        ("R", "p"),
    ],
)
def test_chains_are_cut_where_the_first_right_attempt_is_confirmed(chain: str, ends: str) -> None:
    told = fates(candidates({"p": chain}, inner=True), Leaves(inner=True), Cut())
    assert [name for name, reason in told.items() if reason is None] == [ends]


def test_the_strings_of_the_worked_example_are_cut_and_checked() -> None:
    """S2R: V+ is a true verdict, so R+V- is a right attempt called wrong. A lone right attempt has no verdict."""
    rows = {"a": "R + R +", "b": "R - R +", "c": "W - R + R - R +", "d": "W - R + W - W +", "e": "R", "f": "W - W -"}
    group = candidates(rows, inner=True)
    told = fates(group, Leaves(inner=True), Cut(), Pattern())
    left = {root(one): [text.sample.text.split()[0] for text in one.whole_chain] for one in group
            if told[one.sample.id] is None}  # fmt: skip
    assert left == {
        "a": ["R", "+"], "b": ["R", "-", "R", "+"], "c": ["W", "-", "R", "+"], "d": ["W", "-", "R", "+"],
        "f": ["W", "-", "W", "-"],
    }  # fmt: skip


def test_wrong_chains_alone_are_cut_to_the_right_ones() -> None:
    """S2R: of eight texts three positives and four negatives, of which three are taken; right ones always stay."""
    rows = {
        "a": "R +", "b": "W - R +", "c": "R - R +", "d": "W +", "e": "W +", "f": "W - W +", "g": "W", "h": "W - W +"
    }  # fmt: skip
    group = candidates(rows, inner=True)
    filters = Leaves(inner=True), Cut(), Pattern(), BalanceSides(by="ends_right", over="problem", cuts="wrong")
    told = fates(group, *filters)
    left = {root(one) for one in group if told[one.sample.id] is None}
    assert len(left) == 6 and left > {"a", "b", "c"}
    assert {root(one): told[one.sample.id] for one in group if one.is_last}["g"] == "order"
    assert kept({"a": "R +", "b": "R +", "d": "W +"}, BalanceSides(by="ends_right", cuts="wrong")) == ["a", "b", "d"]
    assert kept({"d": "W +"}, BalanceSides(by="ends_right", cuts="wrong")) == []


@pytest.mark.parametrize(("ratio", "right"), [(1 / 3, 4), (0.3333, 3), (2, 9)])
def test_a_share_of_rows_on_right_answers(ratio: float, right: int) -> None:
    """SCORE: m r / (1 - r) rows on right answers beside m = 300 on wrong ones; r = .25: 100. Here of 12 wrong ones."""
    told = {f"r{place}": "R" for place in range(9)} | {f"w{place}": "W R" for place in range(12)}
    left = kept(told, BalanceSides(cuts="right", ratio=ratio))
    assert [sum(name[0] == side for name in left) for side in "rw"] == [right, 12]


def test_a_quarter_of_400_rows_is_on_right_answers() -> None:
    told = {f"r{place}": "R" for place in range(140)} | {f"w{place}": "W R" for place in range(300)}
    assert len(kept(told, BalanceSides(cuts="right", ratio=0.25 / 0.75))) == 300 + 100


def test_the_parts_of_a_chain_repeat_an_order() -> None:
    chains = {"a": "W - R +", "b": "W - R", "c": "W words R +", "d": "W - " * 6}
    assert kept(chains, Pattern()) == ["a"]
    assert kept(chains, Pattern(max_parts=12)) == ["a", "d"]
    assert kept(chains, Pattern(order=("attempt", "critique", "attempt", "verdict"))) == ["c"]


@pytest.mark.parametrize(
    ("critique", "leaks"),
    [("it is 72.", True), ("= 72", True), ("it is 172", False), ("72.5 is", False), ("1,72", False), ("HINTED", True),
     ("go on", False)],
)  # fmt: skip
def test_a_text_that_gives_the_answer_away(critique: str, leaks: bool) -> None:
    group = []
    for sample, verdict in chain_nodes("W words R"):
        placed = replace(sample, text=critique) if sample.part == "critique" else replace(sample, text="72")
        group.append(Candidate(placed, {"answer": verdict} if verdict else {}, make_problem(gold="72")))
    (one,) = (one for one in with_chains(group) if one.is_last)
    assert fates([one], Leaks(words=("hint",)))[one.sample.id] == (DropReason.LEAK if leaks else None)
    assert fates([one], Leaks(gold=False))[one.sample.id] is None


@pytest.mark.parametrize(
    ("critique", "mirrored"),
    [
        ("Step 1 holds. Step 2 does not.", True),
        ("Step 1 holds. Step 2 does not. Step 3 too.", True),
        ("Step 2 does not. Step 1 holds.", False),
        ("Step 1 holds.", False),
    ],
)
def test_a_critique_goes_through_the_steps(critique: str, mirrored: bool) -> None:
    texts = {"attempt": "Step 1: 1 + 1 = 2\nStep 2: 2 + 2 = 5", "critique": critique}
    group = [
        Candidate(replace(sample, text=texts[sample.part]), {"answer": verdict} if verdict else {}, make_problem())
        for sample, verdict in chain_nodes("W words R")
    ]
    (one,) = (one for one in with_chains(group) if one.is_last)
    assert (fates([one], Mirrors())[one.sample.id] is None) == mirrored


def test_a_recipe_of_revisions_writes_each_chain_once() -> None:
    recipe = make_recipe(generate={"kind": "revise", "max_tokens": 8}, select=[{"kind": "moves"}])
    assert [part.kind for part in all_filters(recipe)] == ["leaves", "moves"]
    own = make_recipe(
        generate={"kind": "revise", "max_tokens": 8}, select=[{"kind": "cut"}, {"kind": "leaves", "inner": True}]
    )
    assert [part.kind for part in all_filters(own)] == ["cut", "leaves"]
    assert [part.kind for part in all_filters(make_recipe())] == ["correct", "drop_truncated", "cap"]


def test_texts_that_a_hint_and_a_tool_rescued() -> None:
    """START: greedy (0,0,1,1,0,0), hinted (1,0,1,0,1,1), tool calls (2,3,1,0,0,7), window 1-6: the first alone."""
    kept: list[int] = []
    for number, (greedy, hinted, calls) in enumerate(zip("WWRRWW", "RWRWRR", (2, 3, 1, 0, 0, 7), strict=True), start=1):
        (one,) = candidates({"p/0": f"{greedy} help {hinted}"})
        called = replace(one.sample, text="x" * 9, inserted=tuple(Inserted(n, n + 1) for n in range(calls)))
        group = [replace(one, sample=called)]
        kept += [number] if fates(group, Rescued(), Calls(low=1, high=6))[called.id] is None else []
    assert kept == [1]


def test_calls_of_the_whole_chain_count() -> None:
    (one,) = candidates({"p/0": "W help R"})
    first = replace(one.chain[0], sample=replace(one.chain[0].sample, inserted=(Inserted(0, 1),)))
    group = [replace(one, chain=(first, *one.chain[1:]))]
    told = [fates(group, config)[one.sample.id] for config in (Calls(), Calls(low=2), Calls(low=0, high=0))]
    assert told == [None, DropReason.CALLS, DropReason.CALLS]
    with pytest.raises(ValidationError, match="high 1 is below low 2"):
        Calls(low=2, high=1)
