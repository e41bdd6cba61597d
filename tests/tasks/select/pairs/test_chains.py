"""Pairs out of chains: revisions against what they revise, siblings, and whether to go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from configs.schema.pair_chains import Revision, Siblings, StopOrGo
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import Message, Pair, Span, spell
from tasks.select.defaults import with_judge
from tasks.select.filters.filter import Draw
from tasks.select.pairs.choice import NoPair
from tasks.select.pairs.registry import KINDS
from tests.build.records import ask, make_problem
from tests.tasks.select.chains import candidates, chain_nodes

ASKED = (*ask("How many?"), Message("assistant", "2.1 0"), Message("user", "again"))


def pairs_of(group: list[Candidate], config: Any) -> list[Pair] | NoPair:
    return KINDS[config.kind](group, with_judge(config, ["answer"]), Draw(0, 1))


def made(group: list[Candidate], config: Any) -> list[Pair]:
    pairs = pairs_of(group, config)
    assert not isinstance(pairs, NoPair)
    return pairs


def test_the_last_attempt_against_the_first() -> None:
    """EVOLVE's chain of scores 2.1, 2.6, 2.4, 3.0: turn 3 over turn 0, margin .9; over its parent .6."""
    group = candidates({"p/0": "2.1 2.6 2.4 3.0"})
    for against, rejected, margin in (("root", "p/0", 0.9), ("parent", "p/0/0/0", 0.6)):
        (pair,) = made(group, Revision(against=against))
        assert (pair.chosen_id, pair.rejected_id) == ("p/0/0/0/0", rejected)
        assert pair.margin == pytest.approx(margin) and pair.messages == ask("How many?")


def test_both_contexts_of_a_revision() -> None:
    (one,) = candidates({"p/0": "2.1 3.0"})
    one = replace(one, sample=replace(one.sample, messages=ASKED))
    pairs = made([one], Revision(contexts=("problem", "revise")))
    assert [pair.messages for pair in pairs] == [ask("How many?"), ASKED]
    assert len({(spell(pair.chosen), spell(pair.rejected)) for pair in pairs}) == 1


@pytest.mark.parametrize(("least", "number"), [(0.0, 2), (2.0, 1), (3.0, 0)])
def test_only_revisions_that_rise_make_pairs(least: float, number: int) -> None:
    """Self-Refinement Tuning: scores (6, 8) (7, 7) (5, 4) (8, 9); two rise, one of them by 2."""
    group = candidates({"a": "6 8", "b": "7 7", "c": "5 4", "d": "8 9", "e": "9", "f": "U 9"})
    pairs = pairs_of(group, Revision(min_margin=least))
    assert (0 if isinstance(pairs, NoPair) else len(pairs)) == number
    assert pairs_of(candidates({"e": "9"}), Revision()) is NoPair.NO_REVISION


def family() -> list[Candidate]:
    """After a wrong attempt: `wrong` with a right and a wrong revision, and `right`, which ends the chain."""
    members = []
    for name, parent, word in [
        ("p/0", None, "W"), ("p/0:v0", "p/0", "-"), ("p/0:v0/0", "p/0:v0", "R"), ("p/0:v1", "p/0", "-"),
        ("p/0:v1/0", "p/0:v1", "W"), ("p/0:v0/1", "p/0:v0", "W"),
    ]:  # fmt: skip
        ((sample, verdict),) = chain_nodes(word, name)
        placed = replace(sample, parent_id=parent, text=f"{word} {name}")
        members.append(Candidate(placed, {"answer": verdict} if verdict else {}, make_problem(question="How many?")))
    return [one for one in with_chains(members) if one.is_last]


def test_siblings_have_all_before_them_in_common() -> None:
    (pair,) = made(family(), Siblings())
    assert (pair.chosen_id, pair.rejected_id) == ("p/0:v0/0", "p/0:v0/1")
    assert [turn.content for turn in pair.messages] == ["How many?", "W p/0", "- p/0:v0"]
    assert spell(pair.chosen) == "R p/0:v0/0"


def test_siblings_can_part_at_a_verdict() -> None:
    config = Siblings(part="verdict", per_parent=None, links={"attempt": (" so ",)})
    pairs = made(family(), config)
    assert {(pair.chosen_id, pair.rejected_id) for pair in pairs} == {
        ("p/0:v0/0", "p/0:v1/0"), ("p/0:v0/0", "p/0:v0/1"),
    }  # fmt: skip
    assert spell(pairs[0].chosen) == "- p/0:v0 so R p/0:v0/0"
    assert [turn.content for turn in pairs[0].messages] == ["How many?", "W p/0"]
    assert len(made(family(), Siblings(part="verdict"))) == 1
    assert pairs_of(family()[1:], Siblings()) is NoPair.ONE_SIDED
    assert pairs_of(candidates({"p/0": "W"}), Siblings()) is NoPair.NO_REVISION


def test_siblings_by_writer() -> None:
    """SuperCorrect: what the teacher wrote, where it ends right, over what the policy wrote, where it does not."""
    group = [
        replace(one, sample=replace(one.sample, by="teacher")) if one.sample.id == "p/0:v0/0" else one
        for one in family()
    ]
    (pair,) = made(group, Siblings(by_writer=("teacher", "policy")))
    assert (pair.chosen_id, pair.rejected_id) == ("p/0:v0/0", "p/0:v0/1")
    assert pairs_of(group, Siblings(by_writer=("policy", "teacher"))) is NoPair.ONE_SIDED


def sides(pair: Pair) -> tuple[Any, ...]:
    return pair.chosen, pair.chosen_ends, pair.rejected, pair.rejected_ends


def test_the_end_after_a_right_attempt_and_the_token_after_a_wrong_one() -> None:
    """ReVISE: 10 answers, 6 right: 10 pairs, 6 end-over-token, 4 token-over-end."""
    group = candidates({f"p/{place}": "R" if place < 6 else "W" for place in range(10)})
    pairs = made(group, StopOrGo(token="<go>"))
    assert len(pairs) == 10 and sum(pair.rejected[-1] == Span("<go>") for pair in pairs) == 6
    assert sides(pairs[0]) == ((Span("R 0"), Span("")), True, (Span("R 0"), Span("<go>")), False)
    text = Span("W 0", 0.0)
    assert sides(pairs[9]) == ((text, Span("<go>")), False, (text, Span("")), True)
    assert pairs_of(candidates({"p": "U"}), StopOrGo(token="<go>")) is NoPair.NO_REVISION


def test_a_solution_or_a_revision_follows_the_token() -> None:
    group = candidates({"a": "W", "b": "R"}, make_problem(solution="by hand"))
    first, second = made(group, StopOrGo(token="<go>", go_on="solution"))
    assert (spell(first.chosen), first.chosen_ends) == ("W 0<go>by hand", True)
    assert second.rejected[-1] == Span("<go>")
    revised = candidates({"a": "W R", "b": "R R", "c": "W W", "d": "R", "e": "W"})
    pairs = made(revised, StopOrGo(token="<go>", go_on="revision"))
    assert [(spell(pair.chosen), spell(pair.rejected)) for pair in pairs] == [
        ("W 0<go>R 1", "W 0"), ("R 0", "R 0<go>"),
    ]  # fmt: skip
    alone = candidates({"a": "W"}, make_problem())
    assert pairs_of(alone, StopOrGo(token="<go>", go_on="solution")) is NoPair.NO_SOLUTION
