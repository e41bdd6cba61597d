"""Numbers of a line with all that belongs to them: `3 and 5`, `10 - 7`, `> 5` and `5 or more` are one each.

What carries value and touches a number becomes part of its spelling, which `read.py` then reads as a whole or not at
all. So no part of `6 apples and 7 pears` or of `5 mod 3` can be taken for an answer. Called by `statement.py`.
"""

from __future__ import annotations

from tasks.answer.changes import FUNCTION_WORDS
from tasks.answer.extents import widen
from tasks.answer.locales import Conventions
from tasks.answer.statement_words import (
    ADJUNCT,
    JOINING,
    LABELS,
)
from tasks.answer.tokens import Quantity, Token

_MAX_THINGS = 3
_AROUND = ("currency", "open", "close", "tail", "mark")


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
        widen(line, tokens, quantity, before.last if before else -1, known)
    return found


def _is_joined(line: str, tokens: list[Token], before: Quantity, place: int, last: int, known: Conventions) -> bool:
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
        return len(core) == 1 and not any(token.kind in ("equals", "operator") for token in tokens[:place])
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
    return tokens[before.last].kind == "number" == tokens[last].kind and (
        after is None or after.kind in ("stop", "comma")
    )


def _are_joining(words: list[str], core: list[Token]) -> bool:
    """Whether the words between two numbers are a conjunction, with or without names of things before it."""
    if words == ["out", "of"]:
        return True
    if words[-1] in JOINING:
        things, is_sum = words[:-1], words[-1] in ("and", "or", "plus", "minus", "times", "to", "und", "et", "y", "o")
    else:
        things, is_sum = words, core[-1].kind in ("operator", "dash", "comma")
    return not things or (is_sum and len(things) <= _MAX_THINGS and not FUNCTION_WORDS.intersection(things))


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
