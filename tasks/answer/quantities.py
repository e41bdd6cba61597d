"""Numbers of a line with all that belongs to them: `3 and 5`, `10 - 7`, `5 ft 3 in`, `> 5` and `5 or more` are one each.

What carries value and touches a number becomes part of its spelling, which `read.py` then reads as a whole or not at
all. So no part of `6 apples and 7 pears` or of `5 mod 3` can be taken for an answer. Called by `statement.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.answer import units
from tasks.answer.locales import Conventions
from tasks.answer.multipliers import MULTIPLIERS
from tasks.answer.number_words import FRACTION_WORDS
from tasks.answer.statement_words import (
    ADJUNCT,
    ANCHORS,
    CHANGES_AFTER,
    CHANGES_BEFORE,
    CHINESE_BOUNDS,
    CHINESE_LIMITS,
    COMPARISONS,
    DETERMINERS,
    FOREIGN_COMPARISONS,
    FUNCTIONS_OF,
    HEDGES,
    JOINING,
    LABELS,
    NUMBER_WORDS,
    SIGNED_AFTER,
    WEAK_ADJUNCT,
)
from tasks.answer.tokens import Token, tail_end

_MAX_THINGS = 3
_FUNCTION_WORDS = ANCHORS | ADJUNCT | WEAK_ADJUNCT | DETERMINERS | frozenset("that which who i you he she it we they this there".split())
_AROUND = ("currency", "open", "close", "tail", "mark")


@dataclass(slots=True)
class Quantity:
    """One spelling with a number.

    Attributes:
        first, last: its tokens.
        begin, end: where it stands on the line.
        changed: what belongs to it and makes it no number; empty where nothing does.
    """

    first: int
    last: int
    begin: int
    end: int
    changed: str = ""


def find_quantities(line: str, tokens: list[Token], known: Conventions) -> list[Quantity]:
    """All quantities of a line, in order."""
    numbers = [place for place, token in enumerate(tokens) if token.kind == "number"]
    found: list[Quantity] = []
    for place in numbers:
        last = place + 1 if place + 1 < len(tokens) and tokens[place + 1].kind == "tail" else place
        if found and place <= found[-1].last:
            continue
        if found and _is_joined(line, tokens, found[-1], place, last, known):
            found[-1].last = last
        else:
            found.append(Quantity(place, last, 0, 0))
    for before, quantity in zip([None, *found], found, strict=False):
        _widen(line, tokens, quantity, before.last if before else -1, known)
    return found


def _is_joined(
    line: str, tokens: list[Token], before: Quantity, place: int, last: int, known: Conventions
) -> bool:
    """Whether a number belongs to the quantity before it."""
    gap = tokens[before.last + 1 : place]
    if len(gap) > 8:
        return False
    core = [token for token in gap if token.kind not in _AROUND]
    kinds = {token.kind for token in core}
    if not core:
        is_remark = any(token.kind == "open" and line[token.begin - 1] == " " for token in gap)
        return not is_remark and not _is_apart(tokens, before)
    if kinds & {"name", "rule"} or "equals" in kinds:
        return "equals" in kinds and _is_list_of_names(tokens, before, core)
    if kinds & {"relation", "command"}:
        return True
    is_tight = " " not in line[tokens[before.last].end : tokens[place].begin]
    if "stop" in kinds or "colon" in kinds:
        is_tight = is_tight and all(token.kind in ("stop", "colon", "tail") for token in gap)
        return is_tight and not _is_labelled(line, tokens, before, place)
    if "semicolon" in kinds:
        return len(core) == 1 and not any(token.kind == "equals" for token in tokens[:place])
    words = [token.text for token in core if token.kind == "word" and token.text not in ("a", "an", "the")]
    if words[:1] and words[0].rstrip(".") in known.months and len(words) == 1:
        return True
    if words == ["in"]:
        return _is_share(tokens, before, last)
    if not words:
        return kinds != {"comma"} or is_tight or _is_listed(tokens, before, last, known)
    if _is_equation(tokens, before, last):
        return False
    return _are_joining(words, core)


def _is_labelled(line: str, tokens: list[Token], before: Quantity, place: int) -> bool:
    """`Week 3:210 pages` is no ratio."""
    ahead = tokens[before.first - 1] if before.first > 0 else None
    is_name = ahead is not None and ahead.kind == "word" and (ahead.text in LABELS or line[ahead.begin].isupper())
    return is_name and len(tokens[place].text) != 2


def _is_share(tokens: list[Token], before: Quantity, last: int) -> bool:
    """`1 in 4`, where nothing follows that is counted or measured."""
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    return tokens[before.last].kind == "number" == tokens[last].kind and (after is None or after.kind in ("stop", "comma"))


def _are_joining(words: list[str], core: list[Token]) -> bool:
    """Whether the words between two numbers are a conjunction, with or without names of things before it."""
    if words[-1] in JOINING or words == ["out", "of"]:
        things, is_sum = words[:-1], words[-1] in ("and", "or", "plus", "minus", "times", "to", "und", "et", "y", "o")
    else:
        things, is_sum = words, core[-1].kind in ("operator", "dash", "comma")
    return not things or (is_sum and len(things) <= _MAX_THINGS and not _FUNCTION_WORDS.intersection(things))


def _is_apart(tokens: list[Token], before: Quantity) -> bool:
    """Whether a number is an adjunct or a label, so that the one behind it is another: `In 2020 300 people came`."""
    word = tokens[before.first - 1].text if before.first > 0 else ""
    return word in ADJUNCT or word in LABELS


def _is_list_of_names(tokens: list[Token], before: Quantity, core: list[Token]) -> bool:
    """`x = 3 or x = 5`."""
    place = before.first - 1
    while place > 0 and tokens[place].kind in ("dash", "currency", "open"):
        place -= 1
    is_named = place > 0 and tokens[place].kind == "equals" and len(tokens[place - 1].text) == 1
    lead = [token for token in core if token.kind != "dash"]
    begins, rest = lead[:-2], lead[-2:]
    are_joined = all(token.kind == "comma" or token.text in JOINING for token in begins) and begins != []
    return is_named and are_joined and [token.kind for token in rest] == ["word", "equals"] and len(rest[0].text) == 1


def _is_equation(tokens: list[Token], before: Quantity, last: int) -> bool:
    """Whether a number begins a new equation, after one that was worked out."""
    if not any(token.kind == "equals" for token in tokens[: before.first]):
        return False
    for token in tokens[last + 1 :]:
        if token.kind == "equals":
            return True
        if token.kind not in ("number", "operator", "dash", "tail", "currency", "open", "close"):
            return False
    return False


def _is_listed(tokens: list[Token], before: Quantity, last: int, known: Conventions) -> bool:
    """Whether numbers with a comma between them are a list, or a day and its year."""
    ahead = tokens[before.first - 1] if before.first > 0 else None
    if ahead is not None and ahead.text.rstrip(".") in known.months:
        return True
    if ahead is not None and (ahead.text in ADJUNCT or ahead.text in LABELS or ahead.kind == "equals"):
        return False
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    return after is None or after.kind in ("stop", "close", "mark", "comma") or after.text in ("and", "or")


def _widen(line: str, tokens: list[Token], quantity: Quantity, floor: int, known: Conventions) -> None:
    """The quantity with its sign, currency, brackets and month, and with what changes it."""
    quantity.begin, quantity.end = tokens[quantity.first].begin, tokens[quantity.last].end
    _take_month(line, tokens, quantity, known)
    for _ in range(3):
        place = quantity.first - 1
        if place <= floor or not _takes_before(line, tokens, place, quantity):
            break
        quantity.first, quantity.begin = place, tokens[place].begin
    while line[quantity.begin : quantity.end].count("(") > line[quantity.begin : quantity.end].count(")"):
        if quantity.last + 1 == len(tokens) or tokens[quantity.last + 1].text != ")":
            break
        quantity.last += 1
        end = tail_end(line, tokens[quantity.last].end)
        while quantity.last + 1 < len(tokens) and tokens[quantity.last + 1].begin < end:
            quantity.last += 1
        quantity.end = max(end, tokens[quantity.last].end)
    quantity.changed = _changed_before(line, tokens, quantity.first - 1) or _changed_after(line, tokens, quantity)


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
        return before.end < token.begin or before.kind in ("equals", "open", "colon", "currency", "comma", "relation")
    return gap == 1 and (before.kind in ("equals", "colon") or (before.text in SIGNED_AFTER and before.end < token.begin))


def _goes_on(tokens: list[Token], quantity: Quantity) -> bool:
    """Whether an operator follows the bracket that closes behind a quantity."""
    after = tokens[quantity.last + 2] if quantity.last + 2 < len(tokens) else None
    return after is not None and after.kind == "operator"


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
            or len(before.text) == 1 and before.kind == "word"
        )
        return token.text if is_operand else ""
    if token.kind == "open":
        is_call = before is not None and before.kind in ("word", "name", "command") and before.end == token.begin
        return f"{before.text}(" if before is not None and is_call else ""
    while place > 0 and tokens[place].text in HEDGES or tokens[place].text in ("be", "with"):
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
    if word == "of" and (ahead in FUNCTIONS_OF or ahead in FRACTION_WORDS):
        return f"{ahead} of"
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
        if place == 0 and (token.text in CHANGES_AFTER or (len(token.text) == 1 and _is_variable(token, line))
                           and token.text != "a" and line[token.end : token.end + 1] != "&"):
            return token.text
        after = tokens[place + 2] if place + 2 < len(tokens) else None
        if token.text in COMPARISONS and following == "than" and after is not None and after.kind in ("number", "currency"):
            return f"{token.text} than"
        if token.text in ("or", "and", "to") and (following in COMPARISONS or following in NUMBER_WORDS):
            return f"{token.text} {following}"
        if token.text in _FUNCTION_WORDS:
            return ""
    return ""
