"""Where tokens end in the text that they are: for training on a piece of a text. Used by `transformers_runner.py`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from infra.engines.chat.format import ChatFormat
from infra.engines.generate.prompts import decode_continuation


class TokenEnds:
    """Ends of tokens, for one tokenizer."""

    def __init__(self, chat: ChatFormat) -> None:
        self._chat = chat
        self._texts: dict[int, str] = {}

    def of(self, prefix: Sequence[int], tokens: Sequence[int], length: int) -> tuple[int, ...]:
        """Characters of a continuation that are there with each of its tokens, never more than it has.

        Most tokens are the same text wherever they stand, and their lengths add up. Where they do not (a character of
        several tokens, a space that the first word loses) each beginning of the continuation is decoded.

        Args:
            length: of the continuation's text, in characters; tokens of a stop text are behind it.
        """
        whole, _ = decode_continuation(self._chat, prefix, tokens, ())
        alone = [self._alone(token) for token in tokens]
        if "".join(alone) == whole:
            found = list(accumulate(map(len, alone)))
        else:
            begun = (tokens[: number + 1] for number in range(len(tokens)))
            found = [len(decode_continuation(self._chat, prefix, part, ())[0]) for part in begun]
            found = list(accumulate(found, max))
        return tuple(min(end, length) for end in found)

    def _alone(self, token: int) -> str:
        if token not in self._texts:
            self._texts[token] = self._chat.decode([token])
        return self._texts[token]
