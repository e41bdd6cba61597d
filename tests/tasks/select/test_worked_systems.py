"""Worked numbers of self-correction: which chains systems keep, and what of a row is learnt; tokens are words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.schema.pair import BestVsWorst
from configs.schema.pair_chains import StopOrGo
from configs.schema.rows import ConversationRow, RowKind, SpliceRow
from configs.schema.select import Correct
from configs.schema.select_chains import Confirmed, Gain, Moves, PassRate
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import Message
from tasks.select.defaults import with_judge
from tasks.select.filters.filter import Draw
from tasks.select.pairs.registry import KINDS
from tasks.select.rows.kinds import Written, rows_of
from tasks.select.selection import Selection
from tests.build.candidates import scored_group
from tests.build.records import make_problem
from tests.tasks.select.chains import candidates, chain_nodes
from tests.tasks.select.pairs.make import indices, pairs_of


def num_kept(groups: Sequence[list[Candidate]], *filters: Any) -> list[int]:
    """How many candidates of each problem stay."""
    selection = Selection(lambda: iter(groups), filters, Draw(0, 1))
    return [sum(one.reason is None for one in group) for group in selection]


STASC = [
    f"{first} {'R' if place < right else 'W'}"
    for first, right in zip("WRWWR", (2, 4, 0, 1, 5), strict=True)
    for place in range(5)
]
"""five first answers, of which the second and the last are right, and five corrections of each"""


@pytest.mark.parametrize(
    ("config", "number"),
    [
        (Gain(), 3),
        (Gain(or_equal_from=1), 12),
        (Moves(of=("right_to_right",)), 9),
        (Moves(of=("right_to_wrong",)), 1),
        (Moves(of=("wrong_to_wrong",)), 12),
    ],
)
def test_corrections_of_stasc(config: Any, number: int) -> None:
    """Improving 3, the paper's non-decreasing filter 12, that of its code 9; of 25 RW 4, RR 36, WR 12 and WW 48 %."""
    group = candidates({f"p/{place}": chain for place, chain in enumerate(STASC)})
    assert num_kept([group], config) == [number]


def test_feedback_of_self_says_what_stays() -> None:
    """SELF: five answers, called ok, no, no, ok, no, of which the refined ones are called ok, no, ok: 4 rows, not 5."""
    told = {"a": "W +", "b": "W - W +", "c": "W - W -", "d": "W +", "e": "W - W +"}
    assert num_kept([candidates(told)], Confirmed()) == [4]
    assert num_kept([candidates(told)]) == [5]


def test_problems_that_toolace_admits() -> None:
    """Pass rates (0, .125, .5, .875, 1) of 8: the window from .125 to .875 admits 3, solved at least once 4."""
    groups = [
        candidates({f"{name}/{place}": "R" if place < right else "W" for place in range(8)}, make_problem(name))
        for name, right in zip("pqrst", (0, 1, 4, 7, 8), strict=True)
    ]
    assert num_kept(groups, PassRate(low=0.125, high=0.875)) == [0, 8, 8, 8, 0]
    assert sum(number > 0 for number in num_kept(groups, Correct())) == 4


def test_the_best_of_30_answers_makes_one_pair() -> None:
    """RLRF: 20 first answers and 10 refined ones; the best is set against one of the 29 others, here the worst."""
    group = scored_group([float(place) for place in range(30)])
    assert indices(pairs_of(group, BestVsWorst(judge="rubric"))) == [(29, 0)]


def test_the_reply_that_is_likeliest_called_perfect() -> None:
    """Peer counselling: scores (.31, .72, .55)."""
    assert indices(pairs_of(scored_group([0.31, 0.72, 0.55]), BestVsWorst(judge="rubric"))) == [(1, 0)]


def with_words(chain: str, *numbers: int, asks: int = 0) -> Candidate:
    """A chain whose texts have so many words; each text after the first was asked for with a turn of `asks` words."""
    members = list[Candidate]()
    chat: tuple[Message, ...] = (Message("user", "x " * 30),)
    problem = replace(make_problem(), messages=chat)
    for number, (sample, verdict) in zip(numbers, chain_nodes(chain, problem=problem), strict=True):
        shown = chat if asks and members else ()
        text = "w " * number
        members.append(
            Candidate(replace(sample, text=text, messages=shown), {"answer": verdict} if verdict else {}, problem)
        )
        chat = (*chat, Message("assistant", text), Message("user", "a " * asks))
    return with_chains(members)[-1]


def learnt(row: Written) -> int:
    """Words with loss, and the end token."""
    return sum(len(span.text.split()) for span in row.completion if span.weight) + (row.completion[-1].weight > 0)


def test_the_answer_mask_of_isc() -> None:
    """Wrong 12, verification 8, corrected 15, end 1: 24 with the mask and 36 without; 12 + 6 + 1 where the first is
    right; together 43."""
    bad, good = with_words("W - R", 12, 8, 15), with_words("R +", 12, 6)
    masked, whole = SpliceRow(), TypeAdapter(RowKind).validate_python({"kind": "splice", "loss": {"attempt_wrong": 1}})
    counts = [learnt(rows_of(one, masked, Draw(0, 1))[0]) for one in (bad, good)]
    assert counts == [24, 19] and sum(counts) == 43
    assert learnt(rows_of(bad, whole, Draw(0, 1))[0]) == 36


def test_what_rows_of_turns_cost_beside_one_long_row() -> None:
    """Prompt 30, attempt 40, ask 10, verdict 12, ask 10, attempt 50: 92 + 152 tokens for 152, and 62 learnt."""
    rows = rows_of(with_words("W - R", 40, 12, 50, asks=10), ConversationRow(), Draw(0, 1))
    texts = [
        " ".join([*(turn.content for turn in row.messages), *(span.text for span in row.completion)]) for row in rows
    ]
    sizes = [len(text.split()) for text in texts]
    assert sizes == [92, 152] and sum(sizes) / sizes[-1] == pytest.approx(1.605, abs=5e-4)
    assert sum(learnt(row) - 1 for row in rows) == 62


@pytest.mark.parametrize(("letter", "words", "number"), [("W", 12, 17), ("R", 9, 10)])
def test_the_tail_of_revise(letter: str, words: int, number: int) -> None:
    """Of a wrong text of 12 the token, the solution of 15 and the end: 17; of a right text of 9 all and the end: 10."""
    one = with_words(letter, words)
    one = replace(one, problem=replace(one.problem, solution=" s" * 15))
    made = KINDS["stop_or_go"]([one], with_judge(StopOrGo(token=" <go>", go_on="solution"), ["answer"]), Draw(0, 1))
    assert isinstance(made, list)
    (pair,) = made
    assert learnt(Written(pair.messages, pair.chosen)) == number
    assert (pair.chosen[0].weight == 0) == (letter == "W"), "of a wrong text nothing is learnt"
