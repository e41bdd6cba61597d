"""What stands behind the letter of a choice, and what it says of it. Called by `choice_claims.py`."""

from __future__ import annotations

from tasks.answer.choice_before import is_asked_for
from tasks.answer.choice_letters import NOR
from tasks.answer.choice_tokens import Token
from tasks.answer.statement_words import words_of

_STATEMENTS = words_of("statement sentence claim assertion")
_RELATIVE = ("that", "which", "that is")
_LIMITING = words_of("worse less only another different last")
"""behind `right`: in something, and not in what is asked"""
_POPULAR = words_of(
    "often frequently commonly usually popular oft h\u00e4ufig meist souvent fr\u00e9quemment menudo suele spesso "
    "frequentemente muitas \u0447\u0430\u0441\u0442\u043e \u043e\u0431\u044b\u0447\u043d\u043e "
    "\u0432\u044b\u0431\u0438\u0440\u0430\u044e\u0442 cz\u0119sto"
)
"""what is said of a choice that others take"""
_STAYS = words_of("bleibt queda reste rimane resta sobra blijft")
_LIKELY = frozenset(("likely", "most likely", "more likely", "more probable", "probable"))
_SKIPPED_AFTER = words_of("can fill be modal it and colon option")


def said_behind(after: list[Token], mark: str = "") -> str:
    """What stands behind options: `take`, `deny`, `name` where they are a subject of something else, or nothing."""
    has_be = False
    if after and after[0].text in NOR:
        return ""
    for place, token in enumerate(after):
        if token.text in _STATEMENTS and has_be and after[place + 1 : place + 2] and after[place + 1].text in _RELATIVE:
            return "take"
        if token.role in ("not", "wrong", "no", "notbut"):
            rest = [one.role for one in after[place + 1 : place + 4]]
            if token.role == "wrong" and is_asked_for(after, place):
                return "take"
            return "name" if token.role == "not" and "wrong" in rest else "deny"
        if token.role == "right" and mark and place == 0 and len(after) == 1:
            return "take"
        if token.role in ("right", "answer"):
            if token.text > "\u0400" and any(one.role in ("not", "wrong", "notbut") for one in after[place:]):
                return "deny"
            if after[0].role == "can" or any(one.text.lower() in _LIMITING for one in after[place + 1 :]):
                return "name"
            is_said = has_be or token.text > "\u0400"
            return "take" if is_said else "name" if token.role == "right" else ""
        is_last = all(one.role in ("fill", "lead", "because") for one in after[place + 1 : place + 2])
        if (
            token.role in ("fits", "yes")
            or (token.text in _STAYS and is_last)
            or (token.role == "itis" and is_last)
            or token.text == "matches"
        ):
            return "take"
        if token.role in ("because", "but", "than", "or") or (token.role == "lead" and not has_be):
            return ""
        if token.role == "if":
            return "name"
        has_be = has_be or token.role in ("be", "modal", "colon", "itis")
        if token.role not in _SKIPPED_AFTER and token.role not in ("itis", "lead"):
            is_popular = any(one.text.lower() in _POPULAR for one in after[place : place + 3])
            return "name" if is_popular or any(one.role in ("be", "modal") for one in after[:place]) else ""
    return "take" if has_be and after[-1].text in _LIKELY else ""


def without_next(after: list[Token]) -> list[Token]:
    """What stands behind options, without what belongs to the next: `B and not A`, `B rather than C`."""
    for place, token in enumerate(after):
        if token.role in ("be", "modal"):
            return after
        if token.role in ("than", "but") or (token.role == "not" and place == len(after) - 1):
            return [one for one in after[:place] if one.role != "and"]
    return after
