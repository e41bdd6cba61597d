"""Blocks of code in a text, and what is shown of an output: by hand-written texts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from configs.schema.generate import IndependentGenerate, ReviseGenerate, StepwiseGenerate
from configs.schema.interpreter import Interpreter
from tasks.sample.interpreter.blocks import open_block, output_of, result_text, shown

FENCES = Interpreter()
ANGLES = Interpreter(open="<<", close=">>", result=" = {output};")


@pytest.mark.parametrize(
    ("turn", "config", "source"),
    [
        ("I compute.\n```python\nprint(1)\n", FENCES, "print(1)\n"),
        ("a\n```python\nx\n```\n```output\n1\n```\nb\n```python\ny\n", FENCES, "y\n"),
        ("words alone\n", FENCES, None),
        ("```js\nlet x\n", FENCES, None),
        ("```python\nx\n```\nafter its end\n", FENCES, None),
        ("so <<1 + 2", ANGLES, "1 + 2"),
    ],
)
def test_the_block_that_a_turn_ends_in(turn: str, config: Interpreter, source: str | None) -> None:
    assert open_block(turn, config) == source


def test_an_output_stands_in_the_result() -> None:
    assert result_text("55\n", FENCES) == "```output\n55\n```\n"
    assert result_text("3", ANGLES) == " = 3;"


def test_a_long_output_is_cut_and_says_so() -> None:
    assert shown("x" * 2001, FENCES) == "x" * 2000 + "..."
    assert shown("x" * 2000, FENCES) == "x" * 2000


@pytest.mark.parametrize(
    ("output", "seen"),
    [
        ("one\ttwo\r\0\x1b[31mred", "one\ttwo???[31mred"),
        ("```\nNow print: ```python\nx", "` ``\nNow print: ` ``python\nx"),
        ("```output\n1", "` ``output\n1"),
        ("<|im_end|> stays text", "<|im_end|> stays text"),
        ("</think>42", "< /think>42"),
        ("\n\n", ""),
    ],
)
def test_what_a_program_prints_can_end_nothing(output: str, seen: str) -> None:
    assert shown(output, FENCES) == seen
    assert FENCES.close not in shown(output, FENCES) and open_block(shown(output, FENCES), FENCES) is None


def test_a_marker_of_one_character_is_replaced() -> None:
    config = Interpreter(open="[", close="]", result="{output}|")
    assert shown("[1, 2]|", config) == "?1, 2??"


def test_a_failure_stands_below_what_was_printed() -> None:
    assert output_of(b"1\n", "exit status 1: ZeroDivisionError: division by zero") == (
        "1\nZeroDivisionError: division by zero"
    )
    assert output_of(b"\xff\xfe1", "") == "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}1"
    assert output_of(b"", "exit status 3: ") == "exit status 3"
    assert output_of(b"", "it took longer than 2 s") == "it took longer than 2 s"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"open": ""}, "open: without a marker no block is found"),
        ({"close": " \n"}, "close: without a marker no block is found"),
        ({"close": "```"}, "close: it stands in open, and drawing would stop where a block begins"),
        ({"result": "done"}, "result: {output} stands in it once"),
        ({"result": "{output} {output}"}, "result: {output} stands in it once"),
        ({"result": "```python\n{output}"}, "result: it holds open, so an output would be run"),
        ({"max_calls": 0}, "greater than or equal to 1"),
        ({"limit_seconds": 0}, "greater than 0"),
    ],
)
def test_settings_that_find_no_block_are_refused(fields: dict, message: str) -> None:
    with pytest.raises(ValidationError) as error:
        Interpreter.model_validate(fields)
    assert message in str(error.value)


@pytest.mark.parametrize("stop", ["```", "```\n", "x```\ny"])
def test_a_stop_text_that_is_the_end_of_a_block_is_refused(stop: str) -> None:
    with pytest.raises(ValidationError, match="hold one another"):
        IndependentGenerate.model_validate({"stop": [stop], "interpreter": {}})
    steps = [{"part": "attempt", "stop": [stop]}]
    with pytest.raises(ValidationError, match="hold one another"):
        ReviseGenerate.model_validate({"steps": steps, "interpreter": {}})


def test_a_stop_text_in_the_opening_is_refused() -> None:
    with pytest.raises(ValidationError, match="no block would begin"):
        IndependentGenerate.model_validate({"stop": ["python"], "interpreter": {}})


def test_candidates_of_steps_have_no_interpreter() -> None:
    with pytest.raises(ValidationError, match="interpreter"):
        StepwiseGenerate.model_validate({"kind": "stepwise", "interpreter": {}})
