"""Text from data as tokens: a control token that is spelled in it stays text. Used by `format.py`.

A tokenizer reads `<|im_end|>` as the token wherever it stands, so that a problem, or a model that spells it, could end
a turn or open one. Here such a spelling is cut, and encoded as the characters that it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.engines.chat.read import read_text, read_texts
from infra.engines.chat.refused import ChatRefused


@dataclass(frozen=True)
class PlainText:
    """Encodes text that holds no control tokens.

    Attributes:
        controls: control tokens, and their texts.
        ahead: tokens of the texts of `look_ahead`.
    """

    tokenizer: Any
    controls: Mapping[int, str]
    ahead: dict[str, list[int]] = field(default_factory=dict, repr=False, compare=False)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text. One without spelled control tokens is encoded as the tokenizer does.

        Raises:
            ChatRefused: the tokenizer has no other way to write a control token, or no token for a character.
        """
        ids = self.ahead.get(text) or read_text(self.tokenizer, text)
        parts = self.split(text, ids)
        if len(parts) == 1:
            return ids
        tokens: list[int] = []
        for place, part in enumerate(parts):
            tokens += self.spell(part) if place % 2 else self.encode(part)
        return tokens

    def look_ahead(self, texts: Sequence[str]) -> None:
        """Encode texts that are about to be asked for in one call, in place of those before."""
        self.ahead.clear()
        if asked := list({text for text in texts if text}):
            self.ahead.update(zip(asked, read_texts(self.tokenizer, asked), strict=True))

    def split(self, text: str, ids: Sequence[int]) -> list[str]:
        """A text cut at its control tokens, which are every second part.

        Args:
            ids: its tokens. That for unknown characters is a control token only where it is spelled.
        """
        tokens = self.controls.keys() & ids
        tokens -= {token for token in (self.tokenizer.unk_token_id,) if self.controls.get(token, "") not in text}
        if not tokens:
            return [text]
        found = sorted((self.controls[token] for token in tokens), key=len, reverse=True)
        pattern = f"({'|'.join(map(re.escape, found))})"
        parts = re.split(pattern, text)
        if len(parts) == 1:  # the tokenizer changes a text before it looks for them
            parts = re.split(pattern, text, flags=re.IGNORECASE)
        if len(parts) == 1:
            raise _refuse(found[0])
        return parts

    def spell(self, control: str) -> list[int]:
        """Tokens of a control token's characters."""
        ids: list[int] = self.tokenizer(control, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        if len(self.split(control, ids)) == 1:
            return ids
        if len(control) == 1:
            raise _refuse(control)
        return [*self.encode(control[0]), *self.encode(control[1:])]


def _refuse(control: str) -> ChatRefused:
    return ChatRefused(
        f"a text holds the control token {control}, and the tokenizer has no other way to write it",
        "leave out this text, or write it without the token",
    )
