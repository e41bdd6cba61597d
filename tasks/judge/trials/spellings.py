"""Five spellings of an answer that mean the same, as models write them. Pure.

Called by `trials.py`, which asks a verifier whether it reads them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from configs.schema.verifiers.code import CodeVerifier
from configs.schema.verifiers.kinds import Verifier
from tasks.answer.choices import read_choice
from tasks.judge.verifiers.code_extract import find_program
from tasks.judge.verifiers.finding import find_answer_text

Spelled = tuple[str, str]
"""name of the spelling, and the text of a sample that gives the answer in it"""

CARRIERS = (
    "#### {}",
    "The answer is {}",
    "Answer: {}",
    "The answer is: {}",
    "The final answer is {}.",
    r"\boxed{{{}}}",
    "<answer>{}</answer>",
    "[[{}]]",
    "{}",
)
"""how answers are given, for patterns to find"""
PROGRAM_CARRIERS = ("{}", "```python\n{}\n```", "<code>{}</code>", "[PYTHON]\n{}\n[/PYTHON]", "<answer>{}</answer>")
_WHOLE = re.compile(r"-?[0-9]{1,30}")
_DECIMAL = re.compile(r"-?[0-9]{0,30}\.[0-9]{1,30}")
_SEPARATED = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3}){1,9}(?:\.[0-9]{1,30})?")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}


def spellings(answer: str, verifier: Verifier) -> list[Spelled]:
    """Texts that give this answer, each in a spelling with a name; empty where the pattern finds none of them.

    Args:
        answer: a gold answer, or another one in its form. Not for the verifier `code`.
        verifier: its pattern says where an answer stands; its kind, which spellings mean the same.
    """
    if verifier.pattern is not None:
        carrier = _carrier_for(answer, verifier)
        return [] if carrier is None else list(_in_carrier(answer, verifier, carrier))
    return list(_SPELLINGS[verifier.kind](answer, verifier))


def _carrier_for(answer: str, verifier: Verifier) -> str | None:
    """The first way to give an answer that the pattern takes the whole answer from."""
    whole = (text for text in CARRIERS if find_answer_text(text.format(answer), verifier) == answer.strip())
    return next(whole, None)


def _in_carrier(answer: str, verifier: Verifier, carrier: str) -> Iterator[Spelled]:
    text = carrier.format(answer)
    yield "as it is", text
    if verifier.kind == "regex":
        return
    yield "after reasoning", f"There are 3 steps, and each is easy.\n{text}"
    yield "with line ends of Windows", f"So:\r\n{text}\r\n"
    yield "after thinking", f"<think>Is it so?</think>\n\n{text}"
    other = _in_other_digits(answer) if verifier.kind in ("number", "math") else None
    yield (other[0], carrier.format(other[1])) if other else ("with blanks", f"{text}  \n")


def _number(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    yield "as it is", answer
    yield "in a sentence", f"The answer is {answer}."
    yield "boxed", rf"So we get $\boxed{{{answer}}}$."
    name, other = _in_other_digits(answer) or ("in bold", f"**{answer}**")
    yield name, f"#### {other}"
    yield "full-width digits", f"The answer is {_full_width(answer)}"


def _math(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    bare = answer.strip("$")
    yield "as it is", answer
    yield "in a sentence", f"The answer is ${bare}$."
    yield "boxed", rf"So we get $\boxed{{{bare}}}$."
    yield "boxed, with spaces", rf"\[ \boxed{{ {bare} }} \]"
    other = _in_other_digits(bare)
    if other is not None:
        yield other[0], rf"\boxed{{{other[1]}}}"
    else:
        yield (
            "after reasoning",
            f"First, $1 + 1 = 2$.\nFinal Answer: The final answer is ${bare}$. Done.",
        )


def _choice(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    assert verifier.kind == "choice"
    letter = read_choice(answer, verifier.choices)
    yield "as it is", answer
    yield "in a sentence", f"The correct answer is {letter}."
    yield "boxed", rf"So it is $\boxed{{\text{{{letter}}}}}$."
    yield "in parentheses", f"Answer: ({letter})"
    yield "full-width letter", _full_width(letter)


def _exact(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    yield "as it is", answer
    yield "with blanks", f"  {answer} "
    yield "with line ends of Windows", f"\r\n{answer}\r\n"
    yield "after thinking", f"<think>Is it so?</think>\n\n{answer}"
    if verifier.kind == "exact" and verifier.ignore_case:
        yield "in capitals", answer.upper()
    else:
        yield "with a tab", f"\t{answer}"


def _regex(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    """In the first usual way to give an answer that the expression takes: what else it may accept is not known."""
    assert verifier.kind == "regex"
    wanted = re.compile(verifier.accept.replace("{gold}", re.escape(answer)))
    yield (
        "as it is",
        next((text.format(answer) for text in ("{}", *CARRIERS) if wanted.search(text.format(answer))), answer),
    )


def _puzzle(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    yield "as it is", answer
    yield "in tags", f"I looked at it twice.\n<answer>{answer}</answer>\nThat is all."
    yield "in a block", f"The answer is:\n```\n{answer}\n```"
    yield "below a cue", f"Answer:\n{answer}\n"
    yield "after thinking", f"<think>Is it so?</think>\n\n{answer}"


def _calls(answer: str, verifier: Verifier) -> Iterator[Spelled]:
    yield "as it is", answer
    yield "in a block", f"This is the call:\n```\n{answer}\n```"
    yield "with line ends of Windows", f"\r\n{answer}\r\n"
    yield "in tags", f"I call it.\n<tool_call>\n{answer}\n</tool_call>"
    yield "after thinking", f"<think>Is it so?</think>\n\n{answer}"


_SPELLINGS: dict[str, Callable[[str, Verifier], Iterator[Spelled]]] = {
    "number": _number,
    "math": _math,
    "call": _calls,
    "choice": _choice,
    "exact": _exact,
    "regex": _regex,
    "reasoning_gym": _puzzle,
}


def _in_other_digits(answer: str) -> Spelled | None:
    """A plain number with separators for thousands, without them, or with zeros after the point; None for others."""
    sign, digits = ("-", answer[1:]) if answer.startswith("-") else ("", answer)
    if _SEPARATED.fullmatch(answer):
        return "without separators", answer.replace(",", "")
    if _WHOLE.fullmatch(answer) and len(digits) > 3 and not digits.startswith("0"):
        return "thousands separators", f"{sign}{int(digits):,}"
    if _WHOLE.fullmatch(answer):
        return "zeros after the point", f"{answer}.00"
    if _DECIMAL.fullmatch(answer):  # never three digits after the point: elsewhere those are thousands
        return "zeros at the end", f"{answer}0" if len(answer.partition(".")[2]) == 1 else f"{answer}00"
    return None


def _full_width(text: str) -> str:
    """Digits, letters and signs as East Asian keyboards write them; LaTeX stays what it is."""
    return text if "\\" in text else text.translate(_FULL_WIDTH)


def program_spellings(program: str, verifier: CodeVerifier) -> list[Spelled]:
    """Texts that hold a program, in five spellings; in one where the whole text, or what a pattern finds, is it."""
    if verifier.extract == "whole" or verifier.pattern is not None:
        texts = (carrier.format(program) for carrier in PROGRAM_CARRIERS)
        found = ((text, find_program(text, verifier)) for text in texts)
        return [("as it is", text) for text, inside in found if inside and inside.strip() == program.strip()][:1]
    fenced = f"```python\n{program.rstrip()}\n```"
    in_list = "\n".join(f"   {line}" for line in fenced.splitlines())
    return [
        ("fenced", fenced),
        ("after prose", f"Here is the function:\n\n{fenced}\n\nIt runs in linear time."),
        ("with line ends of Windows", fenced.replace("\n", "\r\n")),
        ("in a list", f"1. The function:\n\n{in_list}\n\n2. Done."),
        ("before another block", f"{fenced}\n\nIt prints:\n\n```\n42\n```"),
    ]
