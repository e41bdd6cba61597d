"""Where the program is in a sample. Unlike answers, programs keep the white space they begin with: it is syntax.

Fenced blocks are read as Markdown shows them: with line ends of any kind, and in lists and quotations without the
margin that the fence has there.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from configs.schema.verifiers.code import CodeVerifier
from tasks.judge.verifiers.finding import find_last

_INDENT = r"(?:[ \t]|>|[-*+](?=[ \t])|[0-9]{1,3}[.)](?=[ \t]))*"
"""of a line in a list or in a quotation"""
_FENCE = re.compile(
    rf"^(?P<margin>{_INDENT})(?P<fence>`{{3,}}+|~{{3,}}+)[ \t]*[{{.]*(?P<language>[\w+#-]*)[^\n`]*\n(?P<body>.*?)"
    r"(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)",
    re.M | re.S,
)
_LANGUAGES = {"python", "python3", "py", "py3", "ipython"}


def find_program(text: str, config: CodeVerifier, names: Collection[str] = ()) -> str | None:
    """The program in a sample; None if there is none.

    `pattern` takes its first group, last match. Otherwise `fenced` takes a fenced block that names Python or no
    language, an unfinished one too, and `whole` the text as it is. Of several blocks it is the last that defines what
    the tests call; else the last that names Python; else the last.

    Args:
        names: functions or classes that the tests call, where they say.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if config.pattern is not None:
        match = find_last(re.compile(config.pattern), text)
        program = match.group(1) if match is not None else None
    elif config.extract == "whole":
        program = text
    else:
        program = _last_block(text, names)
    return program if program and program.strip() else None


def _last_block(text: str, names: Collection[str]) -> str | None:
    found = [
        (match["language"].lower(), _without_margin(match["body"], match["margin"])) for match in _FENCE.finditer(text)
    ]
    blocks = [(language, body) for language, body in found if language in _LANGUAGES or not language]
    best = [body for _, body in blocks if names and all(_offers(body, name) for name in names)]
    best = best or [body for language, body in blocks if language] or [body for _, body in blocks]
    return best[-1] if best else None


def _offers(program: str, name: str) -> bool:
    """Whether a function of this name is there, if only as a method."""
    return defines(program, name) or re.search(rf"^[ \t]+def[ \t]+{re.escape(name)}\b", program, re.M) is not None


def _without_margin(body: str, margin: str) -> str:
    """A block's lines without what they begin with in a list or in a quotation: at most as much as the fence does."""
    lines = body.split("\n")
    if ">" in margin:
        lines = [re.sub(rf"^(?:[ \t]*>){{1,{margin.count('>')}}} ?", "", line) for line in lines]
        margin = margin.rpartition(">")[2].removeprefix(" ")
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    width = min([len(margin), *indents])
    return (
        "\n".join(line[width:] if line.strip() else line.strip(" \t") for line in lines) if width else "\n".join(lines)
    )


def defines(program: str, name: str) -> bool:
    """True if a function or a class of this name, or a value, is defined at the program's outermost level."""
    called = re.escape(name)
    pattern = rf"^(?:(?:async[ \t]+)?def[ \t]+{called}\b|class[ \t]+{called}\b|{called}[ \t]*(?::[^=\n]*)?=(?!=))"
    return re.search(pattern, program, re.M) is not None
