"""Verifier `code`: what the layouts mean for programs that run, and that right programs pass."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from configs.errors import UserError
from configs.schema.judges.by_rule import AnswerJudge
from configs.schema.verifiers.code import CodeVerifier
from infra.sandbox.bubblewrap import SandboxError
from infra.sandbox.bubblewrap_command import find_bubblewrap
from tasks.core.records import Message, Problem
from tasks.judge.verdicts import judge_samples
from tasks.judge.verifiers import code
from tasks.judge.verifiers.registry import VERIFIERS
from tasks.judge.world import World
from tests.build.records import make_sample
from tests.infra.sandbox.sandboxes import needs_sandbox, replace_bwrap
from tests.tasks.judge.code_problems import WHOLE, humaneval

HUMANEVAL = Path(__file__).parents[3].parent / "shared" / "data" / "humaneval" / "HumanEval.jsonl.gz"

pytestmark = pytest.mark.usefixtures("sandboxes_alone")


def test_settings_are_checked() -> None:
    with pytest.raises(ValidationError):
        CodeVerifier(layout="humaneval", memory_mib=10**6)
    assert WHOLE["mbpp"].limit_seconds == 10 and WHOLE["mbpp"].memory_mib == 512


def test_it_refuses_where_bubblewrap_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="the program bwrap is not installed"):
        VERIFIERS["code"].build(WHOLE["mbpp"])


@pytest.mark.slow
def test_the_stage_refuses_where_bubblewrap_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="the program bwrap is not installed"):
        judge("humaneval", humaneval("def f():\n", "def check(c): pass"), ["    return 1"])


def judge(layout: Any, gold: str, texts: list[str], **settings: Any) -> list[tuple[str, str | None]]:
    """Labels and notes, by the stage and its pool."""
    config = WHOLE[layout].model_copy(update=settings)
    samples = [make_sample(text=text, index=index) for index, text in enumerate(texts)]
    problems = {"p": Problem("p", (Message("user", "?"),), gold)}
    judge_ = AnswerJudge(verifier=config)
    return [(verdict.label, verdict.note) for verdict in judge_samples(samples, [judge_], World(problems))]


def labels(layout: Any, gold: str, texts: list[str], **settings: Any) -> list[str]:
    return [label for label, _ in judge(layout, gold, texts, **settings)]


@needs_sandbox
@pytest.mark.skipif(not HUMANEVAL.is_file(), reason="needs the HumanEval copy in ../shared/data")
def test_all_canonical_solutions_of_humaneval_pass_and_empty_ones_do_not() -> None:
    with gzip.open(HUMANEVAL) as file:
        rows = [json.loads(line) for line in file]
    problems = {row["task_id"]: humaneval_problem(row) for row in rows}
    right = [make_sample(text=row["canonical_solution"], problem_id=row["task_id"]) for row in rows]
    empty = [make_sample(text=f"```python\n{row['prompt']}    pass\n```", problem_id=row["task_id"]) for row in rows]
    for extract, samples, expected in (("whole", right, "correct"), ("fenced", empty, "wrong")):
        config = CodeVerifier(layout="humaneval", extract=extract)  # type: ignore[arg-type]
        judge_ = AnswerJudge(verifier=config)
        verdicts = list(judge_samples(samples, [judge_], World(problems)))
        assert len(verdicts) == 164
        assert [(verdict.problem_id, verdict.note) for verdict in verdicts if verdict.label != expected] == []


def humaneval_problem(row: dict[str, str]) -> Problem:
    gold = json.dumps({name: row[name] for name in ("prompt", "test", "entry_point")})
    return Problem(row["task_id"], (Message("user", row["prompt"]),), gold)


POLYNOMIAL = "import math\n\n\ndef poly(xs, x):\n    return sum(c * math.pow(x, i) for i, c in enumerate(xs))\n\n\n"


@needs_sandbox
def test_a_program_cannot_replace_what_it_is_checked_with() -> None:
    prompt = POLYNOMIAL + 'def find_zero(xs):\n    """x where poly(xs, x) is 0"""\n'
    test = "def check(candidate):\n    assert abs(poly([-6, 2], candidate([-6, 2]))) < 1e-4\n"
    right = "    return -xs[0] / xs[1]\n"
    cheat = "    return 0.0\n\n\ndef poly(xs, x):\n    return 0.0\n"
    gold = humaneval(prompt, test, "find_zero")
    assert labels("humaneval", gold, [right, cheat]) == ["correct", "wrong"]


@needs_sandbox
def test_a_program_is_not_asked_whether_it_is_right() -> None:
    test = "def check(c):\n    assert c().startswith('secret')\n"
    cheat = "    class Yes:\n        def startswith(self, text):\n            return True\n    return Yes()\n"
    found = judge("humaneval", humaneval("def f():\n", test), ["    return 'secrets'\n", cheat])
    assert [label for label, _ in found] == ["correct", "wrong"]
    assert "not plain data" in (found[1][1] or "")


@needs_sandbox
def test_what_functions_return_arrives_as_it_is() -> None:
    values = "[1, (2.5, None), {'a': {1, 2}}, b'x', 1j, True, frozenset([3]), range(3), 10**5000, 'é\\ud800', -0.0]"
    prompt = "def f(given=None):\n"
    test = f"""
def check(c):
    expected = {values}
    assert c() == expected and c(expected) == expected and list(map(type, c())) == list(map(type, expected))
    assert str(c()[-1]) == "-0.0"
    try:
        c(1)
    except ValueError as error:
        assert error.args == ("one",)
    else:
        raise AssertionError
