"""What touches a quantity and changes it, so that it is no number: `> 5`, `not 5`, `5 mod 3`, `5 apples or more`.

Called by `statement.py` for the quantity that is stated. Each function says what it found, in words; the empty text:
nothing.
"""

from __future__ import annotations

from tasks.answer.number_words import FRACTION_WORDS
from tasks.answer.statement_words import (
    ADJUNCT,
    ANCHORS,
    BOUND_PAIRS,
    BOUNDS_OF,
    CHANGES_AFTER,
    CHANGES_BEFORE,
    CHANGES_JOINED,
    CHINESE_BOUNDS,
    CHINESE_LIMITS,
    COMPARISONS,
    DETERMINERS,
    FOREIGN_COMPARISONS,
    FUNCTIONS_OF,
    HEDGES,
    JOINING,
    MEASURES,
    NUMBER_WORDS,
    WEAK_ADJUNCT,
    words_of,
)
from tasks.answer.tokens import Quantity, Token

FUNCTION_WORDS = (
    ANCHORS | ADJUNCT | WEAK_ADJUNCT | DETERMINERS | words_of("that which who i you he she it we they this there")
)


def changed_by(line: str, tokens: list[Token], quantity: Quantity) -> str:
    """What belongs to a quantity and makes it no number."""
    return _changed_before(line, tokens, quantity.first - 1) or _changed_after(line, tokens, quantity)


def _changed_before(line: str, tokens: list[Token], place: int) -> str:
    """What stands before a quantity and changes it."""
    if place < 0:
        return ""
    token, before = tokens[place], tokens[place - 1] if place > 0 else None
    if token.kind in ("relation", "command"):
        return token.text
    if token.kind == "operator" and token.text not in "|&":
        return token.text if before is not None or token.text not in "*+" else ""
    if token.kind == "dash":
        if tokens[place + 1].kind == "dash" and tokens[place + 1].begin == token.end:
            return token.text
        is_operand = before is not None and (
            before.kind in ("close", "name", "number", "tail", "dash", "currency", "operator")
            or before.text in NUMBER_WORDS
            or (len(before.text) == 1 and before.kind == "word")
        )
        return token.text if is_operand else ""
    if token.kind == "close":
        return token.text if token.end == tokens[place + 1].begin else ""
    if token.kind == "open":
        is_call = before is not None and before.kind in ("word", "name", "command") and before.end == token.begin
        return f"{before.text}(" if before is not None and is_call else ""
    while (place > 0 and tokens[place].text in HEDGES) or tokens[place].text in ("be", "with"):
        place -= 1
        if place < 0:
            return ""
    return _changing_word(tokens, place)


def _changing_word(tokens: list[Token], place: int) -> str:
    word, ahead = tokens[place].text, tokens[place - 1].text if place > 0 else ""
    if word in CHANGES_BEFORE or word.endswith("n't") or (word > "\u2e80" and word.endswith(CHINESE_BOUNDS)):
        return word
    if word in ("de", "di", "que", "du", "da") and ahead in FOREIGN_COMPARISONS:
        return f"{ahead} {word}"
    if word in COMPARISONS and word not in ("more", "less", "fewer", "down", "up", "so"):
        return word
    if word == "of" and (ahead in FUNCTIONS_OF or ahead in FRACTION_WORDS or ahead in BOUNDS_OF):
        return f"{ahead} of"
    if (ahead, word) in BOUND_PAIRS or (word == "as" and ahead in MEASURES):
        return f"{ahead} {word}"
    if word == "to" and ahead == "equal" and place > 1 and tokens[place - 2].text == "or":
        return "or equal to"
    if word == "to" and ahead in ("up", "close", "next"):
        return f"{ahead} to" if place < 2 or not tokens[place - 2].text.startswith("round") else ""
    return f"{ahead} {word}" if word in JOINING and ahead in NUMBER_WORDS and word not in ("by", "of") else ""


def _changed_after(line: str, tokens: list[Token], quantity: Quantity) -> str:
    """What stands behind a quantity and changes it."""
    if quantity.last + 1 >= len(tokens):
        return ""
    token = tokens[quantity.last + 1]
    after = tokens[quantity.last + 2] if quantity.last + 2 < len(tokens) else None
    is_tight = token.begin == quantity.end
    if token.kind in ("relation", "command"):
        return token.text if after is not None or token.kind == "command" else ""
    if token.kind == "operator":
        is_markup = token.text in "*_" and line[token.end : token.end + 1] in ("", " ")
        if token.text in "|&" or is_markup:
            return ""
        is_free = token.text == "/" and (after is None or len(after.text) > 1 or after.kind == "dash")
        return "" if is_free else token.text
    if token.kind == "dash":
        is_variable = after is not None and after.kind == "word" and len(after.text) == 1 and after.text != "a"
        return token.text if is_variable else ""
    if token.kind == "stop":
        return token.text if len(token.text) > 2 and "." in line[quantity.begin : quantity.end] else ""
    if token.kind == "name":
        return token.text
    if is_tight and (token.kind == "open" or (token.kind == "word" and _is_variable(token, line))):
        return token.text
    if token.text == "quarters" and line[quantity.begin : quantity.end] in ("1", "2", "3"):
        return token.text
    return _changing_words(tokens[quantity.last + 1 : quantity.last + 6], line)


def _is_variable(token: Token, line: str) -> bool:
    text = line[token.begin : token.end]
    return (text.isascii() or "\u0391" <= text[0] <= "\u03c9") and not (len(text) > 2 and text.islower())


def _changing_words(tokens: list[Token], line: str) -> str:
    """`5 squared`, `5 apples or more`, `5 or six`."""
    for place, token in enumerate(tokens):
        if token.kind != "word":
            return ""
        following = tokens[place + 1].text if place + 1 < len(tokens) else ""
        if place == 0 and token.text.startswith(CHINESE_LIMITS):
            return token.text
        if place == 0 and (
            token.text in CHANGES_AFTER
            or (
                (len(token.text) == 1 and _is_variable(token, line))
                and token.text != "a"
                and line[token.end : token.end + 1] != "&"
            )
        ):
            return token.text
        after = tokens[place + 2] if place + 2 < len(tokens) else None
        if (
            token.text in COMPARISONS
            and following == "than"
            and after is not None
            and after.kind in ("number", "currency")
        ):
            return f"{token.text} than"
        later = tokens[place + 2].text if following == "the" and place + 2 < len(tokens) else following
        if token.text == "at" and later in ("most", "least", "minimum", "maximum"):
            return f"at {later}"
        if token.text in ("or", "and", "to") and (following in CHANGES_JOINED or following in NUMBER_WORDS):
            return f"{token.text} {following}"
        if token.text in FUNCTION_WORDS:
            return ""
    return ""
