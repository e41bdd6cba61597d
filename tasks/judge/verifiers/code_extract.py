"""Where the program is in a sample. Unlike answers, programs keep the white space they begin with: it is syntax."""

from __future__ import annotations

import re

from configs.schema.verifier_code import CodeVerifier
from tasks.judge.verifiers.finding import find_last

_FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^\n`]*\n(?P<body>.*?)(?:^(?P=fence)[ \t]*$|\Z)", re.M | re.S
)
_LANGUAGES = {"", "python", "python3", "py", "py3"}


def find_program(text: str, config: CodeVerifier) -> str | None:
    """The program in a sample; None if there is none.

    `pattern` takes its first group, last match. Otherwise `fenced` takes the last fenced block that names Python or no
    language, an unfinished one too, and `whole` the text as it is.
    """
    if config.pattern is not None:
        match = find_last(re.compile(config.pattern), text)
        program = match.group(1) if match is not None else None
    elif config.extract == "whole":
        program = text
    else:
        blocks = [match for match in _FENCE.finditer(text) if match["language"].lower() in _LANGUAGES]
        program = blocks[-1]["body"] if blocks else None
    return program if program and program.strip() else None


def defines(program: str, name: str) -> bool:
    """True if a function of this name is defined at the program's outermost level."""
    return re.search(rf"^(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", program, re.M) is not None