"""
    right = f"    if given == 1:\n        raise ValueError('one')\n    return {values} if given is None else given\n"
    assert labels("humaneval", humaneval(prompt, test), [right, "    return 1\n"]) == ["correct", "wrong"]


@needs_sandbox
def test_mbpp_calls_whatever_functions_the_tests_name() -> None:
    gold = json.dumps(
        {"test_list": ["assert add(1, 2) == 3", "assert math.isclose(half(3), 1.5)", "assert set(gen(2)) == {0, 1}"]}
    )
    right = "def add(a, b): return a + b\ndef half(a): return a / 2\ndef gen(n):\n    yield from range(n)\n"
    wrong = right.replace("a / 2", "a // 2")
    forged = wrong + "\nclass math:\n    isclose = staticmethod(lambda *rest: True)\n"
    assert labels("mbpp", gold, [right, wrong, forged, right.replace("add", "sub")]) == ["correct", *["wrong"] * 3]


@needs_sandbox
def test_mbpp_tests_may_build_objects_of_the_programs_classes() -> None:
    setup = "root = Node(1)\nroot.left = Node(2)\nroot.left.left = Node(3)"
    gold = json.dumps({"test_list": ["assert height(root) == 3"], "test_setup_code": setup})
    right = """
class Node:
    def __init__(self, value):
        self.value, self.left, self.right = value, None, None
def height(node):
    return 0 if node is None else 1 + max(height(node.left), height(node.right))
"""
    assert labels("mbpp", gold, [right, right.replace("0 if", "1 if")]) == ["correct", "wrong"]


@needs_sandbox
def test_apps_compares_what_scripts_print() -> None:
    gold = json.dumps({"inputs": ["1 2\n", "-5 5\n"], "outputs": ["3\n", ["0"]]})
    right = "a, b = map(int, input().split())\nif __name__ == '__main__':\n    print(f' {a + b} ')\n"
    texts = [
        right,
        "print(3)",
        right + "exit(0)",
        right + "exit(1)",
        "import sys; sys.exit(0)",
        "def f(",
        right + "print(1)",
    ]
    found = judge("apps", gold, texts)
    assert [label for label, _ in found] == ["correct", "wrong", "correct", *["wrong"] * 4]
    assert found[1][1] == "test 2: other output than expected"
    assert (found[3][1] or "").startswith("test 1: exit status 1") and "SyntaxError" in (found[5][1] or "")


@needs_sandbox
def test_apps_calls_a_function_or_a_method_of_solution() -> None:
    gold = json.dumps({"fn_name": "pair", "inputs": [[1, "a"], [2, "[b"]], "outputs": [[[1, "a"]], [2, "[b"]]})
    function = "def pair(a, b):\n    return a, b\n"
    method = "class Solution:\n    def pair(self, a, b):\n        return [a, b]\n"
    assert labels("apps", gold, [function, method, method.replace("[a, b]", "[a]")]) == ["correct", "correct", "wrong"]


@needs_sandbox
def test_a_slow_start_of_the_sandbox_is_not_the_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    replace_bwrap(monkeypatch, tmp_path, f'sleep 4\nexec {find_bubblewrap()} "$@"')
    gold = humaneval("def f(x):\n", "def check(f):\n    assert f(2) == 3")
    assert labels("humaneval", gold, ["    return x + 1\n", "    return x\n"], limit_seconds=3) == ["correct", "wrong"]


@needs_sandbox
def test_faults_of_the_tests_are_no_verdict() -> None:
    for test, note in [
        ("1/0\ndef check(c): pass", "ZeroDivisionError"),
        ("def check(c):\n    c(print)", "not plain data"),
    ]:
        # Six for two workers: from the second on, the tests' sandbox is there before the program's.
        for label, found in judge("humaneval", humaneval("def f(x):\n", test), ["    return 1\n"] * 6):
            assert label == "verifier_error" and "the tests are at fault" in (found or "") and note in (found or "")


@needs_sandbox
def test_a_test_that_hides_errors_does_not_hide_that_the_program_is_gone() -> None:
    test = "def check(c):\n    try:\n        c()\n    except:\n        pass\n"
    texts = ["    import os; os._exit(0)\n", "    raise ValueError\n"]
    assert labels("humaneval", humaneval("def f():\n", test), texts) == ["wrong", "correct"]


@needs_sandbox
def test_programs_may_use_what_they_were_given() -> None:
    test = "def check(c):\n    assert c(64) == 2\n"
    program = """    import dataclasses, threading, tempfile, subprocess, asyncio
    from typing import List
    @dataclasses.dataclass
    class Point:
        x: "int"
    held, done = bytearray(size * 2**20), []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start()
    thread.join()
    async def two():
        return Point(2)
    with tempfile.NamedTemporaryFile() as file:
        file.write(held[: 2**20])
    return asyncio.run(two()).x * len(done)
"""
    gold = humaneval("def f(size):\n", test)
    assert labels("humaneval", gold, [program]) == ["correct"]
    assert labels("humaneval", gold, [program], memory_mib=64) == ["wrong"]
    assert labels("humaneval", gold, [program], max_processes=1) == ["wrong"]


@needs_sandbox
def test_hash_order_is_the_same_in_every_run() -> None:
    program = "    return str({str(number) for number in range(100)})\n"
    gold = json.dumps({"test_list": ["raise ValueError(f())"]})
    notes = {note for _, note in judge("mbpp", gold, [f"def f():\n{program}"] * 3)}
    assert len(notes) == 1 and "91" in str(notes)


@needs_sandbox
def test_a_sandbox_that_cannot_start_is_no_verdict_on_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.sandbox.bubblewrap.find_bubblewrap", lambda: "/bin/false")
    with pytest.raises(SandboxError):
        code.verify("print(1)", json.dumps({"inputs": [""], "outputs": ["1"]}), WHOLE["apps"])
