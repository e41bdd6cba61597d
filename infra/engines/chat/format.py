"""The one place where chats and turns become tokens, and tokens turns. Used by generators, trainer and reward models.

    chat = load_chat(files)
    prompt, turn = chat.prompt_ids(messages), chat.turn_ids("12")

Tokenizers are Hugging Face's; nothing heavy is imported here. `load.py` makes the format of a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from configs.errors import UserError
from infra.engines.chat.plain import PlainText
from infra.engines.chat.read import read_text
from infra.engines.chat.refused import ChatRefused
from infra.engines.chat.template import TEMPLATE_FIX, Template
from infra.engines.chat.turn_end import ANSWERED, TurnEnd

USUAL_ROLES = ("system", "user", "assistant")
PRIVATE_USE = tuple(map(chr, range(0xE002, 0xF900)))
"""one that no message holds marks places while a template renders; those of the probe chat are left out"""

Messages = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ChatFormat:
    """How a model's chats are written.

    Attributes:
        found_end: see `end`.
        given: encodes what the model is told: none of the tokens that chats are built of can be spelled in it.
        written: encodes what a model wrote. Tokens that are not marked special and end no turn are read in it, as they
            are when a model draws them: `<think>`.
    """

    tokenizer: Any
    template: Template
    found_end: TurnEnd | None
    given: PlainText
    written: PlainText

    @property
    def end(self) -> TurnEnd:
        """What ends the model's turn.

        Raises:
            UserError: nothing does.
        """
        if self.found_end is None:
            raise UserError(
                f"the model {self.tokenizer.name_or_path} has no end token",
                "write eos_token_id into its generation_config.json, or eos_token into its tokenizer_config.json",
            )
        return self.found_end

    def prompt_ids(self, messages: Messages, *, opens_turn: bool = True) -> list[int]:
        """Tokens of a chat. The template writes all special tokens; none are added, or BOS appears twice.

        Args:
            messages: (role, content) pairs.
            opens_turn: with what the model's next turn begins with.

        Raises:
            UserError: there is no template.
            ChatRefused: it refuses these messages, or a control token cannot be written as text.
        """
        return self._encode(self._render(messages, opens_turn))

    def around_turn(self, messages: Messages) -> tuple[list[int], list[int]]:
        """Tokens before and after the model's turn that answers a chat; errors as of `prompt_ids`."""
        parts = self._render([*messages, ("assistant", ANSWERED)], opens_turn=False)
        places = [place for place, part in enumerate(parts) for _ in range(part.count(ANSWERED))]
        if len(places) != 1:
            raise UserError("the chat template does not write the assistant's turn exactly once", TEMPLATE_FIX)
        before, _, after = parts[places[0]].partition(ANSWERED)
        return self._encode([*parts[: places[0]], before]), self._encode([after, *parts[places[0] + 1 :]])

    def text_ids(self, text: str) -> list[int]:
        """Tokens of a piece of the model's turn, tokenised apart from what is before, as when generated."""
        return self.written.encode(text)

    def turn_ids(self, text: str) -> list[int]:
        """Tokens of a model's whole turn: the text, and the end."""
        return [*self.text_ids(text), *self.end.ids]

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of generated tokens, without the end of the turn and without special tokens."""
        is_ended = bool(token_ids) and token_ids[-1] in self.end.stops
        tokens = token_ids[:-1] if is_ended else token_ids
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text.removesuffix(self.end.lead) if is_ended and self.end.lead else text

    def _render(self, messages: Messages, opens_turn: bool) -> list[str]:
        """A chat as text, cut at control tokens that are spelled in its messages: every second part is one."""
        cut = [(role, self._cut(role, content)) for role, content in messages]
        controls = sorted({control for _, parts in cut for control in parts[1::2]})
        if not controls:
            return [self.template.render(messages, opens_turn=opens_turn)]
        mark = next(sign for sign in PRIVATE_USE if not any(sign in content for _, content in messages))
        marked = [(role, _mark(parts, controls, mark)) for role, parts in cut]
        found = self.template.render(marked, opens_turn=opens_turn).split(mark)
        return [controls[int(part)] if place % 2 else part for place, part in enumerate(found)]

    def _cut(self, role: str, content: str) -> list[str]:
        if role not in USUAL_ROLES and any(control in role for control in self.given.controls.values()):
            raise ChatRefused(f"a message has the role {role}, which spells a control token", "write role: user")
        if content == ANSWERED:
            return [content]
        plain = self.written if role == "assistant" else self.given
        return plain.split(content, self.token_ids(content))

    def _encode(self, parts: Sequence[str]) -> list[int]:
        pieces = (self.given.spell(part) if place % 2 else self.token_ids(part) for place, part in enumerate(parts))
        return list(chain.from_iterable(pieces))

    def token_ids(self, text: str) -> list[int]:
        """Tokens of a text that may spell control tokens: what templates and recipes write, never data."""
        return read_text(self.tokenizer, text)


def _mark(parts: Sequence[str], controls: Sequence[str], mark: str) -> str:
    """Parts joined again, with the number of each control token between two marks in its place."""
    return "".join(f"{mark}{controls.index(part)}{mark}" if place % 2 else part for place, part in enumerate(parts))
