"""Verifier `code`: where programs are found, and which gold answers are problems. Nothing runs here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from configs.schema.verifiers.code import CodeVerifier
from tasks.judge.verifiers.code_extract import defines, find_program
from tasks.judge.verifiers.code_layouts import read_problem
from tasks.judge.verifiers.registry import explain_gold
from tests.tasks.judge.code_problems import WHOLE, humaneval


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("Here:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("```python\nx = 1\n```\nor better\n```py\nx = 2\n```\n", "x = 2\n"),
        ("```python\nx = 1\n```\nIt prints\n```text\n1\n```", "x = 1\n"),
        ("```\n    return 1\n```", "    return 1\n"),
        ("```Python title='a.py'\nx = 1\n```", "x = 1\n"),
        ("~~~python\ns = '```'\n~~~", "s = '```'\n"),
        ("````python\n```\nx\n````", "```\nx\n"),
        ("```python\nx = 1\n", "x = 1\n"),
        ("no fence: x = 1", None),
        ("```python\n \n```", None),
        ("```json\n{}\n```", None),
    ],
)
def test_the_last_fenced_python_block_is_the_program(text: str, program: str | None) -> None:
    assert find_program(text, CodeVerifier(layout="apps")) == program


F, G = "def f(x):\n    return x\n", "def g():\n    pass\n"


def fenced(body: str, language: str = "python", margin: str = "", inside: str | None = None) -> str:
    inside = margin if inside is None else inside
    lines = "".join(f"{inside}{line}\n" for line in body.splitlines())
    return f"{margin}```{language}\n{lines}{inside}```\n"


@pytest.mark.parametrize(
    "text",
    [
        fenced(F).replace("\n", "\r\n"),
        fenced(F).replace("\n", "\r"),
        fenced(F, margin="  "),
        fenced(F, margin="\t"),
        "1. so:\n" + fenced(F, margin="   "),
        fenced(F, margin="- ", inside="  "),
        fenced(F, margin="1. ", inside="   "),
        fenced(F, margin="- ", inside=""),
        fenced(F, margin="> "),
        fenced(F, margin=">> "),
        fenced(F, margin="> - ", inside=">   "),
        fenced(F, language="{python}"),
        fenced(F, language="{.python .numberLines}"),
        fenced(F) + "It prints\n" + fenced("f(3)\n3", language=""),
        fenced(F) + "Usage:\n" + fenced("print(f(3))"),
        fenced(F) + fenced("def test():\n    assert f(3) == 3"),
        fenced(F, language="") + fenced("print(f(3))"),
        fenced(G) + fenced(F) + fenced(G),
        fenced("class Solution:\n    def g(self):\n        pass") + fenced(F) + fenced("2", language="text"),
        fenced("def f(x):\n    return 0") + "Better:\n" + fenced(F),
        fenced(F)[:-4],
    ],
)
def test_the_last_block_that_defines_what_is_called_is_the_program(text: str) -> None:
    program = find_program(text, CodeVerifier(layout="humaneval"), ("f",))
    assert program is not None and program.strip() == F.strip()


def test_a_body_keeps_its_indentation_and_a_method_counts() -> None:
    body = "    return 1\n"
    assert find_program(fenced(body, ""), CodeVerifier(layout="humaneval"), ("f",)) == body
    assert find_program(fenced(body, margin="- ", inside="  "), CodeVerifier(layout="humaneval"), ("f",)) == body
    method = "class Solution:\n    def f(self):\n        pass\n"
    assert find_program(fenced(method) + fenced("x = 1"), CodeVerifier(layout="apps"), ("f",)) == method
    value = "f = lambda x: x\n"
    assert find_program(fenced(value) + fenced("print(f(1))"), CodeVerifier(layout="mbpp"), ("f",)) == value


def test_where_nothing_is_called_by_name_the_last_block_of_python_counts() -> None:
    script = "print(input())\n"
    assert find_program(fenced(script) + fenced("3", ""), CodeVerifier(layout="apps")) == script
    assert find_program(fenced("x = 1") + fenced(script), CodeVerifier(layout="apps")) == script


def test_the_whole_text_or_a_pattern_keeps_its_white_space() -> None:
    assert find_program("    return 1\n", WHOLE["humaneval"]) == "    return 1\n"
    assert find_program(" \n", WHOLE["humaneval"]) is None
    config = CodeVerifier(layout="apps", pattern=r"(?s)<code>(.*?)</code>")
    assert find_program("<code>1</code><code>\n  2</code>", config) == "\n  2"
    assert find_program("3", config) is None


@pytest.mark.parametrize("text", ["~" * 100_000, "> " + "~" * 100_000, "`" * 100_000, "```\n" * 25_000], ids=range(4))
@pytest.mark.timeout(5)
def test_no_text_makes_it_hang(text: str) -> None:
    find_program(text, CodeVerifier(layout="mbpp"), ("f",))


def test_a_definition_counts_at_the_outermost_level_only() -> None:
    assert defines("import x\ndef f(a):\n    pass", "f") and defines("async def f():", "f")
    assert not defines("    def f(a): pass", "f") and not defines("def f2(): pass", "f")


def test_a_completion_goes_on_from_the_prompt_and_a_function_replaces_it() -> None:
    problem = read_problem(humaneval("def f():\n", "def check(c): pass"), "humaneval")
    assert problem.assemble("    return 1\n") == ["def f():\n    return 1\n"]
    assert problem.assemble("def f():\n    return 1\n") == ["def f():\n\n    pass\n", "def f():\n    return 1\n"]


@pytest.mark.parametrize(
    ("layout", "gold", "complaint"),
    [
        ("humaneval", "72", "not a JSON object"),
        ("humaneval", "{", "not JSON"),
        ("humaneval", '{"prompt": "", "test": ""}', "no entry_point"),
        ("humaneval", '{"prompt": "", "test": "def (", "entry_point": "f"}', "test is not Python"),
        ("humaneval", '{"prompt": "def f(", "test": "", "entry_point": "f"}', "prompt is not Python"),
        ("humaneval", '{"prompt": 3, "test": "", "entry_point": "f"}', "prompt is not a str"),
        ("humaneval", '{"prompt": "", "test": "", "entry_point": "f()"}', "is not a name"),
        ("mbpp", '{"test_list": []}', "test_list holds no tests"),
        ("mbpp", '{"test_list": ["assert"]}', "tests is not Python"),
        ("apps", '{"inputs": ["1"], "outputs": []}', "1 inputs and 0 outputs"),
        ("apps", '{"inputs": ["1"], "outputs": [1], "fn_name": "f"}', "every input is a list of arguments"),
    ],
)
def test_a_gold_answer_that_is_no_problem_is_explained(layout: Any, gold: str, complaint: str) -> None:
    assert complaint in (explain_gold(gold, WHOLE[layout]) or "")


def test_a_missing_gold_answer_is_explained() -> None:
    assert explain_gold(None, WHOLE["apps"]) == "has no gold answer"


def test_modules_that_tests_leave_to_the_program_are_not_taken_from_it() -> None:
    gold = json.dumps({"test_list": ["assert math.isclose(f(math.pi), g)", "assert copy(1) == copy.x"]})
    tests = read_problem(gold, "mbpp").tests
    assert tests is not None and tests.remote == ("copy", "f", "g") and tests.definitions.strip() == "import math"
