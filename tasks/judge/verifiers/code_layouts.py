"""Tests of code problems as their data sets publish them, from the gold answer's JSON to what the sandbox runs.

Layouts: HumanEval (arXiv 2107.03374), MBPP (arXiv 2108.07732) and APPS (arXiv 2105.09938).
"""

from __future__ import annotations

import ast
import builtins
import functools
import json
import sys
from dataclasses import dataclass, replace
from typing import Any

from infra.sandbox.bubblewrap_checker import UnitTests
from tasks.judge.verifiers.code_extract import defines

_APPS_RUN = """
function = getattr(Solution(), NAME) if IS_METHOD else globals()[NAME]
for arguments, expected in CASES:
    result = as_lists(function(*arguments))
    assert result == expected or [result] == expected
"""
_APPS_DEFINITIONS = """
def as_lists(value):
    return [as_lists(item) for item in value] if isinstance(value, (list, tuple)) else value
"""


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """One problem's tests.

    Attributes:
        prompt: source that the program goes on from.
        context: the prompt as a module of its own, for programs that define the function anew.
        entry_point: the function that is asked for, where the problem names it.
        tests: for programs that define functions.
        pairs: standard input and output, for programs that are scripts.
    """

    prompt: str = ""
    context: str = ""
    entry_point: str | None = None
    tests: UnitTests | None = None
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the tests call of the program."""
        if self.entry_point is not None:
            return (self.entry_point,)
        return tuple(self.tests.remote) if self.tests is not None else ()

    def assemble(self, program: str) -> list[str]:
        """Source texts that make one module: the prompt and the program, joined where the program goes on from it."""
        if not self.prompt:
            return [program]
        if self.entry_point is not None and defines(program, self.entry_point):
            return [self.context, program]
        return [self.prompt + program]

    def tests_for(self, program: str) -> UnitTests | None:
        """The tests. APPS asks for a function or for a method of the class Solution: the program has one of them."""
        if self.tests is None or self.prompt or self.entry_point is None:
            return self.tests
        return replace(self.tests, data={**self.tests.data, "IS_METHOD": not defines(program, self.entry_point)})


@functools.lru_cache(maxsize=1024)
def read_problem(gold: str, layout: str) -> CodeProblem:
    """A gold answer as a problem. ValueError says what is wrong with it."""
    try:
        content = json.loads(gold)
    except ValueError as error:
        raise ValueError(f"not JSON ({error})") from None
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    return _READERS[layout](content)


def _read_humaneval(content: dict[str, Any]) -> CodeProblem:
    prompt, test, entry_point = (_take(content, name, str) for name in ("prompt", "test", "entry_point"))
    if not entry_point.isidentifier():
        raise ValueError(f"entry_point {entry_point!r} is not a name")
    _parse(test, "test")
    context = _as_module(prompt)
    # The tests get the prompt's own helper functions: a program cannot replace what it is checked with.
    tests = UnitTests(context, (entry_point,), test, f"check({entry_point})")
    return CodeProblem(prompt, context, entry_point, tests)


def _read_mbpp(content: dict[str, Any]) -> CodeProblem:
    lines = _take(content, "test_list", list)
    if not lines or not all(isinstance(line, str) for line in lines):
        raise ValueError("test_list holds no tests")
    imports = "\n".join(content.get("test_imports") or ())
    setup = content.get("test_setup_code") or ""
    source = "\n".join([setup, *lines])
    remote, modules = _names_to_find(_parse(source, "tests"))
    definitions = "\n".join([*(f"import {name}" for name in modules), imports])
    # Tests without a set-up compare results; those with one may build trees of the program's own nodes.
    return CodeProblem(tests=UnitTests("", remote, definitions, source, keeps_objects=bool(setup.strip())))


def _read_apps(content: dict[str, Any]) -> CodeProblem:
    inputs, outputs = _take(content, "inputs", list), _take(content, "outputs", list)
    if not inputs or len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs")
    name = content.get("fn_name")
    if name is None:
        return CodeProblem(pairs=tuple(zip(map(_as_text, inputs), map(_as_text, outputs), strict=True)))
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"fn_name {name!r} is not a name")
    if not all(isinstance(arguments, list) for arguments in inputs):
        raise ValueError("with fn_name every input is a list of arguments")
    data = {"CASES": list(zip(inputs, outputs, strict=True)), "NAME": name}
    tests = UnitTests("", (name, "Solution"), _APPS_DEFINITIONS, _APPS_RUN, data, keeps_objects=True)
    return CodeProblem(entry_point=name, tests=tests)


_READERS = {"humaneval": _read_humaneval, "mbpp": _read_mbpp, "apps": _read_apps}


def _names_to_find(tree: ast.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that tests use and do not define: what the program defines, and modules of the standard library.

    A name that is only ever the M of M.name is such a module: were it the program's, the program would judge itself
    wherever tests say math.isclose and the data set left the import to the program.
    """
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    owners = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    bare = {node.id for node in names if id(node) not in owners}
    loaded = {node.id for node in names} - stored - set(dir(builtins))
    modules = {name for name in loaded - bare if name in sys.stdlib_module_names}
    return tuple(sorted(loaded - modules)), tuple(sorted(modules))


def _as_module(prompt: str) -> str:
    """A prompt that ends in a docstring is one; one that ends in the function's head needs a body."""
    try:
        ast.parse(prompt)
    except SyntaxError:
        prompt += "\n    pass\n"
        _parse(prompt, "prompt")
    return prompt


def _parse(source: str, name: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"{name} is not Python: {error}") from None


def _take(content: dict[str, Any], name: str, kind: type) -> Any:
    if not isinstance(content.get(name), kind):
        raise ValueError(f"no {name}" if name not in content else f"{name} is not a {kind.__name__}")
    return content[name]


def _as_text(value: Any) -> str:
    """APPS gives texts, or lists of lines."""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)
