"""What a chain is written as, with the worked numbers of self-correction: tokens are words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.errors import UserError
from configs.schema.kinds import component_choices
from configs.schema.rows import RowKind
from tasks.core.joined import Candidate, with_chains
from tasks.core.records import FinishReason, Inserted, Label, Message, Sample, Span, Verdict, spell
from tasks.select.filters.filter import Draw
from tasks.select.rows.kinds import ROWS, Written, rows_of
from tests.build.candidates import make_candidate
from tests.build.records import make_problem, make_sample, make_verdict

CHAT = (Message("user", "question p"),)
LINKS = {"verdict": ["Verify: "], "attempt": ["Retry: "]}


def episode(*texts: tuple[str, str, str], **fields: Any) -> Candidate:
    """The last answer of one path of (part, text, label of an attempt or what a verdict says)."""
    members: list[Candidate] = []
    for place, (part, text, word) in enumerate(texts):
        said = word if part == "verdict" else None
        parent = members[-1].sample.id if members else None
        sample = Sample(
            f"p/{place}", "p", 0, text, FinishReason.STOP, 1, None, "m", parent, part, said=said, **fields
        )  # fmt: skip
        verdicts = {"answer": Verdict(sample.id, "p", "answer", word)} if part == "attempt" else {}
        members.append(Candidate(sample, verdicts, make_problem()))
    return with_chains(members)[-1]


def write(candidate: Candidate, **config: Any) -> list[Written]:
    return rows_of(candidate, TypeAdapter(RowKind).validate_python(config), Draw(0, 1))


def weights(row: Written) -> list[float]:
    """The weight of every word, and of the end token."""
    words = [span.weight for span in row.completion for _ in span.text.split()]
    return [*words, row.completion[-1].weight]


RIGHT, WRONG = Label.CORRECT, Label.WRONG
C1 = episode(("attempt", "w1 w2 w3 w4 ", WRONG), ("verdict", "check no ", "wrong"), ("attempt", "r1 r2 r3", RIGHT))
C2 = episode(("attempt", "r1 r2 ", RIGHT), ("verdict", "check no ", "wrong"), ("attempt", "r1 r2 r3", RIGHT))
C3 = episode(("attempt", "r1 r2 ", RIGHT), ("verdict", "check yes", "right"))
UNREAD = episode(("attempt", "r1 r2 ", RIGHT), ("verdict", "hm", ""))


def test_an_answer_forgets_its_chain() -> None:
    assert write(C1, kind="answer") == [Written(CHAT, (Span("r1 r2 r3"),))]
    assert write(C3, kind="answer") == [Written(CHAT, (Span("r1 r2 "),))]


def test_a_splice_learns_true_verdicts_and_the_last_right_attempt() -> None:
    (first,), (second,), (third,) = (write(chain, kind="splice", links=LINKS) for chain in (C1, C2, C3))
    assert spell(first.completion) == "w1 w2 w3 w4 Verify: check no Retry: r1 r2 r3"
    assert weights(first) == [0] * 4 + [1] * 8
    assert weights(second) == [0] * 5 + [1] * 5
    assert weights(third) == [1] * 6
    assert {row.messages for row in (first, second, third)} == {CHAT}
    total = [weight for row in (first, second, third) for weight in weights(row)]
    assert (sum(total), len(total)) == (19, 28)
    (strict,) = write(C3, kind="splice", links=LINKS, loss={"attempt_right_last": 0})
    assert sum(weights(strict)) == 4


def test_a_verdict_that_cannot_be_read_is_not_learnt() -> None:
    (row,) = write(UNREAD, kind="splice")
    assert weights(row) == [1, 1, 0, 0]


def test_a_stop_text_has_the_weight_of_the_last_part() -> None:
    (row,) = write(C1, kind="splice", stop_text=" done")
    assert row.completion[-1] == Span(" done", 1.0)
    (row,) = write(C2, kind="splice", stop_text=" done", loss={"attempt_right_last": 0.5})
    assert row.completion[-1] == Span(" done", 0.5)


def test_a_conversation_is_a_row_for_each_turn_with_a_loss() -> None:
    verdict, attempt = write(C1, kind="conversation")
    assert (spell(verdict.completion), spell(attempt.completion)) == ("check no ", "r1 r2 r3")
    assert verdict.messages == (*CHAT, Message("assistant", "w1 w2 w3 w4 "))
    assert attempt.messages == (*verdict.messages, Message("assistant", "check no "))
    assert sum(weights(verdict)) + sum(weights(attempt)) == 7
    assert len(write(C1, kind="conversation", loss={"attempt_wrong": 1})) == 3


def test_a_turn_is_what_was_shown_before_it_and_its_parts() -> None:
    asked = episode(
        ("attempt", "a", WRONG), ("critique", "c", ""), ("attempt", "b", WRONG), ("critique", "d", ""),
        ("attempt", "e", RIGHT),
    )  # fmt: skip
    (row,) = write(asked, kind="turn", of=["critique", "attempt"], links={"attempt": ["; so "]})
    assert row.completion == (Span("d"), Span("; so "), Span("e"))
    assert [message.content for message in row.messages] == ["question p", "a", "c", "b"]
    (row,) = write(asked, kind="turn")
    assert [message.content for message in row.messages] == ["question p", "a", "c", "b", "d"]
    (row,) = write(C3, kind="turn", of=["verdict"])
    assert spell(row.completion) == "check yes"


def test_four_stages_are_four_rows() -> None:
    """MoTE: stages of 30, 20, 50 and 10 tokens have 110 loss tokens, the prompt of the last holds 100 of the others;
    without the second they have 90."""
    words = {"critique": 30, "hint": 20, "attempt": 50, "verdict": 10}
    draft = ("attempt", "draft", WRONG)
    says = {"attempt": RIGHT, "verdict": "right"}
    stages = [(part, " ".join([part] * number), says.get(part, "")) for part, number in words.items()]
    rows = [row for part in words for row in write(episode(draft, *stages), kind="turn", of=[part])]
    assert [len(spell(row.completion).split()) for row in rows] == [30, 20, 50, 10]
    shown = " ".join(message.content for message in rows[-1].messages).split()
    assert len(shown) == len(["question", "p", "draft"]) + 100
    skipped = [one for one in stages if one[0] != "hint"]
    rows = [row for part in words for row in write(episode(draft, *skipped), kind="turn", of=[part])]
    assert sum(len(spell(row.completion).split()) for row in rows) == 90


def test_a_chain_without_the_part_or_without_a_loss_makes_no_row() -> None:
    assert write(C1, kind="turn", of=["critique"]) == []
    assert write(C1, kind="turn", of=["attempt", "critique"]) == []
    assert write(episode(("attempt", "w", WRONG)), kind="splice") == []


def test_the_stored_prompt_stands_in_for_what_was_asked() -> None:
    asked, neutral = (Message("user", "the answer is 4: fix it"),), (Message("system", "s"), Message("user", "fix it"))
    steps = ("attempt", "a", WRONG), ("attempt", "b", RIGHT)
    plain = episode(*steps, messages=asked)
    assert write(plain, kind="turn")[0].messages == asked
    hidden = episode(*steps, messages=asked, stored=neutral, privileged=True)
    for kind in ("turn", "conversation"):
        assert write(hidden, kind=kind)[0].messages == neutral
    assert write(hidden, kind="answer")[0].messages == CHAT
    with pytest.raises(UserError, match="sample p/1 was asked with text that training must not show"):
        write(episode(*steps, messages=asked, privileged=True), kind="turn")


def test_a_single_context_is_the_system_turns_and_the_last_question() -> None:
    shown = (Message("system", "s"), Message("user", "1"), Message("assistant", "2"), Message("user", "3"))
    (row,) = write(episode(("attempt", "b", RIGHT), messages=shown), kind="turn", context="single")
    assert row.messages == (shown[0], shown[3])


def test_one_variant_of_a_link_is_drawn_by_seed_and_chain() -> None:
    config = TypeAdapter(RowKind).validate_python({"kind": "splice", "links": {"attempt": list("abcdefgh")}})
    drawn = {rows_of(C1, config, Draw(seed, 1))[0].completion[2].text for seed in range(20)}
    assert len(drawn) > 3
    assert rows_of(C1, config, Draw(0, 1)) == rows_of(C1, config, Draw(0, 1))


def test_a_given_beginning_is_shown_and_not_learnt_in_a_chain() -> None:
    guided = episode(("attempt", "one two", RIGHT), prefix="one ")
    assert write(guided, kind="conversation")[0].completion == (Span("one ", 0.0), Span("two"))
    assert write(guided, kind="answer")[0].completion == (Span("one "), Span("two"))
    nothing = episode(("attempt", "one ", RIGHT), prefix="one ")
    assert write(nothing, kind="answer", given=0)[0].completion == (Span("one ", 0.0), Span("")), "the end is learnt"


def test_every_kind_of_the_schema_is_registered() -> None:
    assert set(ROWS) == set(component_choices(RowKind))


def with_output(part: str, written: int, output: int, word: str) -> tuple[str, str, str, int]:
    """A part that ends with an output: its words, and how many of them the model wrote."""
    return part, "w " * written + "o " * output, word, 2 * written


def chain_with_outputs(*texts: tuple[str, str, str, int]) -> Candidate:
    """As `episode`, with outputs from some place of each text on."""
    chain = episode(*((part, text, word) for part, text, word, _ in texts))
    members = [
        replace(one, sample=replace(one.sample, inserted=(Inserted(place, len(text)),) if place < len(text) else ()))
        for one, (_, text, _, place) in zip(chain.whole_chain, texts, strict=True)
    ]
    return with_chains([replace(one, chain=(), after=(), is_last=True) for one in members])[-1]


COSC = chain_with_outputs(
    with_output("attempt", 30, 4, WRONG), with_output("verdict", 28, 0, "wrong"),
    with_output("attempt", 32, 4, RIGHT), with_output("verdict", 27, 0, "right"),
)  # fmt: skip
"""a program and its output, a verification with its conclusion, twice: 20 + 8 and 18 + 9 words"""
START = chain_with_outputs(
    with_output("attempt", 20, 0, WRONG), with_output("hint", 14, 0, ""), with_output("attempt", 16, 5, RIGHT)
)


def test_outputs_of_programs_carry_no_loss() -> None:
    """CoSC: 118 tokens carry loss, the 8 of outputs do not; with the wrong program masked 88."""
    (whole,) = write(COSC, kind="splice", loss={"attempt_wrong": 1})
    assert (sum(weights(whole)), weights(whole).count(0)) == (118, 8)
    (masked,) = write(COSC, kind="splice")
    assert sum(weights(masked)) == 88
    assert len(write(COSC, kind="conversation")) == 3


def test_a_hint_is_learnt_or_left_out() -> None:
    """START: a text of 20, a hint of 14, code of 16, an output of 5, a text of 30: 81 with the hint, 67 without."""
    last = START.sample
    text = last.text + "t " * 30
    start = replace(START, sample=replace(last, text=text))
    (row,) = write(start, kind="splice", loss={"attempt_wrong": 1})
    assert (sum(weights(row)), weights(row).count(0)) == (81, 5)
    (row,) = write(start, kind="splice", loss={"attempt_wrong": 1, "hint": 0})
    assert sum(weights(row)) == 67
    (row,) = write(start, kind="answer")
    assert [span.weight for span in row.completion] == [1, 0, 1] and spell(row.completion) == text


def test_a_text_that_ends_with_an_output_ends_with_a_learnt_end() -> None:
    (row,) = write(COSC.chain[0], kind="answer")
    assert [(len(span.text.split()), span.weight) for span in row.completion] == [(30, 1), (4, 0), (0, 1)]


def test_what_a_prompt_put_into_a_turn_is_learnt_where_asked_for() -> None:
    """A check that the sampler opened with two words, which the model shall learn to write."""
    texts = episode(("attempt", "r1 ", RIGHT), ("verdict", "Now check: yes", "right"))
    (attempt, verdict) = texts.whole_chain
    opened = replace(verdict, sample=replace(verdict.sample, prefix="Now check: "))
    (chain,) = with_chains([replace(attempt, after=()), opened])
    (row,) = write(chain, kind="splice")
    assert weights(row) == [1, 0, 0, 1, 1]
    (row,) = write(chain, kind="splice", given=1)
    assert weights(row) == [1, 1, 1, 1, 1]
    (row,) = write(chain, kind="splice", given=1, loss={"verdict_true": 0.5})
    assert weights(row) == [1, 1, 1, 0.5, 0.5]


POOL = [("p/0", None, "a", 0.0), ("p/1", None, "b", 0.0), ("p/2", None, "c", 0.5), ("p/3", None, "d", 1.0)]


def pool(revised: Sequence[str] = ("p/0", "p/1", "p/2", "p/3")) -> list[Candidate]:
    """Answers of values 0, 0, .5 and 1, and a hopeless revision of each that is asked for."""
    nodes = [*POOL, *((f"{parent}/0", parent, "!", -1.0) for parent in revised)]
    problem, members = make_problem(), list[Candidate]()
    for name, parent, text, score in nodes:
        shown = (*CHAT, Message("assistant", parent or ""), Message("user", "better")) if parent else ()
        sample = make_sample("p", 0, text, id=name, parent_id=parent, messages=shown)
        members.append(Candidate(sample, {"answer": make_verdict(sample, Label.UNSCORED, score=score)}, problem))
    return with_chains(members)


def improvements(answers: Sequence[Candidate], **config: Any) -> list[tuple[str, str]]:
    """(what is shown, what is learnt) of all answers."""
    kind = TypeAdapter(RowKind).validate_python({"kind": "improvement", **config})
    rows = [row for one in answers for row in rows_of(one, kind, Draw(0, 1), answers)]
    assert all(row.before and row.before.sample.id == row.messages[1].content for row in rows)
    return [(row.messages[1].content, spell(row.completion)) for row in rows]


def test_improvements_are_all_pairs_of_the_pool() -> None:
    """Values (0, 0, .5, 1): five pairs; an answer that nobody was asked to revise is shown to nobody."""
    assert improvements(pool()) == [("p/0", "c"), ("p/1", "c"), ("p/0", "d"), ("p/1", "d"), ("p/2", "d")]
    assert improvements(pool(["p/1", "p/2"])) == [("p/1", "c"), ("p/1", "d"), ("p/2", "d")]
    assert improvements(pool(), above=0.5) == [("p/0", "d"), ("p/1", "d")]
    drawn = improvements(pool(), per_answer=1)
    assert [learnt for _, learnt in drawn] == ["c", "d"] and drawn == improvements(pool(), per_answer=1)
    assert improvements([]) == []


def test_a_text_without_a_score_is_worse_than_a_correct_one_alone() -> None:
    unread = episode(("attempt", "?", Label.UNPARSEABLE), ("attempt", "b", WRONG))
    right = make_candidate("p", 7, RIGHT, text="r")
    wrong = make_candidate("p", 8, WRONG, text="w")
    answers = [unread.attempts[0], unread, right, wrong]
    kind = TypeAdapter(RowKind).validate_python({"kind": "improvement"})
    assert [row.before for row in rows_of(right, kind, Draw(0, 1), answers)] == [unread.attempts[0]]
    assert rows_of(wrong, kind, Draw(0, 1), answers) == []
