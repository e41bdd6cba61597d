"""How a model's turn ends: the one answer for drawing, scoring, training and export. Used by `format.py`.

The chat template says it: a probe chat is rendered, and what is written after the assistant's words is read.

    a control token                  it is the end: `<|im_end|>` of `<|im_end|>\\n`, the first of several
    a control token after words      the words and the token are: `END</s>`; blanks before a token are the model's own
    words alone                      they are: drawing stops at the text
    nothing, or blanks               the tokenizer's eos token is

What stands between the model's turn and the user's next is read first, without what opens every turn of the user's:
after the last turn some templates write more, and some write nothing until another turn follows. Where nothing stands
there, what follows the last turn is read, unless it is what the model's turn is opened with.
docs/design/end-of-turn.md says what else was thought of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configs.errors import UserError
from infra.engines.chat.template import Template

ASKED, ANSWERED, ASKED_AGAIN = (f"\ue000{word}\ue001" for word in ("asked", "answered", "again"))
"""contents of the probe chat: private-use characters, which no template writes"""

PROBE = (("user", ASKED), ("assistant", ANSWERED))
LONG_PROBE = (*PROBE, ("user", ASKED_AGAIN))


Controls = Mapping[int, str]
"""control tokens, and their texts"""
Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class TurnEnd:
    """The end of a turn.

    Attributes:
        ids: tokens that follow a completion in scoring and training, 1 or more.
        stops: tokens that end a drawing; the end's own is the first, where it has a control token.
        words: text at which drawing stops, where the end has no control token.
        lead: words that the end's control token has before it.
    """

    ids: tuple[int, ...]
    stops: tuple[int, ...]
    words: str = ""
    lead: str = ""

    @property
    def token(self) -> int | None:
        """The control token that ends a turn; None where words do."""
        return None if self.words else self.ids[-1]


def find_end(template: Template, known: Sequence[int], controls: Controls, encode: Encode) -> TurnEnd | None:
    """The end of a turn by the template, or the first of the known end tokens.

    Args:
        known: end tokens of the tokenizer and of the generation config, the tokenizer's first.
        controls: tokens that may end a turn: all that the tokenizer was given besides its vocabulary, and the known.
        encode: tokens of plain text.

    Returns:
        None where nothing ends a turn.
    """
    for written in (_between_turns(template), _after_last_turn(template)):
        end = _read(written, known, controls, encode)
        if end is not None:
            return end
    return TurnEnd((known[0],), tuple(known)) if known else None


def structure_of(template: Template) -> list[str]:
    """What the template writes around the contents of a chat; nothing where it refuses chats of a user and a model."""
    rendered = _render(template, LONG_PROBE) or _render(template, PROBE) or ""
    return [part for part in re.split(f"{ASKED}|{ANSWERED}|{ASKED_AGAIN}", rendered) if part]


def _after_last_turn(template: Template) -> str:
    _, found, after = _render(template, PROBE).rpartition(ANSWERED)
    opening = _render(template, PROBE[:1], opens_turn=True).rpartition(ASKED)[2]
    return after if found and after != opening else ""


def _between_turns(template: Template) -> str:
    """What stands between the model's turn and the user's next, without what opens every turn of the user's."""
    parts = re.split(f"{ASKED}|{ANSWERED}|{ASKED_AGAIN}", _render(template, LONG_PROBE))
    if len(parts) != 4:
        return ""
    opening, _, between, _ = parts
    tokens = re.compile(r"<[^<>]*>|\s+|\w+|.", re.DOTALL)  # cut between tokens: `</s>` and `<s>` end alike
    first, second = tokens.findall(opening), tokens.findall(between)
    while first and second and first[-1] == second[-1]:
        first.pop(), second.pop()
    return "".join(second)


def _render(template: Template, messages: Sequence[tuple[str, str]], *, opens_turn: bool = False) -> str:
    """The chat, or nothing where the template refuses it: it may know no turns of the model's."""
    try:
        return template.render(messages, opens_turn=opens_turn) if template.text else ""
    except UserError:
        return ""


def _read(written: str, known: Sequence[int], controls: Controls, encode: Encode) -> TurnEnd | None:
    if not written.strip():
        return None
    place, token = _first_control(written, controls) or (len(written.rstrip()), None)
    words = written[:place] if written[:place].strip() else ""
    try:
        ids = encode(words) if words else []
    except Exception:  # tokenizers has no error class of its own; words that it cannot read, no model has written
        return None
    if token is None:
        return TurnEnd(tuple(ids), tuple(known), words)
    return TurnEnd((*ids, token), (token, *(other for other in known if other != token)), lead=words)


def _first_control(written: str, controls: Controls) -> tuple[int, int] | None:
    """Place and id of the first control token of a text, the longest one there."""
    places = [(place, -len(text), token) for token, text in controls.items() if (place := written.find(text)) >= 0]
    if not places:
        return None
    place, _, token = min(places)
    return place, token


def known_ends(tokenizer: Any, configured: Collection[int]) -> tuple[int, ...]:
    """End tokens that tokenizer and generation config name, the tokenizer's first; none that it does not have."""
    own, known = tokenizer.eos_token_id, set(tokenizer.get_vocab().values())
    return tuple(dict.fromkeys(token for token in (own, *configured) if token in known))
