"""Blocks of code in a text, and what is put in behind them. Pure.

What a program prints is data: it can neither end the block that it is shown in nor open one that would be run, since
markers in it are parted by a blank; control tokens that it spells stay text where prompts are encoded.
"""

from __future__ import annotations

import re
import unicodedata

from configs.schema.interpreter import OUTPUT, Interpreter
from configs.schema.verifiers.base import VerifierBase

THINKING = tuple(tag for tags in VerifierBase.model_fields["thinking"].default for tag in tags)
"""tags around what a model thinks: some tokenizers have a token for them"""
CUT = "..."
"""behind an output that is longer than `max_chars`"""


def open_block(turn: str, config: Interpreter) -> str | None:
    """Source of the block that a turn ends in, where it ends in one.

    Args:
        turn: up to the text that ends a block.
    """
    _, found, source = turn.rpartition(config.open)
    return source if found and config.close not in source else None


def result_text(output: str, config: Interpreter) -> str:
    """What is put in behind a block."""
    return config.result.replace(OUTPUT, shown(output, config))


def shown(output: str, config: Interpreter) -> str:
    """An output as the model reads it: cut, without control characters, its markers parted."""
    text = "".join(one if one in "\n\t" or unicodedata.category(one) != "Cc" else "?" for one in output)
    text = text.rstrip()
    text = text[: config.max_chars] + CUT if len(text) > config.max_chars else text
    for marker in markers(config):
        text = text.replace(marker, f"{marker[0]} {marker[1:]}" if len(marker) > 1 else "?")
    return text


def markers(config: Interpreter) -> list[str]:
    """Texts that mean something where an output stands, longest first."""
    around = config.result.split(OUTPUT)
    found = {text.strip() for text in (config.open, config.close, *around, *THINKING)} - {""}
    return sorted(found, key=lambda text: (-len(text), text))


def output_of(printed: bytes, failure: str) -> str:
    """What a program printed, and below it why it failed: what it said last, or else with which status it ended."""
    text = printed.decode("utf-8", "replace").replace("\r\n", "\n")
    failure = re.sub(r"^exit status \d+: (?=.)|: $", "", failure)
    return "\n".join(part for part in (text.rstrip("\n"), failure) if part)
