"""Five spellings of one answer, sensible for the kind of verifier."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from configs.schema.verifiers.code import CodeVerifier
from configs.schema.verifiers.kinds import Verifier
from tasks.judge.trials.spellings import program_spellings, spellings
from tasks.judge.verifiers.code_extract import find_program


def verifier(**fields: Any) -> Verifier:
    return TypeAdapter(Verifier).validate_python(fields)


@pytest.mark.parametrize(
    ("fields", "answer", "last"),
    [
        ({"kind": "number"}, "1250", {"#### 1,250", "The answer is \uff11\uff12\uff15\uff10"}),
        ({"kind": "number"}, "-18", {"#### -18.00", "The answer is \uff0d\uff11\uff18"}),
        ({"kind": "number"}, "1,250", {"#### 1250"}),
        ({"kind": "number"}, "1.25", {"#### 1.2500"}),
        ({"kind": "math", "pattern": "#### (.+)"}, "3,000.5", {"#### 3000.5"}),
        ({"kind": "math", "pattern": "#### (.+)"}, "x+1", {"#### x+1  \n"}),
        ({"kind": "number"}, "2.5", {"#### 2.50", "The answer is \uff12\uff0e\uff15"}),
        ({"kind": "number"}, "1/2", {"#### **1/2**", "The answer is \uff11\uff0f\uff12"}),
        ({"kind": "math"}, "$18$", {r"\[ \boxed{ 18 } \]", r"\boxed{18.00}"}),
        ({"kind": "math"}, r"\frac{1}{2}", {r"The answer is $\frac{1}{2}$.", r"So we get $\boxed{\frac{1}{2}}$."}),
        ({"kind": "choice"}, "(B)", {"The correct answer is B.", "\uff22"}),
        ({"kind": "call"}, "f(a=1)", {"f(a=1)", "I call it.\n<tool_call>\nf(a=1)\n</tool_call>"}),
        ({"kind": "exact"}, "Paris", {"Paris", "\tParis"}),
        ({"kind": "exact", "ignore_case": True}, "Paris", {"PARIS"}),
        ({"kind": "number", "pattern": "#### (.+)"}, "1250", {"#### 1250", "#### 1,250"}),
        ({"kind": "exact", "pattern": "<answer>(.*)</answer>"}, "a b", {"<answer>a b</answer>"}),
    ],
)
def test_an_answer_has_five_different_spellings(fields: dict[str, Any], answer: str, last: set[str]) -> None:
    texts = [text for _, text in spellings(answer, verifier(**fields))]
    assert len(texts) == len(set(texts)) == 5 and last <= set(texts)
    assert len({name for name, _ in spellings(answer, verifier(**fields))}) == 5


def test_a_pattern_that_takes_a_part_of_the_answer_has_no_spelling() -> None:
    assert spellings("10:30", verifier(kind="exact", pattern=r"answer is ([0-9]+)")) == []
    assert spellings("18", verifier(kind="number", pattern="zzz(q)")) == []


def test_of_an_expression_of_the_users_only_the_answer_itself_is_known() -> None:
    assert spellings("3.5", verifier(kind="regex", accept="^{gold}$")) == [("as it is", "3.5")]


def test_a_program_is_found_whole_in_every_spelling_that_has_one_block() -> None:
    program = "def f(x):\n    return x\n"
    fenced = CodeVerifier(layout="humaneval")
    texts = dict(program_spellings(program, fenced))
    assert len(texts) == 5 and find_program(texts["after prose"], fenced) == program
    assert program_spellings(program, CodeVerifier(layout="mbpp", extract="whole")) == [("as it is", program)]
    tagged = CodeVerifier(layout="mbpp", pattern="(?s)<code>(.*?)</code>")
    assert program_spellings(program, tagged) == [("as it is", f"<code>{program}</code>")]
    assert program_spellings(program, CodeVerifier(layout="mbpp", pattern="@@(.*)@@")) == []
