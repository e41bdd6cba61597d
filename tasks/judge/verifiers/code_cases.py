"""The tests of a code problem one by one, each with its input and what is expected, where they can be told. Pure.

Layouts as in `code_layouts.py`. Public tests, those that a problem's statement shows, stand in the gold answer under
`public`, in the same fields as the others: `{"test_list": [...], "public": {"test_list": [...]}}`.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

from infra.sandbox.bubblewrap_checker import UnitTests
from tasks.judge.verifiers.code_layouts import CodeProblem, read_problem

PUBLIC = "public"
_APPS_CALL = """
function = getattr(Solution(), NAME) if IS_METHOD else globals()[NAME]
result = as_lists(function(*CASE[0]))
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Attributes:
        tests: runs it alone; None for a script.
        probe: tests that raise RuntimeError with what the program gives; None where that is not one value.
        pair: standard input and output of a script.
        input, expected: in words; None where the test does not say them apart.
        line: the test as it is written.
    """

    tests: UnitTests | None = None
    probe: UnitTests | None = None
    pair: tuple[str, str] | None = None
    input: str | None = None
    expected: str | None = None
    line: str | None = None


def shown_problem(gold: str, layout: str, is_public: bool) -> CodeProblem:
    """The problem with the tests that are shown.

    Raises:
        ValueError: the gold answer is no problem of this layout, or it has no public tests.
    """
    problem = read_problem(gold, layout)
    if not is_public:
        return problem
    content = json.loads(gold)
    if not isinstance(content.get(PUBLIC), dict):
        raise ValueError("it has no public tests")
    return read_problem(json.dumps({**content, **content[PUBLIC]}), layout)


def cases_of(problem: CodeProblem, program: str, layout: str) -> list[Case]:
    """The tests in their order."""
    if problem.pairs:
        return [Case(pair=pair, input=pair[0].strip(), expected=pair[1].strip()) for pair in problem.pairs]
    tests = problem.tests_for(program)
    assert tests is not None, "a problem has pairs or tests"
    readers = {"humaneval": _of_humaneval, "mbpp": _of_mbpp, "apps": _of_apps}
    return list(readers[layout](tests)) or [Case(tests=tests, line=tests.tests.strip())]


def _of_mbpp(tests: UnitTests) -> Iterator[Case]:
    """Each statement that is an assert; the others stay before all of them."""
    tree = ast.parse(tests.tests)
    setup = [node for node in tree.body if not isinstance(node, ast.Assert)]
    before = ast.unparse(ast.Module(setup, []))
    for node in tree.body:
        if isinstance(node, ast.Assert):
            yield _case(tests, node, lambda line, before=before: f"{before}\n{line}")


def _of_humaneval(tests: UnitTests) -> Iterator[Case]:
    """Each assert of the function `check` outside of its loops and conditions."""
    tree = ast.parse(tests.definitions)
    check = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "check"), None)
    asserts = [node for node in check.body if isinstance(node, ast.Assert)] if check else []
    for node in asserts:
        assert check is not None
        alone = deepcopy(check)
        alone.body = [one for one in alone.body if not isinstance(one, ast.Assert)]
        around = [ast.unparse(one) for one in tree.body if one is not check]

        def wrap(line: str, alone: ast.FunctionDef = alone, around: list[str] = around) -> str:
            own = deepcopy(alone)
            own.body = [*own.body, *ast.parse(line).body]
            return "\n".join([*around, ast.unparse(own), tests.tests])

        entry, argument = tests.remote[0], check.args.args[0].arg if check.args.args else ""
        yield _case(replace(tests, definitions=""), node, wrap, {argument: entry})


def _of_apps(tests: UnitTests) -> Iterator[Case]:
    for arguments, expected in tests.data["CASES"]:
        data = {**tests.data, "CASES": [(arguments, expected)]}
        probe = replace(tests, data={**data, "CASE": (arguments, expected)},
                        tests=_APPS_CALL + "raise RuntimeError(repr(result))")  # fmt: skip
        told = ", ".join(map(repr, arguments))
        yield Case(replace(tests, data=data), probe, None, told, repr(expected), f"{tests.data['NAME']}({told})")


def _case(tests: UnitTests, node: ast.Assert, wrap: object, names: dict[str, str] | None = None) -> Case:
    """Args:
    wrap: from a line of the test to the whole source that runs it.
    names: how the test calls the program's function, and what it is called.
    """
    assert callable(wrap)
    line, tested = ast.unparse(node), node.test
    if not (isinstance(tested, ast.Compare) and len(tested.ops) == 1 and isinstance(tested.ops[0], ast.Eq)):
        return Case(replace(tests, tests=wrap(line)), line=_called(line, names))
    given, expected = ast.unparse(tested.left), ast.unparse(tested.comparators[0])
    probe = replace(tests, tests=wrap(f"raise RuntimeError(repr({given}))"))
    return Case(replace(tests, tests=wrap(line)), probe, None, _called(given, names), expected, _called(line, names))


def _called(source: str, names: dict[str, str] | None) -> str:
    if not names:
        return source
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
    return ast.unparse(tree)
