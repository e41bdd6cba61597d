"""Words of wrong attempts that a row shows masked (CYCLE, arXiv 2403.18746). Pure.

floor(share x words) of each attempt's words are replaced, drawn by the run's seed; white space between them stays. The
share, 5 %, is not given where the paper was read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from configs.schema.rows import MaskInput
from tasks.core.joined import Candidate
from tasks.core.records import Label, Message
from tasks.select.filters.filter import Draw


def mask_attempts(
    messages: Sequence[Message], shown: Sequence[Candidate], config: MaskInput, draw: Draw
) -> tuple[Message, ...]:
    """The chat with the wrong attempts in it masked; the problem itself stays.

    Args:
        shown: the texts of the chain before the row's completion.
    """
    masked = list(messages)
    for one in shown:
        if one.sample.is_answer and one.verdict(config.judge).label != Label.CORRECT and one.sample.text:
            text = mask_words(one.sample.text, config, draw, one.sample.id)
            for place, turn in enumerate(masked):
                if turn not in one.problem.messages:
                    masked[place] = replace(turn, content=turn.content.replace(one.sample.text, text))
    return tuple(masked)


def mask_words(text: str, config: MaskInput, draw: Draw, sample_id: str) -> str:
    """A text with a share of its words replaced."""
    words = list(re.finditer(r"\S+", text))
    number = int(len(words) * config.share + 1e-9)
    hidden = set(draw.random("mask_input", sample_id).sample(range(len(words)), number))
    pieces, end = [], 0
    for place, word in enumerate(words):
        pieces += [text[end : word.start()], config.text if place in hidden else word[0]]
        end = word.end()
    return "".join([*pieces, text[end:]])
