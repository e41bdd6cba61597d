"""The judge `probe` by hand: what is asked, which answers count, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from configs.errors import RecipeError
from configs.schema.judges.probes import ProbeJudge
from infra.engines.questions import (
    Completion,
    Missing,
    Request,
    Score,
)
from tasks.core.joined import Group
from tasks.core.records import Judgement, Message, Verdict
from tasks.judge.kind import Evidence
from tasks.judge.kinds.probe import KIND, reduce_hits
from tasks.judge.kinds.probe_items import Item, items_of
from tests.build.records import make_problem, make_recipe, make_sample

QUESTION = "What is 3+4?\n(A) 5\n(B) 6\n(C) 7\n(D) 8\n(E) 9"
PROBLEM = make_problem("p", "C", QUESTION)
GROUP = Group(PROBLEM, (make_sample(text="3 and 4 make 7"), make_sample(index=1, text="it is 8")))
CREST = ProbeJudge(
    choices=("correct", "incorrect"), words={"incorrect": "not|incorrect"}, unparseable="correct", reduce="count"
)
SHOWS = "{{ response }}|{{ item }}|{{ option }}"


def ask(
    judge: ProbeJudge, group: Group, texts: Sequence[str], cut: bool = False
) -> tuple[list[Judgement], list[Verdict]]:
    """Each question is answered with the next text, over and over."""
    questions = KIND.questions(judge, SHOWS, [group])
    reason = "length" if cut else "stop"
    answers = [
        tuple(Completion(one.id, draw, texts[(place + draw) % len(texts)], reason, 1, None) for draw in one.draws)
        for place, one in enumerate(questions)
        if isinstance(one, Request)
    ]
    rows = KIND.judgements(judge, [group], questions, answers)
    return rows, KIND.verdicts(judge, group, Evidence(judgements={"": rows}))


def score_choices(judge: ProbeJudge, group: Group, logprobs: Sequence[float | None]) -> list[Verdict]:
    questions = KIND.questions(judge, SHOWS, [group])
    answers = [
        Missing(one.id, "too_long", "") if value is None else Score(one.id, value, 1)
        for one, value in zip(questions, logprobs, strict=True)
    ]
    rows = KIND.judgements(judge, [group], questions, answers)
    return KIND.verdicts(judge, group, Evidence(judgements={"": rows}))


def alone(text: str = "a", **fields: Any) -> Group:
    return Group(PROBLEM, (make_sample(text=text, **fields),))


def test_f_of_crest_counts_the_options_that_are_answered_as_the_key_says() -> None:
    rows, (verdict,) = ask(CREST, alone(), ["incorrect", "not correct", "correct", "hmm", "correct"])
    assert verdict.score == 3
    assert [row.score for row in rows] == [1, 1, None, None, None]  # of the words only "incorrect" has a pattern
    assert verdict.spread == pytest.approx(0.24)


def test_unread_answers_are_a_miss_or_left_out() -> None:
    texts = ["no", "nobody knows", "yes, it is", "No.", "hmm"]
    expected = {"miss": 0.6, "skip": 1.0, "no": 1.0, "yes": 0.6}
    for unparseable, share in expected.items():
        _, (verdict,) = ask(ProbeJudge(unparseable=unparseable, reduce="share"), alone(), texts)
        assert verdict.score == pytest.approx(share), unparseable
    _, (nothing,) = ask(ProbeJudge(unparseable="skip"), alone(), ["hmm"])
    assert nothing.label == "unparseable" and nothing.score is None
    assert nothing.note == "none of 5 answers could be read: no verdict found by the pattern"


def test_every_option_is_asked_about_each_sample() -> None:
    questions = KIND.questions(ProbeJudge(), SHOWS, [GROUP])
    assert [one.id for one in questions[:6]] == ["p/0 0", "p/0 1", "p/0 2", "p/0 3", "p/0 4", "p/1 0"]
    assert [one.messages[0][1] for one in questions[4:6]] == ["3 and 4 make 7|9|E", "it is 8|5|A"]
    rows, verdicts = ask(ProbeJudge(), GROUP, ["no", "no", "yes", "no", "no"])
    assert [(row.sample_id, row.index) for row in rows[3:7]] == [("p/0", 3), ("p/0", 4), ("p/1", 0), ("p/1", 1)]
    assert [verdict.score for verdict in verdicts] == [1, 1]


@pytest.mark.parametrize(
    ("question", "gold", "found"),
    [
        (QUESTION, "c", ["A no", "B no", "C yes", "D no", "E no"]),
        (QUESTION, "7", ["A no", "B no", "C yes", "D no", "E no"]),
        ("Which?\nA. one\n  B: two", "(B)", ["A no", "B yes"]),
        (QUESTION, "10", "the problem's gold answer is none of its options"),
        (QUESTION, None, "the problem has no gold answer"),
        ("What is 3+4?", "7", "no options are found in the problem"),
    ],
)
def test_options_and_their_key(question: str, gold: str | None, found: list[str] | str) -> None:
    group = Group(make_problem("p", gold, question), (make_sample(),))
    items, why = items_of(ProbeJudge(), group, group.samples[0])
    assert ([f"{item.option} {item.expected}" for item in items] or why) == found


def test_a_problem_without_options_leaves_its_samples_without_a_score() -> None:
    group = Group(make_problem(question="3+4="), (make_sample(),))
    rows, (verdict,) = ask(ProbeJudge(), group, [])
    assert (rows, verdict.label, verdict.score) == ([], "unparseable", None)
    assert verdict.note == "no options are found in the problem"


def test_a_part_of_the_sample_is_put_into_the_conversation() -> None:
    judge = ProbeJudge(
        items="substitute", extract="(?m)^Better: (.*)$", read="choices", begins='{"perfect":', expect="literal",
        choices=("true", "false"), literal="true",
    )  # fmt: skip
    group = Group(PROBLEM, (make_sample(text="Better: x\nBetter: How was it?"), make_sample(index=1, text="fine")))
    questions = KIND.questions(judge, SHOWS, [group])
    assert [(one.completion, one.prefix) for one in questions] == [(" true", '{"perfect":'), (" false", '{"perfect":')]
    assert questions[0].messages[0][1].endswith("|How was it?|")
    first, second = score_choices(judge, group, [-1.2, -0.4])
    assert first.score == pytest.approx(0.310026, abs=1e-6)
    assert (second.score, second.note) == (None, "there is nothing to put in")


def test_a_generative_verifier_read_by_choices() -> None:
    judge = ProbeJudge(items="substitute", read="choices", expect="literal", literal="yes")
    (verdict,) = score_choices(judge, alone(), [-0.3, -1.6])
    assert verdict.score == pytest.approx(0.785835, abs=1e-6)
    (impossible,) = score_choices(judge, alone(), [-math.inf, -math.inf])
    assert impossible.score is None and impossible.label == "unparseable"


def test_a_question_about_the_problem_is_one_for_all_its_samples() -> None:
    judge = ProbeJudge(items="substitute", of="problem", read="choices", expect="literal", literal="yes")
    questions = KIND.questions(judge, SHOWS, [GROUP])
    assert len(questions) == 4 and questions[:2] == questions[2:]
    assert questions[0].messages[0][1] == f"|{QUESTION}|"
    scores = [verdict.score for verdict in score_choices(judge, GROUP, [-1.2, -0.4] * 2)]
    assert scores == pytest.approx([0.310026] * 2, abs=1e-6)


def test_paraphrases_are_the_other_wordings_that_the_problem_was_asked_in() -> None:
    other, third = (Message("user", "Add 3 to 4."),), (Message("system", "x"), Message("user", "3 plus 4?"))
    samples = (
        make_sample(text="so 7"),
        make_sample(index=1, text="so 8", messages=other, draw="para"),
        make_sample(index=2, text="no idea", messages=third, draw="para"),
        make_sample(index=3, text="so 9", messages=(Message("user", "again"),), parent_id="p/0"),
    )
    group, judge = Group(PROBLEM, samples), ProbeJudge(items="paraphrases", expect="same", extract="so (.)")
    asked = [[item.text for item in items_of(judge, group, sample)[0]] for sample in samples]
    assert asked == [["Add 3 to 4.", "3 plus 4?"], [QUESTION, "3 plus 4?"], [], [QUESTION, "Add 3 to 4.", "3 plus 4?"]]
    _, verdicts = ask(judge, Group(PROBLEM, samples[:3]), ["7.", "8"])
    assert [verdict.score for verdict in verdicts] == [0.5, 0.5, None]
    assert verdicts[2].note == "the sample has no answer to compare with"
    whole = ProbeJudge(items="paraphrases", of="problem", expect="literal", literal="7")
    assert [item.text for item in items_of(whole, group, samples[1])[0]] == ["Add 3 to 4.", "3 plus 4?"]
    assert items_of(whole, alone(), samples[0]) == ([], "the problem was asked in one wording alone")


def test_a_list_is_asked_about_and_repeated() -> None:
    judge = ProbeJudge(
        items="list", texts=("true?", "short?"), expect="literal", literal="yes", repeats=2, temperature=1
    )
    rows, (verdict,) = ask(judge, alone(), ["Yes!", "no"])
    assert [(row.index, row.score) for row in rows] == [(0, 1), (1, 0), (2, 0), (3, 1)]
    assert verdict.score == 0.5 and verdict.spread == 0
    assert items_of(judge, GROUP, GROUP.samples[0])[0] == [Item("true?", "yes"), Item("short?", "yes")]


def test_a_missing_answer_is_no_miss() -> None:
    questions = KIND.questions(ProbeJudge(), SHOWS, [alone()])
    written = [(Completion(one.id, 0, "no", "stop", 1, None),) for one in questions]
    answers = [*written[:4], (Missing("p/0 4", "too_long", "the prompt has 900 tokens"),)]
    rows = KIND.judgements(ProbeJudge(), [alone()], questions, answers)
    (verdict,) = KIND.verdicts(ProbeJudge(), alone(), Evidence(judgements={"": rows}))
    assert (rows[4].index, rows[4].missing) == (4, "too_long")
    assert (verdict.label, verdict.score) == ("missing", None)
    (gone,) = score_choices(ProbeJudge(read="choices"), alone(), [-1.0] * 9 + [None])
    assert gone.label == "missing"


def test_a_short_answer_that_is_cut_off_is_read_unless_it_may_go_on() -> None:
    texts = ["no, as", "no, as", "yes, as", "no, as", "no"]
    _, (verdict,) = ask(ProbeJudge(reduce="count"), alone(), texts, cut=True)
    assert verdict.score == 4
    rows, _ = ask(ProbeJudge(), alone(), ["no"], cut=True)
    assert rows[0].note == "it may go on after max_tokens: 'no'"


@pytest.mark.parametrize(("how", "number"), [("count", 2), ("share", 2 / 3), ("min", 0.5), ("mean", 0.75)])
def test_hits_become_one_number(how: str, number: float) -> None:
    assert reduce_hits([0.5, 0.75, 1.0], how) == pytest.approx(number)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"items": "list"}, "texts: the items of items: list: write both"),
        ({"texts": ["a"]}, "texts: the items of items: list: write both"),
        ({"options": "(a)"}, "options: needs two groups"),
        ({"options": "a"}, "options: needs a group"),
        ({"choices": ["yes"]}, "choices: it has 1 of 2; write at least 2 items"),
        ({"choices": ["a", "a"], "read": "choices"}, "choices: two of them are the same"),
        ({"expect": "literal"}, "literal: the answer that counts with expect: literal: write both"),
        ({"literal": "a"}, "literal: the answer that counts with expect: literal: write both"),
        ({"expect": "literal", "literal": "a", "read": "choices"}, "literal: 'a' is none of the choices"),
        ({"expect": "same"}, "expect: same compares with what extract finds"),
        ({"unparseable": "wrong"}, "unparseable: 'wrong' is no answer: write one of miss, no, skip, yes"),
        ({"words": {"no": "("}}, "no: not a regular expression"),
        ({"words": {"no": "n"}, "pattern": "(n)"}, "words: they stand in place of pattern"),
        ({"read": "choices", "repeats": 2, "temperature": 1}, "repeats, words, pattern: read: choices takes"),
        ({"repeats": 2}, "repeats: temperature 0 gives 2 times the same"),
        ({"role": "nobody"}, "judge 'probe': no role is called 'nobody'"),
    ],
)
def test_a_mistake_is_explained(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        make_recipe(judge=[{"kind": "answer"}, {"kind": "probe", **fields}])
    assert message in str(caught.value)
