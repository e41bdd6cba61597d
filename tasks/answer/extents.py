"""Where a quantity begins and ends on its line: with its sign, currency, brackets and month.

Called by `quantities.py`.
"""

from __future__ import annotations

from tasks.answer.locales import Conventions
from tasks.answer.statement_words import SIGNED_AFTER
from tasks.answer.tokens import Quantity, Token, tail_end

_BEFORE = ("currency", "open", "dash", "operator")


def widen(line: str, tokens: list[Token], quantity: Quantity, floor: int, known: Conventions) -> None:
    """The quantity with its sign, currency, brackets and month. Nothing before the token `floor` is part of it."""
    quantity.begin, quantity.end = tokens[quantity.first].begin, tokens[quantity.last].end
    _take_month(line, tokens, quantity, known)
    for _ in range(3):
        place = quantity.first - 1
        if place <= floor or tokens[place].kind not in _BEFORE or not _takes_before(line, tokens, place, quantity):
            break
        quantity.first, quantity.begin = place, tokens[place].begin
    if "(" in line:
        _close(line, tokens, quantity)


def _close(line: str, tokens: list[Token], quantity: Quantity) -> None:
    """With the brackets behind it that close those that open in it."""
    while line.count("(", quantity.begin, quantity.end) > line.count(")", quantity.begin, quantity.end):
        if quantity.last + 1 == len(tokens) or tokens[quantity.last + 1].text != ")":
            break
        quantity.last += 1
        end = tail_end(line, tokens[quantity.last].end)
        while quantity.last + 1 < len(tokens) and tokens[quantity.last + 1].begin < end:
            quantity.last += 1
        quantity.end = max(end, tokens[quantity.last].end)


def _take_month(line: str, tokens: list[Token], quantity: Quantity, known: Conventions) -> None:
    place = quantity.first - 1
    if place > 0 and tokens[place].text == "the":
        place -= 1
    if place > 0 and tokens[place].text == ".":
        place -= 1
    token = tokens[place] if place >= 0 else None
    if token is not None and token.kind == "word" and token.text in known.months and line[token.begin].isupper():
        quantity.first, quantity.begin = place, token.begin
    after = tokens[quantity.last + 1] if quantity.last + 1 < len(tokens) else None
    if after is not None and after.kind == "word" and after.text in known.months and line[after.begin].isupper():
        quantity.last, quantity.end = quantity.last + 1, after.end


def _takes_before(line: str, tokens: list[Token], place: int, quantity: Quantity) -> bool:
    """Whether the token before a quantity is its sign, its currency or a bracket that it closes."""
    token, gap = tokens[place], quantity.begin - tokens[place].end
    if token.kind == "currency":
        return gap <= 1
    if token.text == "(":
        span = line[quantity.begin : quantity.end]
        closes = span.count(")") > span.count("(") or line.startswith(")", quantity.end)
        before = tokens[place - 1] if place > 0 else None
        is_call = before is not None and before.kind in ("word", "name") and before.end == token.begin
        is_remark = before is not None and before.kind in ("word", "number", "tail") and not _goes_on(tokens, quantity)
        return gap == 0 and closes and not is_call and (not is_remark or span.count(")") > span.count("("))
    if token.kind != "dash" and token.text != "+":
        return False
    before = tokens[place - 1] if place > 0 else None
    if before is None:
        return gap == 0
    if gap == 0:
        if before.kind == "semicolon" and token.kind != "dash":
            return False
        return before.end < token.begin or before.kind in (
            "equals",
            "open",
            "colon",
            "currency",
            "comma",
            "relation",
            "semicolon",
        )
    return gap == 1 and (
        before.kind in ("equals", "colon") or (before.text in SIGNED_AFTER and before.end < token.begin)
    )


def _goes_on(tokens: list[Token], quantity: Quantity) -> bool:
    """Whether an operator follows the bracket that closes behind a quantity."""
    after = tokens[quantity.last + 2] if quantity.last + 2 < len(tokens) else None
    return after is not None and after.kind == "operator"
