"""Verifier `call`: calls of tools are equal as structures, whatever their order and spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from configs.schema.judges.kinds import Judge
from configs.schema.verifiers.call import CallVerifier
from tasks.answer.calls import MOST_CHARS
from tasks.core.records import Label, Problem, Sample, Verdict
from tasks.judge.verifiers import call
from tasks.judge.verifiers.registry import build_verifier
from tests.build.records import make_problem, make_verdict
from tests.tasks.sample.revise.script import by_place, revise_sampler, run

JSON = '{"name": "f", "arguments": {"b": 2, "a": 1}}'
ONE = "f(a=1, b=2)"


@pytest.mark.parametrize(
    "text",
    [
        "f(b=2, a=1)",
        "f(a=1.0, b=2e0)",
        "[f(a=1,b=2)]",
        "```python\nf(b=2,\n  a=1)\n```",
        "First f(a=3) is tried.\n```\nf(a=3)\n```\nBut:\n```json\n" + JSON + "\n```\n",
        "<think>g()?</think>\n<tool_call>\n" + JSON + "\n</tool_call>",
        "[\n " + JSON + "]",
        '{"function": {"name": "f", "arguments": "{\\"a\\": 1.00, \\"b\\": 2}"}}',
        '{"name": "f", "parameters": {"a": 1, "b": 2}}',
    ],
)
def test_two_spellings_of_one_call(text: str) -> None:
    """ToolACE-R: f(a=1,b=2) and f(b=2,a=1) are equal."""
    found = call.verify(text, ONE, CallVerifier())
    assert (found.answer, found.is_correct) == (ONE, True)
    assert call.extract(text, CallVerifier()) == ONE


@pytest.mark.parametrize(
    "text",
    ["f(a=1)", "f(a=1, b=3)", "g(a=1, b=2)", "f(1, 2)", 'f(a="1", b=2)', "f(a=True, b=2)", "[f(a=1, b=2), f(a=1, b=2)]",
     "x.f(a=1, b=2)", "f(a=-1, b=2)", "f(a=1, b=2, c=None)"],
)  # fmt: skip
def test_another_call_is_wrong(text: str) -> None:
    assert call.verify(text, ONE, CallVerifier()).is_correct is False


@pytest.mark.parametrize(
    "text",
    ["", "no call", "I call f(a=1)", "f(a=1, a=2)", "f(a=b)", "f(a=1+1)", "f(*x)", "f(**x)", "f()()", "f(a={1})", "[]",
     "f(a=1j)", "f(a=[x for x in y])", "f(a=open('x'))", "lambda: f()", '{"name": "f", "name": "g"}', '{"a": 1}',
     '{"name": "f", "arguments": [1]}', '{"name": "f", "arguments": {"a": NaN}}', "f(a=1e999)", "[f(a=1), 2]",
     "f(a=" + "[" * 5000 + "]" * 5000 + ")", "(" * 9000 + ")" * 9000, "f(" + " " * MOST_CHARS + ")",
     "<tool_call>f(a=1)</tool_call><tool_call>no</tool_call>", "<think>f(a=1, b=2)"],
)  # fmt: skip
def test_what_is_no_call_is_unparseable_and_not_wrong(text: str) -> None:
    found = call.verify(text, ONE, CallVerifier())
    assert found.is_correct is None and found.answer is None and found.note
    assert call.extract(text, CallVerifier()) is None


def test_values_of_all_kinds() -> None:
    python = "api.f(t='a\"b', n=None, y=true, l=[1, 2.50, (3,)], d={'k': -0.0, 'a': 1e300}, big=12345678901234567890)"
    json = (
        '{"name": "api.f", "arguments": {"t": "a\\"b", "n": null, "y": true, "l": [1.0, 2.5, [3]], '
        '"d": {"a": 1E+300, "k": 0}, "big": 12345678901234567890.0}}'
    )
    assert call.extract(python, CallVerifier()) == call.extract(json, CallVerifier())
    assert call.extract("f(a='1,000', b=' x')", CallVerifier()) == 'f(a="1,000", b=" x")'


def test_several_calls_and_their_order() -> None:
    one, other = "[f(a=1), g(b=2)]", "[g(b=2), f(a=1)]"
    assert call.verify(one, other, CallVerifier()).is_correct
    assert call.verify(one, other, CallVerifier(ordered=True)).is_correct is False
    tagged = "<tool_call>f(a=1)</tool_call> and <tool_call>g(b=2)</tool_call>"
    assert call.verify(tagged, one, CallVerifier(ordered=True)).is_correct


def test_a_gold_answer_must_be_a_call() -> None:
    assert call.explain_gold(None, CallVerifier()) == "has no gold answer"
    assert call.explain_gold(ONE, CallVerifier()) is None
    assert "which cannot be read" in (call.explain_gold("call f", CallVerifier()) or "")


def by_call(judge: Judge, samples: Sequence[Sample], problems: Mapping[str, Problem]) -> Iterable[Verdict]:
    """What the verifier of a judge says, without a pool of workers."""
    assert judge.kind == "answer"
    verify = build_verifier(judge.verifier)
    for one in samples:
        found = verify((problems[one.problem_id], one))
        label = Label.CORRECT if found.is_correct else Label.WRONG
        yield make_verdict(one, label, judge.name, answer=found.answer)


def test_a_chain_ends_at_a_call_that_stays_the_same(tmp_path: Path) -> None:
    """ToolACE-R: f(a=1,b=2), then f(b=2,a=1): equal, so that the chain stops at turn 2."""
    texts = {"p/0": "f(a=1,b=2)", "p/0:attempt/0": "f(b=2,a=1)", "p/1": "f(a=1)", "p/1:attempt/0": "f(a=2)"}
    generate = {"num_samples": 2, "steps": [{"part": "attempt"}], "max_turns": 3, "until": [{"same": "answer"}]}
    judge = [{"kind": "answer", "verifier": {"kind": "call"}}]
    problems = [make_problem(gold=ONE)]
    sampler = revise_sampler(generate=generate, judge=judge)
    (episode,) = run(sampler, tmp_path, by_place(texts, "f(a=3)"), problems=problems, judge=by_call)
    assert [node.text for node in episode.nodes] == ["f(a=1,b=2)", "f(b=2,a=1)", "f(a=1)", "f(a=2)", "f(a=3)"]
