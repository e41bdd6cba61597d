"""Stop texts while decoding, found without decoding every draft after every token.

Used by `transformers_runner.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from infra.engines.generate.decode import Draft

PARTIAL = "\N{REPLACEMENT CHARACTER}"
"""what a token decodes to that holds part of a character"""


class StopTexts:
    """Finds stop texts in drafts, for one tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @cached_property
    def _token_texts(self) -> list[str]:
        return self._tokenizer.batch_decode([[token] for token in range(len(self._tokenizer))])

    def watch(self, stop: Sequence[str]) -> Callable[[Draft], bool] | None:
        """A test whether a draft, after its newest token, contains one of the texts; None if there are none.

        A text is complete no earlier than its last character, so only tokens that hold that character, or
        part of some character, need a look at the whole draft.
        """
        if not stop:
            return None
        last = {text[-1] for text in stop} | {PARTIAL}
        completing = {token for token, text in enumerate(self._token_texts) if not last.isdisjoint(text)}

        def reaches_stop(draft: Draft) -> bool:
            if draft.tokens[-1] not in completing:
                return False
            text = self._tokenizer.decode(draft.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            return any(map(text.__contains__, stop))

        return reaches_stop
