"""From text to token ids, with a plain word where a tokenizer cannot: the tokenizer itself has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.engines.chat.refused import ChatRefused

QUOTED = 80
"""characters of an unreadable text that a message shows"""


def read_text(tokenizer: Any, text: str) -> list[int]:
    """Tokens of a text; no special ones are added.

    Raises:
        ChatRefused: it has characters that the tokenizer has no token for.
    """
    ids: list[int] = _read(tokenizer, text, [text]) if text else []
    return ids


def read_texts(tokenizer: Any, texts: list[str]) -> list[list[int]]:
    """Tokens of each text, read together; errors as of `read_text`."""
    ids: list[list[int]] = _read(tokenizer, texts, texts) if texts else []
    return ids


def _read(tokenizer: Any, asked: str | list[str], texts: list[str]) -> Any:
    try:
        return tokenizer(asked, add_special_tokens=False)["input_ids"]
    except Exception as error:  # tokenizers has no error class of its own
        raise _explain(tokenizer, texts, error) from error


def _explain(tokenizer: Any, texts: Sequence[str], error: Exception) -> ChatRefused:
    """Found by asking for characters one by one."""
    text = next((text for text in texts if any(_is_unknown(tokenizer, sign) for sign in set(text))), texts[0])
    unknown = ", ".join(repr(sign) for sign in dict.fromkeys(text) if _is_unknown(tokenizer, sign))
    words = f"has no token for {unknown}, in" if unknown else f"cannot read ({error})"
    return ChatRefused(
        f"the tokenizer {words} {text[:QUOTED]!r}",
        "leave out this text; for a tiny_llama, add its characters to model.alphabet",
    )


def _is_unknown(tokenizer: Any, sign: str) -> bool:
    try:
        tokenizer(sign, add_special_tokens=False)
    except Exception:  # as above
        return True
    return False
